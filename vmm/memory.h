// SPDX-License-Identifier: Apache-2.0
// GuestMemory: guest-physical memory as memfd-backed shared mappings: RAM at 0 plus named regions outside it. Shared
// and memfd-backed so that a stage-2 delay can zap a page's mapping and serve it again with UFFDIO_CONTINUE.
//
// The guest writes here while we read: every value is to be checked after it was copied out, never before.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/address.h"
#include "base/fd.h"
#include "base/mapping.h"
#include "base/result.h"

namespace remapstorm {

inline constexpr std::uint64_t kGuestPageSize = 4096;
// RAM ends below the devices under 4 GiB; there is no second bank above them.
inline constexpr std::uint64_t kMaxRamBytes = 3ULL << 30;
inline constexpr std::uint64_t kMinRamBytes = 2ULL << 20;

// Pages of a region known to be written: those the host wrote through GuestMemory, of which KVM's dirty tracking knows
// nothing, and those that were read from a dirty ring (dirty_ring.h).
// Any thread may note; take() is for a time when nobody writes.
class WrittenPages {
 public:
  explicit WrittenPages(std::uint64_t region_bytes);
  void note(std::uint64_t offset, std::uint64_t bytes) {
    if (bytes == 0) return;
    for (std::uint64_t page = offset / kGuestPageSize; page <= (offset + bytes - 1) / kGuestPageSize; ++page) {
      std::atomic<std::uint64_t>& word = words_[page / 64];
      const std::uint64_t bit = 1ULL << (page % 64);
      if ((word.load(std::memory_order_relaxed) & bit) != 0) continue;
      word.fetch_or(bit, std::memory_order_relaxed);
      any_.store(true, std::memory_order_relaxed);
    }
  }
  // Or's the pages noted so far into `bitmap` (a bit a page, as in KVM_GET_DIRTY_LOG) and forgets them.
  void take(std::span<std::uint64_t> bitmap);

 private:
  std::vector<std::atomic<std::uint64_t>> words_;
  std::atomic<bool> any_{false};
};

struct MemoryRegion {
  std::string name;
  Gpa base;
  Fd fd;                  // the memfd; offset in it = GPA - base
  Mapping mapping;        // ours
  Mapping guest_mapping;  // the one KVM was given: a stage-2 delay on it keeps the guest waiting and never the harness
  std::unique_ptr<WrittenPages> written;
  std::uint64_t unnoted = 0;  // so many bytes from its base the host writes without a note: always taken for written
  [[nodiscard]] std::uint64_t size() const { return mapping.size(); }
  [[nodiscard]] bool contains(Gpa address, std::uint64_t bytes) const {
    const auto end = end_of(address.value, bytes);
    return end && address >= base && *end <= base.value + size();
  }
};

class GuestMemory {
 public:
  // RAM is the region "ram" at GPA 0. Errors: usage if `ram_bytes` is not a multiple of 4096 or outside
  // [kMinRamBytes, kMaxRamBytes]; host if memory cannot be had.
  static Result<std::unique_ptr<GuestMemory>> create(std::uint64_t ram_bytes);

  // A region outside RAM. To be called before the Vm is created. Errors: internal for bad alignment or overlap.
  Status add_region(const std::string& name, Gpa base, std::uint64_t bytes, std::uint64_t unnoted = 0);

  [[nodiscard]] std::uint64_t ram_bytes() const { return regions_.front()->size(); }
  [[nodiscard]] const std::vector<std::unique_ptr<MemoryRegion>>& regions() const { return regions_; }
  // The region holding this GPA, or nullptr. / The region of that name, or nullptr.
  [[nodiscard]] const MemoryRegion* find(Gpa address) const;
  [[nodiscard]] const MemoryRegion* named(std::string_view name) const;

  // False, and nothing copied, unless all of it lies inside one region.
  [[nodiscard]] bool read(Gpa address, std::span<std::byte> out) const;
  [[nodiscard]] bool write(Gpa address, std::span<const std::byte> in);
  [[nodiscard]] bool fill(Gpa address, std::uint64_t bytes, std::byte value);

  // The host's view of [address, address + bytes), or nullptr if not wholly inside one region. Who writes through it,
  // or through MemoryRegion::mapping, must say so with note_host_write() or be known to Reset (vmm/reset.h).
  [[nodiscard]] std::byte* host_range(Gpa address, std::uint64_t bytes) const;
  void note_host_write(Gpa address, std::uint64_t bytes);
  // The same range in the mapping KVM uses, for those who change how the guest reaches it.
  [[nodiscard]] std::byte* guest_range(Gpa address, std::uint64_t bytes) const;

  // Single-copy atomic (acquire / release) when naturally aligned and at most 8 bytes; a plain copy otherwise.
  template <typename T>
  [[nodiscard]] std::optional<T> load(Gpa address) const {
    static_assert(std::is_trivially_copyable_v<T>);
    const std::byte* at = host_range(address, sizeof(T));
    if (at == nullptr) return std::nullopt;
    T value;
    if constexpr (std::is_integral_v<T>) {
      if (address.value % sizeof(T) == 0) return __atomic_load_n(reinterpret_cast<const T*>(at), __ATOMIC_ACQUIRE);
    }
    std::memcpy(&value, at, sizeof(T));
    return value;
  }
  template <typename T>
  [[nodiscard]] bool store(Gpa address, T value) {
    static_assert(std::is_trivially_copyable_v<T>);
    std::byte* at = host_range(address, sizeof(T));
    if (at == nullptr) return false;
    note_host_write(address, sizeof(T));
    if constexpr (std::is_integral_v<T>) {
      if (address.value % sizeof(T) == 0) {
        __atomic_store_n(reinterpret_cast<T*>(at), value, __ATOMIC_RELEASE);
        return true;
      }
    }
    std::memcpy(at, &value, sizeof(T));
    return true;
  }

 private:
  GuestMemory() = default;
  std::vector<std::unique_ptr<MemoryRegion>> regions_;
};

}  // namespace remapstorm
