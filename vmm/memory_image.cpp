// SPDX-License-Identifier: Apache-2.0
#include "vmm/memory_image.h"

#include <fcntl.h>
#include <linux/falloc.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

#include "base/syscall.h"

namespace remapstorm {
namespace {

void append(std::vector<PageRange>& ranges, std::uint64_t page) {
  if (!ranges.empty() && ranges.back().first + ranges.back().count == page) {
    ++ranges.back().count;
  } else {
    ranges.push_back({page, 1});
  }
}

// The next piece of the memfd from `offset` on that is backed by memory, in whole pages; nothing beyond its end.
// Reading a hole through the mapping would give it memory.
struct Piece {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};
Result<std::optional<Piece>> next_backed(const MemoryRegion& region, std::uint64_t offset) {
  if (offset >= region.size()) return std::optional<Piece>();
  const off_t begin = ::lseek(region.fd.get(), static_cast<off_t>(offset), SEEK_DATA);
  if (begin < 0 && errno == ENXIO) return std::optional<Piece>();
  if (begin < 0) return errno_error("lseek", "guest memory " + region.name, errno);
  const off_t end = ::lseek(region.fd.get(), begin, SEEK_HOLE);
  if (end < 0) return errno_error("lseek", "guest memory " + region.name, errno);
  const Piece piece{static_cast<std::uint64_t>(begin) / kGuestPageSize * kGuestPageSize,
                    std::min(region.size(),
                             (static_cast<std::uint64_t>(end) + kGuestPageSize - 1) / kGuestPageSize * kGuestPageSize)};
  return std::optional<Piece>(piece);
}

Status write_whole(const MemoryRegion& region, const std::byte* from, std::uint64_t offset, std::uint64_t bytes) {
  while (bytes != 0) {
    const ssize_t written = ::pwrite(region.fd.get(), from, bytes, static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return errno_error("pwrite", "guest memory " + region.name, errno);
    from += written;
    offset += static_cast<std::uint64_t>(written);
    bytes -= static_cast<std::uint64_t>(written);
  }
  return {};
}

void compare_pages(const std::byte* want, const std::byte* have, std::size_t region, PageRange pages,
                   std::vector<MemoryImage::DifferentPage>& out) {
  // Large pieces first: nearly always nothing differs.
  constexpr std::uint64_t kAtOnce = 64;
  for (std::uint64_t first = pages.first; first < pages.first + pages.count; first += kAtOnce) {
    const std::uint64_t count = std::min(kAtOnce, pages.first + pages.count - first);
    const std::byte* a = want + first * kGuestPageSize;
    const std::byte* b = have + first * kGuestPageSize;
    if (std::memcmp(a, b, count * kGuestPageSize) == 0) continue;
    for (std::uint64_t i = 0; i < count; ++i, a += kGuestPageSize, b += kGuestPageSize) {
      if (std::memcmp(a, b, kGuestPageSize) == 0) continue;
      const auto at = static_cast<std::uint64_t>(std::mismatch(a, a + kGuestPageSize, b).first - a);
      out.push_back({region, first + i, at});
    }
  }
}

}  // namespace

bool is_zero_page(const std::byte* page) {
  // Equal to itself shifted by one word, and the first word is zero.
  std::uint64_t first = 0;
  std::memcpy(&first, page, sizeof(first));
  return first == 0 && std::memcmp(page, page + sizeof(first), kGuestPageSize - sizeof(first)) == 0;
}

std::uint64_t MemoryImage::Region::stored_pages() const {
  std::uint64_t pages = 0;
  for (const PageRange& range : stored) pages += range.count;
  return pages;
}

Result<MemoryImage> MemoryImage::take(const GuestMemory& memory) {
  MemoryImage image;
  for (const auto& region : memory.regions()) {
    RS_ASSIGN(Mapping copy, Mapping::anonymous(region->size(), "a snapshot of guest memory " + region->name));
    Region out{region->name, region->base, region->size(), copy.data(), {}};
    for (std::uint64_t offset = 0;;) {
      RS_ASSIGN(const std::optional<Piece> piece, next_backed(*region, offset));
      if (!piece) break;
      for (std::uint64_t at = piece->begin; at < piece->end; at += kGuestPageSize) {
        const std::byte* page = region->mapping.data() + at;
        if (is_zero_page(page)) continue;
        std::memcpy(copy.data() + at, page, kGuestPageSize);
        append(out.stored, at / kGuestPageSize);
      }
      offset = piece->end;
    }
    image.backing_.push_back(std::move(copy));
    image.regions_.push_back(std::move(out));
  }
  return image;
}

MemoryImage MemoryImage::of_file(Mapping file, std::vector<Region> regions) {
  MemoryImage image;
  image.backing_.push_back(std::move(file));
  image.regions_ = std::move(regions);
  return image;
}

Status MemoryImage::check_shape(const GuestMemory& memory) const {
  if (regions_.size() != memory.regions().size()) {
    return usage_error("the snapshot has " + std::to_string(regions_.size()) + " memory regions, this machine " +
                       std::to_string(memory.regions().size()));
  }
  for (std::size_t i = 0; i < regions_.size(); ++i) {
    const MemoryRegion& other = *memory.regions()[i];
    if (regions_[i].name != other.name || regions_[i].base != other.base || regions_[i].bytes != other.size()) {
      return usage_error("the snapshot's memory region " + regions_[i].name + " of " +
                         std::to_string(regions_[i].bytes) + " bytes is not this machine's " + other.name + " of " +
                         std::to_string(other.size()));
    }
  }
  return {};
}

Result<std::vector<MemoryImage::DifferentPage>> MemoryImage::differences(const GuestMemory& memory) const {
  std::vector<DifferentPage> out;
  for (std::size_t i = 0; i < regions_.size(); ++i) {
    const MemoryRegion& region = *memory.regions()[i];
    const std::vector<PageRange>& stored = regions_[i].stored;
    auto next = stored.begin();  // first stored range that ends behind `offset`
    // Where no memory is behind the machine's pages they are zeros, and every stored page differs.
    const auto unbacked = [&](std::uint64_t begin, std::uint64_t end) {
      while (next != stored.end() && next->first + next->count <= begin) ++next;
      for (auto range = next; range != stored.end() && range->first < end; ++range) {
        for (std::uint64_t page = std::max(begin, range->first); page < std::min(end, range->first + range->count);
             ++page) {
          out.push_back({i, page, 0});
        }
      }
    };
    std::uint64_t offset = 0;
    while (offset < region.size()) {
      RS_ASSIGN(const std::optional<Piece> piece, next_backed(region, offset));
      const Piece found = piece.value_or(Piece{region.size(), region.size()});
      unbacked(offset / kGuestPageSize, found.begin / kGuestPageSize);
      compare_pages(regions_[i].data, region.mapping.data(), i,
                    {found.begin / kGuestPageSize, (found.end - found.begin) / kGuestPageSize}, out);
      offset = found.end;
    }
  }
  return out;
}

Status MemoryImage::write_to(GuestMemory& memory) const {
  RS_TRY(check_shape(memory));
  for (std::size_t i = 0; i < regions_.size(); ++i) {
    const MemoryRegion& to = *memory.regions()[i];
    // What is not stored must be zeros, whatever was loaded there before.
    RS_TRY(check_call(
        ::fallocate(to.fd.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(to.size())),
        "fallocate", "guest memory " + to.name));
    for (const PageRange& range : regions_[i].stored) {
      RS_TRY(
          write_whole(to, regions_[i].page(range.first), range.first * kGuestPageSize, range.count * kGuestPageSize));
    }
  }
  return {};
}

}  // namespace remapstorm
