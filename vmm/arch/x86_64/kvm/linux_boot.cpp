// SPDX-License-Identifier: Apache-2.0
// 64-bit entry (Linux Documentation/arch/x86/boot.rst, "64-bit boot protocol").
#include "vmm/linux_boot.h"

#include <cstring>
#include <span>

#include "base/check.h"
#include "vmm/arch/x86_64/boot_layout.h"
#include "vmm/arch/x86_64/flags.h"
#include "vmm/arch/x86_64/long_mode.h"
#include "vmm/arch/x86_64/mp_table.h"

namespace remapstorm {
namespace {

// The boot structures lie below 1 MiB, and RAM is never smaller than 2 MiB.
template <typename T>
void put(GuestMemory& memory, std::uint64_t address, const std::vector<T>& values) {
  RS_CHECK(memory.write(Gpa(address), std::as_bytes(std::span(values))), "boot structures lie in RAM");
}

Status load_kernel(GuestMemory& memory, const KernelImage& kernel) {
  std::vector<x86_64::Placement> segments;
  for (const KernelSegment& segment : kernel.segments()) {
    segments.push_back({"segment " + std::to_string(segments.size()), segment.physical.value, segment.memory_bytes});
  }
  RS_TRY(x86_64::check_kernel_placement(kernel.path(), segments, memory.ram_bytes()));
  for (const KernelSegment& segment : kernel.segments()) {
    // The rest of the segment is zero because the memory is new.
    RS_CHECK(memory.write(segment.physical, kernel.bytes(segment)), "the segment was checked against RAM");
  }
  return {};
}

Status load_initramfs(GuestMemory& memory, const LinuxBoot& boot, LinuxLayout& layout) {
  Mapping file;
  std::span<const std::byte> bytes = boot.initramfs;
  if (bytes.empty()) {
    RS_ASSIGN(file, Mapping::read_only_file(boot.initramfs_path));
    bytes = file.bytes();
  }
  RS_ASSIGN(const std::uint64_t start,
            x86_64::place_initramfs(boot.initramfs_path, bytes.size(), layout.kernel_end.value, memory.ram_bytes()));
  RS_CHECK(memory.write(Gpa(start), bytes), "the initramfs was placed in RAM");
  layout.initramfs = Gpa(start);
  layout.initramfs_bytes = bytes.size();
  return {};
}

}  // namespace

Result<LinuxLayout> load_linux(Vm& vm, const KernelImage& kernel, const LinuxBoot& boot) {
  GuestMemory& memory = vm.memory();
  if (boot.command_line.size() >= x86_64::kCommandLineMax) {
    return usage_error("the kernel command line has " + std::to_string(boot.command_line.size()) + " characters, " +
                       std::to_string(x86_64::kCommandLineMax - 1) + " are possible");
  }
  if (boot.command_line.find('\0') != std::string::npos) return usage_error("the kernel command line contains a NUL");
  LinuxLayout layout;
  layout.entry = kernel.entry();
  layout.kernel_start = kernel.lowest();
  layout.kernel_end = kernel.end();
  RS_TRY(load_kernel(memory, kernel));
  if (!boot.initramfs_path.empty()) RS_TRY(load_initramfs(memory, boot, layout));

  x86_64::BootParams params;
  params.ram_bytes = memory.ram_bytes();
  params.initramfs = layout.initramfs.value;
  params.initramfs_bytes = layout.initramfs_bytes;
  std::vector<char> command_line(boot.command_line.begin(), boot.command_line.end());
  command_line.push_back('\0');
  put(memory, x86_64::kBootParamsAddress, x86_64::make_boot_params(params));
  put(memory, x86_64::kCommandLineAddress, command_line);
  put(memory, x86_64::kMpTableAddress,
      x86_64::make_mp_table(vm.vcpu_count(), static_cast<std::uint32_t>(x86_64::kMpTableAddress)));

  RS_TRY(x86_64::enter_long_mode(vm.vcpu(0), memory));
  x86_64::Registers registers;
  registers.rip = layout.entry.value;
  registers.rsi = x86_64::kBootParamsAddress;
  registers.rsp = x86_64::kBootStackTop;
  registers.rflags = x86_64::kFlagFixed;
  RS_TRY(vm.vcpu(0).set_registers(registers));
  return layout;
}

}  // namespace remapstorm
