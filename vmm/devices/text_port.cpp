// SPDX-License-Identifier: Apache-2.0
#include "vmm/devices/text_port.h"

#include <algorithm>

#include "vmm/devices/record.h"

namespace remapstorm {

std::optional<Stop> TextPort::read(std::uint64_t, std::span<std::uint8_t> data) {
  const std::lock_guard lock(mutex_);
  for (std::uint8_t& byte : data) {
    byte = position_ < text_.size() ? static_cast<std::uint8_t>(text_[position_]) : std::uint8_t{0};
    if (position_ < text_.size()) ++position_;
  }
  return std::nullopt;
}

std::optional<Stop> TextPort::write(std::uint64_t, std::span<const std::uint8_t>) {
  const std::lock_guard lock(mutex_);
  position_ = 0;
  return std::nullopt;
}

std::vector<std::byte> TextPort::save() const {
  const std::lock_guard lock(mutex_);
  RecordWriter record;
  record.number(position_);
  return record.take();
}

bool TextPort::load(std::span<const std::byte> bytes) {
  RecordReader record(bytes);
  const std::uint64_t position = record.number();
  if (!record.complete()) return false;
  const std::lock_guard lock(mutex_);
  position_ = std::min<std::uint64_t>(position, text_.size());
  return true;
}

}  // namespace remapstorm
