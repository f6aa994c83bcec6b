// SPDX-License-Identifier: Apache-2.0
#include "vmm/arch/arm64/boot.h"

#include <cstring>

namespace remapstorm::arm64 {
namespace {

constexpr std::size_t kTextOffset = 8;
constexpr std::size_t kImageSize = 16;
constexpr std::size_t kFlags = 24;
constexpr std::size_t kMagic = 56;
constexpr std::uint32_t kMagicValue = 0x644d5241;  // "ARM\x64"

// Microsoft PE format: the file's header, the COFF header behind its signature, a section's header.
constexpr std::uint16_t kEfiProgram = 0x5a4d;  // "MZ"
constexpr std::size_t kPeOffset = 0x3c;
constexpr std::uint32_t kPeMagic = 0x4550;  // "PE\0\0"
constexpr std::size_t kPeHeaderBytes = 24;
constexpr std::size_t kPeSections = 6;
constexpr std::size_t kPeOptionalBytes = 20;
constexpr std::size_t kPeSectionBytes = 40;
constexpr std::size_t kSectionBytes = 16;  // SizeOfRawData
constexpr std::size_t kSectionAt = 20;     // PointerToRawData

template <typename T>
T get(std::span<const std::byte> file, std::size_t offset) {
  T value;
  std::memcpy(&value, file.data() + offset, sizeof(value));
  return value;
}

std::uint64_t align_down(std::uint64_t value, std::uint64_t unit) { return value & ~(unit - 1); }

}  // namespace

bool is_image(std::span<const std::byte> file) {
  return file.size() >= kImageHeaderBytes && get<std::uint32_t>(file, kMagic) == kMagicValue;
}

Result<ImageHeader> parse_image_header(const std::string& path, std::span<const std::byte> file) {
  if (file.size() < kImageHeaderBytes) return usage_error(path + ": truncated: it has no whole arm64 Image header");
  if (!is_image(file)) return usage_error(path + " is not an arm64 Image");
  ImageHeader header;
  header.text_offset = get<std::uint64_t>(file, kTextOffset);
  header.image_bytes = get<std::uint64_t>(file, kImageSize);
  const auto flags = get<std::uint64_t>(file, kFlags);
  if (header.image_bytes == 0) return usage_error(path + ": a kernel older than 3.17 does not tell its size");
  if (header.image_bytes < file.size()) return usage_error(path + ": its header gives less than the file's size");
  header.big_endian = (flags & 1) != 0;
  if (header.big_endian) return usage_error(path + " is a big-endian kernel");
  constexpr unsigned kPageSizes[] = {0, 4096, 16384, 65536};
  header.page_size = kPageSizes[flags >> 1 & 3];
  header.anywhere = (flags >> 3 & 1) != 0;
  return header;
}

Status check_image_is_whole(const std::string& path, std::span<const std::byte> file) {
  const auto there = [&](std::uint64_t offset, std::uint64_t bytes) {
    return offset <= file.size() && file.size() - offset >= bytes;
  };
  const Error cut = usage_error(path + ": truncated: its headers name bytes beyond the end of the file");
  if (file.size() < kImageHeaderBytes || get<std::uint16_t>(file, 0) != kEfiProgram) return {};
  const auto pe = get<std::uint32_t>(file, kPeOffset);
  if (!there(pe, kPeHeaderBytes)) return cut;
  if (get<std::uint32_t>(file, pe) != kPeMagic) return {};
  const std::uint64_t sections = pe + kPeHeaderBytes + get<std::uint16_t>(file, pe + kPeOptionalBytes);
  for (unsigned i = 0; i < get<std::uint16_t>(file, pe + kPeSections); ++i) {
    const std::uint64_t section = sections + std::uint64_t{i} * kPeSectionBytes;
    if (!there(section, kPeSectionBytes)) return cut;
    if (!there(get<std::uint32_t>(file, section + kSectionAt), get<std::uint32_t>(file, section + kSectionBytes))) {
      return cut;
    }
  }
  return {};
}

Result<ImageLayout> place_image(const std::string& path, const ImageHeader& header, std::uint64_t device_tree_bytes,
                                std::uint64_t initramfs_bytes, std::uint64_t ram_bytes) {
  if (ram_bytes > kRamLimit - kRamBase) return usage_error("guest memory reaches into the devices' addresses");
  if (device_tree_bytes == 0 || device_tree_bytes > kMaxDeviceTreeBytes) {
    return usage_error("a device tree of " + std::to_string(device_tree_bytes) + " bytes: Linux takes up to 2 MiB");
  }
  const std::uint64_t ram_end = kRamBase + ram_bytes;
  const auto kernel_end = end_of(kRamBase + header.text_offset, header.image_bytes);
  if (header.text_offset >= ram_bytes || !kernel_end || *kernel_end > ram_end) {
    return usage_error(path + " is larger than guest memory", "give the guest more memory");
  }
  // The tree must not straddle a 2 MiB boundary: it is mapped as one block.
  const std::uint64_t room = ram_end - *kernel_end;
  if (room < kMaxDeviceTreeBytes * 2 || initramfs_bytes > room - kMaxDeviceTreeBytes * 2) {
    return usage_error("kernel, initramfs and device tree do not fit into guest memory", "give the guest more memory");
  }
  ImageLayout layout;
  layout.kernel = Gpa(kRamBase + header.text_offset);
  layout.kernel_end = Gpa(*kernel_end);
  layout.device_tree = Gpa(align_down(ram_end - kMaxDeviceTreeBytes, kImageAlignment));
  layout.initramfs = Gpa(align_down(layout.device_tree.value - initramfs_bytes, 4096));
  return layout;
}

Registers boot_registers(const ImageLayout& layout) {
  Registers registers;
  registers.x[0] = layout.device_tree.value;
  registers.pc = layout.kernel.value;
  registers.pstate = kPstateEl1h | kPstateD | kPstateA | kPstateI | kPstateF;
  return registers;
}

}  // namespace remapstorm::arm64
