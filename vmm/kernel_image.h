// SPDX-License-Identifier: Apache-2.0
// KernelImage: a guest kernel as an ELF file, packed or not (vmm/kernel_file.h), checked before anything of it is used.
// The file is not trusted, and it may be written anew while this lives: what was read once is what is hashed, and what
// boots.
#pragma once

#include <cstdint>
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
  // Errors: those of read_kernel_file(); of kind usage and naming the file: not ELF, wrong class, byte order or
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

 private:
  KernelImage() = default;
  std::string path_;
  Isa isa_{};
  Mapping file_;
  Gpa entry_;
  std::vector<KernelSegment> segments_;
};

}  // namespace remapstorm
