// SPDX-License-Identifier: Apache-2.0
// Loading a Linux kernel and pointing the boot vCPU at it. x86: 64-bit entry of Documentation/arch/x86/boot.rst; arm64:
// Documentation/arch/arm64/booting.rst.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/address.h"
#include "base/result.h"
#include "vmm/described_device.h"
#include "vmm/kernel_image.h"
#include "vmm/memory.h"
#include "vmm/vm.h"

namespace remapstorm {

struct LinuxBoot {
  std::string command_line;
  std::string initramfs_path;              // empty: none
  std::span<const std::byte> initramfs{};  // its bytes, of who has read it already; else the file is read
  std::vector<DescribedDevice> devices{};  // in addition to the platform's; ignored where nothing is described (x86)
};

// Where things were put; for reports.
struct LinuxLayout {
  Gpa entry;
  Gpa kernel_start;
  Gpa kernel_end;
  Gpa initramfs;
  std::uint64_t initramfs_bytes = 0;
};

// Writes kernel, initramfs, command line and every boot structure into the memory of `vm` and sets the registers of
// vCPU 0; the others wait to be started by the guest. Call once, before any vCPU runs.
// Errors: usage, naming the file, for a kernel or initramfs that does not fit or overlaps the boot structures, or a
// command line that is too long; host for failing ioctls.
Result<LinuxLayout> load_linux(Vm& vm, const KernelImage& kernel, const LinuxBoot& boot);

}  // namespace remapstorm
