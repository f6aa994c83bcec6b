// SPDX-License-Identifier: Apache-2.0
#include "vmm/devices/cmos.h"

#include "vmm/devices/record.h"

namespace remapstorm {
namespace {

// Registers of the MC146818 and its PC successors, in BCD.
std::uint8_t value_of(std::uint8_t index) {
  switch (index) {
    case 0x06:  // day of week: Monday is 2
      return 0x02;
    case 0x07:  // day
    case 0x08:  // month
      return 0x01;
    case 0x09:  // year
      return 0x24;
    case 0x0a:  // 32768 Hz, no update in progress
      return 0x26;
    case 0x0b:  // 24 hours
      return 0x02;
    case 0x0d:  // battery good
      return 0x80;
    case 0x32:  // century
      return 0x20;
    default:
      return 0x00;
  }
}

}  // namespace

std::optional<Stop> Cmos::read(std::uint64_t offset, std::span<std::uint8_t> data) {
  for (std::uint8_t& byte : data) byte = 0xff;
  if (offset == 1) data[0] = value_of(index_.load(std::memory_order_relaxed));
  return std::nullopt;
}

std::optional<Stop> Cmos::write(std::uint64_t offset, std::span<const std::uint8_t> data) {
  if (offset == 0) index_.store(data[0] & 0x7f, std::memory_order_relaxed);  // bit 7 masks NMI
  return std::nullopt;
}

std::vector<std::byte> Cmos::save() const {
  RecordWriter record;
  record.byte(index_.load(std::memory_order_relaxed));
  return record.take();
}

bool Cmos::load(std::span<const std::byte> bytes) {
  RecordReader record(bytes);
  const std::uint8_t index = record.byte();
  if (!record.complete() || index > 0x7f) return false;
  index_.store(index, std::memory_order_relaxed);
  return true;
}

}  // namespace remapstorm
