// SPDX-License-Identifier: Apache-2.0
// MemoryImage: the contents of a GuestMemory at one instant. Pages of zeros take no room.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/address.h"
#include "base/mapping.h"
#include "base/result.h"
#include "vmm/memory.h"

namespace remapstorm {

// `count` pages from `first` on.
struct PageRange {
  std::uint64_t first = 0;
  std::uint64_t count = 0;
  bool operator==(const PageRange&) const = default;
};

class MemoryImage {
 public:
  struct Region {
    std::string name;
    Gpa base;
    std::uint64_t bytes = 0;
    const std::byte* data = nullptr;  // all of it; what is not in `stored` reads as zeros
    std::vector<PageRange> stored;    // ascending, apart from each other
    [[nodiscard]] const std::byte* page(std::uint64_t index) const { return data + index * kGuestPageSize; }
    [[nodiscard]] std::uint64_t stored_pages() const;
  };

  // While no vCPU runs. Errors: host, out of memory.
  static Result<MemoryImage> take(const GuestMemory& memory);
  // Of a mapped file: `regions` point into it.
  static MemoryImage of_file(Mapping file, std::vector<Region> regions);

  // Makes `memory` the same, whatever was in it. Errors: usage if its regions are others; host.
  Status write_to(GuestMemory& memory) const;
  // Errors: usage, naming the region, unless `memory` has the same regions.
  [[nodiscard]] Status check_shape(const GuestMemory& memory) const;

  // A page of `memory` that is not as here. `offset`: of the first byte that differs.
  struct DifferentPage {
    std::size_t region = 0;
    std::uint64_t page = 0;
    std::uint64_t offset = 0;
  };
  // All of them, however many; looks at every page. `memory` is of the same shape. Errors: host.
  [[nodiscard]] Result<std::vector<DifferentPage>> differences(const GuestMemory& memory) const;

  [[nodiscard]] const std::vector<Region>& regions() const { return regions_; }

 private:
  std::vector<Mapping> backing_;
  std::vector<Region> regions_;
};

// Whether a page holds nothing but zeros.
bool is_zero_page(const std::byte* page);

}  // namespace remapstorm
