// SPDX-License-Identifier: Apache-2.0
// ProtoMessage: the wire format of Protocol Buffers, as much as a writer needs. Source: protobuf.dev, "Encoding".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace remapstorm {

// Fields land in the order of the calls. `field` is 1 to 2^29 - 1.
class ProtoMessage {
 public:
  void varint(std::uint32_t field, std::uint64_t value);
  void fixed64(std::uint32_t field, std::uint64_t value);
  void text(std::uint32_t field, std::string_view value);
  void message(std::uint32_t field, const ProtoMessage& value) { text(field, value.bytes_); }
  void clear() { bytes_.clear(); }
  [[nodiscard]] bool empty() const { return bytes_.empty(); }
  [[nodiscard]] const std::string& bytes() const { return bytes_; }

 private:
  void base128(std::uint64_t value);
  void key(std::uint32_t field, std::uint32_t wire_type);
  std::string bytes_;
};

}  // namespace remapstorm
