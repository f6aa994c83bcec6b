// SPDX-License-Identifier: Apache-2.0
// Where boot structures lie in low memory, and the pure part of placing a kernel and its initramfs.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace remapstorm::x86_64 {

inline constexpr std::uint64_t kGdtAddress = 0x500;
inline constexpr std::uint64_t kBootParamsAddress = 0x7000;
inline constexpr std::uint64_t kBootStackTop = 0x7000;       // grows down below the boot parameters
inline constexpr std::uint64_t kPageTablesAddress = 0x9000;  // PML4, PDPT, four page directories
inline constexpr std::uint64_t kPageTablesBytes = std::uint64_t{6} * 4096;
inline constexpr std::uint64_t kCommandLineAddress = 0x20000;
inline constexpr std::size_t kCommandLineMax = 2048;     // with its NUL: COMMAND_LINE_SIZE of x86 Linux
inline constexpr std::uint64_t kLowMemoryEnd = 0x9fc00;  // 639 KiB: the MP table follows, where Linux looks for it
inline constexpr std::uint64_t kMpTableAddress = kLowMemoryEnd;
inline constexpr std::uint64_t kHighMemoryStart = 0x100000;

inline constexpr std::uint16_t kCodeSelector = 0x10;  // __BOOT_CS
inline constexpr std::uint16_t kDataSelector = 0x18;  // __BOOT_DS
inline constexpr std::uint16_t kTaskSelector = 0x20;  // two slots
inline constexpr std::uint16_t kUserDataSelector = 0x30;
inline constexpr std::uint16_t kUserCodeSelector = 0x38;

struct Placement {
  std::string what;  // for messages
  std::uint64_t start = 0;
  std::uint64_t size = 0;
};

// Every kernel segment must lie in [1 MiB, ram_bytes). Errors: usage, naming the file.
Status check_kernel_placement(const std::string& path, std::span<const Placement> segments, std::uint64_t ram_bytes);
// Page-aligned, as high in RAM as it goes, above the kernel. Errors: usage, naming the file.
Result<std::uint64_t> place_initramfs(const std::string& path, std::uint64_t bytes, std::uint64_t kernel_end,
                                      std::uint64_t ram_bytes);

struct BootParams {
  std::uint64_t ram_bytes = 0;
  std::uint64_t command_line = kCommandLineAddress;
  std::uint64_t initramfs = 0;
  std::uint64_t initramfs_bytes = 0;
};

// struct boot_params: 4096 bytes (Linux Documentation/arch/x86/boot.rst, zero-page.rst).
std::vector<std::uint8_t> make_boot_params(const BootParams& params);

enum class Privilege : std::uint8_t { kernel = 0, user = 3 };
// Identity map of the first 4 GiB in 2 MiB pages, to lie at `address`, open to that mode and above.
std::vector<std::uint64_t> make_identity_tables(std::uint64_t address, Privilege mode = Privilege::kernel);

// The descriptors of the selectors above, to lie at kGdtAddress.
std::vector<std::uint64_t> make_boot_gdt();

}  // namespace remapstorm::x86_64
