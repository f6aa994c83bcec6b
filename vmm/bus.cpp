// SPDX-License-Identifier: Apache-2.0
#include "vmm/bus.h"

#include <algorithm>

#include "base/address.h"
#include "base/hex.h"

namespace remapstorm {
Status Bus::attach(std::uint64_t start, std::uint64_t size, const std::string& device_name, BusDevice& device) {
  const auto end = end_of(start, size);
  if (size == 0 || !end) return internal_error(name_ + " range of " + device_name + " is empty or wraps");
  for (const Range& other : ranges_) {
    if (start < other.start + other.size && other.start < *end) {
      return internal_error(name_ + " range of " + device_name + " at " + hex(start) + " overlaps " + other.name +
                            " at " + hex(other.start));
    }
  }
  const auto after = std::upper_bound(ranges_.begin(), ranges_.end(), start,
                                      [](std::uint64_t value, const Range& range) { return value < range.start; });
  ranges_.insert(after, Range{start, size, device_name, &device});
  return {};
}

// An access that sticks out of its device's range belongs to nobody: no device ever sees an offset beyond its end.
const Bus::Range* Bus::find(std::uint64_t address, std::size_t size) const {
  auto after = std::upper_bound(ranges_.begin(), ranges_.end(), address,
                                [](std::uint64_t value, const Range& range) { return value < range.start; });
  if (after == ranges_.begin()) return nullptr;
  const Range& range = *std::prev(after);
  const std::uint64_t offset = address - range.start;
  if (offset >= range.size || size > range.size - offset) return nullptr;
  return &range;
}

void Bus::remember_unclaimed(std::uint64_t address) {
  unclaimed_.fetch_add(1, std::memory_order_relaxed);
  for (auto& slot : remembered_) {
    std::uint64_t seen = slot.load(std::memory_order_relaxed);
    if (seen == 0 && slot.compare_exchange_strong(seen, address + 1, std::memory_order_relaxed)) return;
    if (seen == address + 1) return;
  }
}

std::vector<std::uint64_t> Bus::unclaimed_addresses() const {
  std::vector<std::uint64_t> addresses;
  for (const auto& slot : remembered_) {
    const std::uint64_t seen = slot.load(std::memory_order_relaxed);
    if (seen != 0) addresses.push_back(seen - 1);
  }
  return addresses;
}

std::optional<Stop> Bus::read(std::uint64_t address, std::span<std::uint8_t> data) {
  if (const Range* range = find(address, data.size())) return range->device->read(address - range->start, data);
  std::fill(data.begin(), data.end(), std::uint8_t{0xff});
  remember_unclaimed(address);
  return std::nullopt;
}

std::optional<Stop> Bus::write(std::uint64_t address, std::span<const std::uint8_t> data) {
  if (const Range* range = find(address, data.size())) return range->device->write(address - range->start, data);
  remember_unclaimed(address);
  return std::nullopt;
}

}  // namespace remapstorm
