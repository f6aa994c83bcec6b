// SPDX-License-Identifier: Apache-2.0
#include "vmm/arch/x86_64/boot_layout.h"

#include <cstring>

#include "base/address.h"
#include "base/hex.h"
#include "vmm/arch/x86_64/paging.h"

namespace remapstorm::x86_64 {
namespace {

// Offsets in struct boot_params.
constexpr std::size_t kE820Count = 0x1e8;
constexpr std::size_t kBootFlag = 0x1fe;
constexpr std::size_t kHeaderMagic = 0x202;
constexpr std::size_t kVersion = 0x206;
constexpr std::size_t kLoaderType = 0x210;
constexpr std::size_t kLoadFlags = 0x211;
constexpr std::size_t kRamdiskImage = 0x218;
constexpr std::size_t kRamdiskSize = 0x21c;
constexpr std::size_t kCommandLinePointer = 0x228;
constexpr std::size_t kKernelAlignment = 0x230;
constexpr std::size_t kCommandLineSize = 0x238;
constexpr std::size_t kE820Table = 0x2d0;

template <typename T>
void put(std::vector<std::uint8_t>& page, std::size_t offset, T value) {
  std::memcpy(page.data() + offset, &value, sizeof(value));
}

std::string mib(std::uint64_t bytes) { return std::to_string((bytes + (1 << 20) - 1) >> 20) + " MiB"; }

}  // namespace

Status check_kernel_placement(const std::string& path, std::span<const Placement> segments, std::uint64_t ram_bytes) {
  for (const Placement& segment : segments) {
    const auto end = end_of(segment.start, segment.size);
    if (segment.start < kHighMemoryStart) {
      return usage_error(path + ": " + segment.what + " at " + hex(segment.start) +
                         " overlaps the boot structures below 1 MiB");
    }
    if (!end || *end > ram_bytes) {
      return usage_error(path + " is larger than guest memory: " + segment.what + " at " + hex(segment.start) +
                             " needs " + mib(segment.size) + ", memory ends at " + mib(ram_bytes),
                         "give the guest more memory");
    }
  }
  return {};
}

Result<std::uint64_t> place_initramfs(const std::string& path, std::uint64_t bytes, std::uint64_t kernel_end,
                                      std::uint64_t ram_bytes) {
  // The kernel allocates right behind itself before it has read the memory map.
  constexpr std::uint64_t kBehindKernel = 1 << 20;
  const std::uint64_t rounded = (bytes + 4095) & ~std::uint64_t{4095};
  const auto lowest = end_of(kernel_end, kBehindKernel);
  if (rounded < bytes || !lowest || *lowest > ram_bytes || rounded > ram_bytes - *lowest) {
    return usage_error(path + " (" + mib(bytes) + ") does not fit into guest memory of " + mib(ram_bytes) +
                           " behind a kernel that ends at " + hex(kernel_end),
                       "give the guest more memory");
  }
  return (ram_bytes - rounded) & ~std::uint64_t{4095};
}

std::vector<std::uint8_t> make_boot_params(const BootParams& params) {
  std::vector<std::uint8_t> page(4096, 0);
  put<std::uint16_t>(page, kBootFlag, 0xaa55);
  put<std::uint32_t>(page, kHeaderMagic, 0x53726448);  // "HdrS"
  put<std::uint16_t>(page, kVersion, 0x020c);
  put<std::uint8_t>(page, kLoaderType, 0xff);  // no registered loader
  put<std::uint8_t>(page, kLoadFlags, 1);      // LOADED_HIGH
  put<std::uint32_t>(page, kRamdiskImage, static_cast<std::uint32_t>(params.initramfs));
  put<std::uint32_t>(page, kRamdiskSize, static_cast<std::uint32_t>(params.initramfs_bytes));
  put<std::uint32_t>(page, kCommandLinePointer, static_cast<std::uint32_t>(params.command_line));
  put<std::uint32_t>(page, kKernelAlignment, 0x01000000);
  put<std::uint32_t>(page, kCommandLineSize, static_cast<std::uint32_t>(kCommandLineMax - 1));

  constexpr std::uint32_t kRam = 1;
  constexpr std::uint32_t kReserved = 2;
  std::uint8_t count = 0;
  const auto add = [&](std::uint64_t start, std::uint64_t end, std::uint32_t type) {
    const std::size_t at = kE820Table + std::size_t{20} * count++;
    put(page, at, start);
    put(page, at + 8, end - start);
    put(page, at + 16, type);
  };
  add(0, kLowMemoryEnd, kRam);
  add(kLowMemoryEnd, kHighMemoryStart, kReserved);
  add(kHighMemoryStart, params.ram_bytes, kRam);
  put(page, kE820Count, count);
  return page;
}

std::vector<std::uint64_t> make_identity_tables(std::uint64_t address, Privilege mode) {
  constexpr std::size_t kEntries = 512;
  constexpr std::size_t kDirectories = 4;
  const std::uint64_t table = kPtePresent | kPteWritable | (mode == Privilege::user ? kPteUser : 0);
  std::vector<std::uint64_t> words(kEntries * (2 + kDirectories), 0);
  words[0] = (address + 4096) | table;
  for (std::size_t d = 0; d < kDirectories; ++d) {
    words[kEntries + d] = (address + 4096 * (2 + d)) | table;
    for (std::size_t i = 0; i < kEntries; ++i) {
      words[kEntries * (2 + d) + i] = (((d * kEntries) + i) << 21) | table | kPteLarge;
    }
  }
  return words;
}

std::vector<std::uint64_t> make_boot_gdt() {
  std::vector<std::uint64_t> gdt(kUserCodeSelector / 8 + 1, 0);
  gdt[kCodeSelector / 8] = gdt_entry(flat_code(kCodeSelector, 0));
  gdt[kDataSelector / 8] = gdt_entry(flat_data(kDataSelector, 0));
  gdt[kTaskSelector / 8] = gdt_entry(task_state(kTaskSelector, 0));
  gdt[kUserDataSelector / 8] = gdt_entry(flat_data(kUserDataSelector, 3));
  gdt[kUserCodeSelector / 8] = gdt_entry(flat_code(kUserCodeSelector, 3));
  return gdt;
}

}  // namespace remapstorm::x86_64
