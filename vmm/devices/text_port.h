// SPDX-License-Identifier: Apache-2.0
// TextPort: a 32-bit IN gives the next four bytes of a text, NUL padded; any OUT rewinds.
#pragma once

#include <mutex>
#include <string>

#include "vmm/bus.h"

namespace remapstorm {

class TextPort final : public BusDevice {
 public:
  static constexpr std::uint64_t kSize = 4;
  explicit TextPort(std::string text) : text_(std::move(text)) {}
  std::optional<Stop> read(std::uint64_t offset, std::span<std::uint8_t> data) override;
  std::optional<Stop> write(std::uint64_t offset, std::span<const std::uint8_t> data) override;
  // The position. Beyond the end of the text, which may be another one: at its end.
  [[nodiscard]] std::vector<std::byte> save() const override;
  [[nodiscard]] bool load(std::span<const std::byte> record) override;

 private:
  mutable std::mutex mutex_;  // position_
  const std::string text_;
  std::size_t position_ = 0;
};

}  // namespace remapstorm
