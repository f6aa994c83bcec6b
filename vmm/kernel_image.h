// SPDX-License-Identifier: Apache-2.0
// KernelImage: a guest kernel as an ELF file, or as it lies in memory where the architecture has such a form (arm64's
// Image), packed or not (vmm/kernel_file.h), checked before anything of it is used.
// The file is not trusted, and it may be written anew while this lives: what was read once is what is hashed, and what
// boots.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/address.h"
#include "base/mapping.h"
#include "base/result.h"

namespace remapstorm {

enum class Isa : std::uint8_t { x86_64, arm64 };
const char* isa_name(Isa isa);

struct KernelSegment {
  Gpa physical;
  Gva virtual_address;
  std::uint64_t file_offset = 0;
  std::uint64_t file_bytes = 0;
  std::uint64_t memory_bytes = 0;  // >= file_bytes; the rest is zero
};

class KernelImage {
 public:
  // Errors: those of read_kernel_file(); of kind usage and naming the file: no kernel, wrong class, byte order or
  // machine, truncated (a header or segment beyond the end of the file), no loadable segment, segments that wrap or
  // overlap, entry point outside every segment.
  static Result<KernelImage> open(const std::string& path, Isa isa);

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] Isa isa() const { return isa_; }
  [[nodiscard]] Gpa entry() const { return entry_; }  // physical
  [[nodiscard]] const std::vector<KernelSegment>& segments() const { return segments_; }
  [[nodiscard]] std::span<const std::byte> bytes(const KernelSegment& segment) const;
  [[nodiscard]] std::span<const std::byte> file() const { return file_.bytes(); }
  [[nodiscard]] Gpa lowest() const;
  [[nodiscard]] Gpa end() const;  // one past the last byte in memory
  // Without ELF headers: one segment at physical and virtual address 0, until link_at().
  [[nodiscard]] bool flat() const { return flat_; }
  // Where a flat kernel is linked to begin, which its symbols know.
  void link_at(Gva text);
  // At most `most` bytes of the file from a virtual address on; what is only zeros in memory is not in the file.
  [[nodiscard]] std::span<const std::byte> bytes_at(Gva address, std::size_t most) const;
  // How far a byte of the file lies behind the kernel's first one in virtual memory; none: in no segment.
  [[nodiscard]] std::optional<std::uint64_t> offset_in_memory(std::size_t file_offset) const;

 private:
  KernelImage() = default;
  Status read_elf();
  Status read_flat();
  std::string path_;
  Isa isa_{};
  Mapping file_;
  bool flat_ = false;
  Gpa entry_;
  std::vector<KernelSegment> segments_;
};

}  // namespace remapstorm
