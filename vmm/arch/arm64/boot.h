// SPDX-License-Identifier: Apache-2.0
// Booting Linux on arm64 (Linux Documentation/arch/arm64/booting.rst): the Image header, and where things lie.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "base/address.h"
#include "base/result.h"
#include "vmm/arch/arm64/registers.h"

namespace remapstorm::arm64 {

// Guest-physical map. The mailbox and doorbell addresses are the ABI's.
inline constexpr std::uint64_t kRamBase = 0x40000000;
inline constexpr std::uint64_t kRamLimit = 0xc0000000;
inline constexpr std::uint64_t kSerialBase = 0xe0000000;
inline constexpr std::uint64_t kDistributorBase = 0xe1000000;
inline constexpr std::uint64_t kRedistributorBase = 0xe1100000;
inline constexpr unsigned kSerialSpi = 1;

inline constexpr std::size_t kImageHeaderBytes = 64;
inline constexpr std::uint64_t kImageAlignment = 2 << 20;
inline constexpr std::uint64_t kMaxDeviceTreeBytes = 2 << 20;

struct ImageHeader {
  std::uint64_t text_offset = 0;
  std::uint64_t image_bytes = 0;  // in memory, with BSS
  bool big_endian = false;
  unsigned page_size = 0;  // 0: unspecified, else 4096, 16384, 65536
  bool anywhere = false;   // the 2 MiB base need not be near the start of RAM
};

bool is_image(std::span<const std::byte> file);

// Errors: usage, naming the file: truncated, not an arm64 Image, older than 3.17, big-endian.
Result<ImageHeader> parse_image_header(const std::string& path, std::span<const std::byte> file);

// Of an Image that is an EFI program, too (all that distributions ship): its sections (UEFI's PE/COFF headers) lie in
// the file. Nothing else in an Image says how long it is. Error: usage, naming the file.
Status check_image_is_whole(const std::string& path, std::span<const std::byte> file);

struct ImageLayout {
  Gpa kernel;
  Gpa kernel_end;
  Gpa device_tree;
  Gpa initramfs;  // meaningless without one
};

// Kernel at the first 2 MiB boundary of RAM plus its offset; device tree and initramfs high in RAM. Errors: usage.
Result<ImageLayout> place_image(const std::string& path, const ImageHeader& header, std::uint64_t device_tree_bytes,
                                std::uint64_t initramfs_bytes, std::uint64_t ram_bytes);

// State of the boot vCPU: x0 the device tree, x1 to x3 zero, EL1 with everything masked, MMU off.
Registers boot_registers(const ImageLayout& layout);

}  // namespace remapstorm::arm64
