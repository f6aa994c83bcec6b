// SPDX-License-Identifier: Apache-2.0
#include "vmm/unpack.h"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

namespace remapstorm {
namespace {

constexpr std::size_t kChunk = std::size_t{1} << 20;

struct Compression {
  std::string_view magic;
  const char* name;
};

// By the first bytes: RFC 1952, the .xz and .lzma file formats, RFC 8878, the LZ4 frame formats (the second is the
// legacy one, which kernels have), bzip2.
constexpr Compression kCompressions[] = {
    {"\x1f\x8b", "gzip"},
    {"\xfd"
     "7zXZ",
     "xz"},
    {"\x28\xb5\x2f\xfd", "zstd"},
    {"\x04\x22\x4d\x18", "lz4"},
    {"\x02\x21\x4c\x18", "lz4"},
    {"BZh", "bzip2"},
};

struct ReadFree {
  void operator()(archive* one) const { archive_read_free(one); }
};

Error damaged(archive* reading, const std::string& what) {
  const char* const why = archive_error_string(reading);
  return usage_error(what + " cannot be unpacked: " + (why != nullptr ? why : "it is damaged"));
}

}  // namespace

const char* compression_of(std::span<const std::byte> bytes) {
  const std::string_view content(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  for (const Compression& one : kCompressions) {
    if (content.starts_with(one.magic)) return one.name;
  }
  // .lzma has no magic: properties 0x5d, a dictionary of a power of two, and a length that is mostly unknown.
  constexpr std::string_view kLzma("\x5d\x00\x00", 3);
  return content.starts_with(kLzma) ? "lzma" : nullptr;
}

Result<Mapping> unpack(std::span<const std::byte> packed, const std::string& what, std::size_t most) {
  const std::unique_ptr<archive, ReadFree> reading(archive_read_new());
  if (!reading) return host_error("no memory to unpack " + what);
  for (const auto& support :
       {archive_read_support_filter_gzip, archive_read_support_filter_xz, archive_read_support_filter_lzma,
        archive_read_support_filter_zstd, archive_read_support_filter_lz4, archive_read_support_filter_bzip2,
        archive_read_support_format_raw}) {
    // ARCHIVE_WARN: it would call a program for that one. Only what the library does itself is wanted.
    if (support(reading.get()) != ARCHIVE_OK) return unavailable_error("this libarchive cannot unpack " + what);
  }
  archive_entry* entry = nullptr;
  if (archive_read_open_memory(reading.get(), packed.data(), packed.size()) != ARCHIVE_OK ||
      archive_read_next_header(reading.get(), &entry) != ARCHIVE_OK) {
    return damaged(reading.get(), what);
  }
  std::vector<std::byte> unpacked;
  for (;;) {
    const std::size_t at = unpacked.size();
    unpacked.resize(at + kChunk);
    const la_ssize_t got = archive_read_data(reading.get(), unpacked.data() + at, kChunk);
    if (got < 0) return damaged(reading.get(), what);
    unpacked.resize(at + static_cast<std::size_t>(got));
    if (got == 0) break;
    if (unpacked.size() > most) {
      return usage_error(what + " unpacks to more than " + std::to_string(most >> 20) + " MiB");
    }
  }
  if (unpacked.empty()) return usage_error(what + " unpacks to nothing");
  RS_ASSIGN(Mapping mapping, Mapping::anonymous(unpacked.size(), what));
  std::copy(unpacked.begin(), unpacked.end(), mapping.data());
  return mapping;
}

}  // namespace remapstorm
