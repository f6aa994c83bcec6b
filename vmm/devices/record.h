// SPDX-License-Identifier: Apache-2.0
// The record that a device makes of what it remembers (BusDevice::save): numbers, little-endian, and bytes at the end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace remapstorm {

class RecordWriter {
 public:
  void byte(std::uint8_t value) { bytes_.push_back(std::byte{value}); }
  void number(std::uint64_t value) {
    for (unsigned i = 0; i < 8; ++i) byte(static_cast<std::uint8_t>(value >> (8 * i)));
  }
  void rest(const std::string& text) {
    for (const char letter : text) byte(static_cast<std::uint8_t>(letter));
  }
  [[nodiscard]] std::vector<std::byte> take() { return std::move(bytes_); }

 private:
  std::vector<std::byte> bytes_;
};

// What is not there reads as 0; complete() says whether there was as much as was read, and no more.
class RecordReader {
 public:
  explicit RecordReader(std::span<const std::byte> bytes) : bytes_(bytes) {}
  std::uint8_t byte() {
    if (at_ >= bytes_.size()) {
      short_ = true;
      return 0;
    }
    return std::to_integer<std::uint8_t>(bytes_[at_++]);
  }
  std::uint64_t number() {
    std::uint64_t value = 0;
    for (unsigned i = 0; i < 8; ++i) value |= std::uint64_t{byte()} << (8 * i);
    return value;
  }
  std::string rest() {
    std::string text;
    while (at_ < bytes_.size()) text.push_back(static_cast<char>(byte()));
    return text;
  }
  [[nodiscard]] bool complete() const { return !short_ && at_ == bytes_.size(); }

 private:
  std::span<const std::byte> bytes_;
  std::size_t at_ = 0;
  bool short_ = false;
};

}  // namespace remapstorm
