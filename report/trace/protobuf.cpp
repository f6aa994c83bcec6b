// SPDX-License-Identifier: Apache-2.0
#include "report/trace/protobuf.h"

namespace remapstorm {
namespace {

constexpr std::uint32_t kVarint = 0, kFixed64 = 1, kLengthDelimited = 2;

}  // namespace

void ProtoMessage::base128(std::uint64_t value) {
  while (value >= 0x80) {
    bytes_.push_back(static_cast<char>((value & 0x7f) | 0x80));
    value >>= 7;
  }
  bytes_.push_back(static_cast<char>(value));
}

void ProtoMessage::key(std::uint32_t field, std::uint32_t wire_type) {
  base128((static_cast<std::uint64_t>(field) << 3) | wire_type);
}

void ProtoMessage::varint(std::uint32_t field, std::uint64_t value) {
  key(field, kVarint);
  base128(value);
}

void ProtoMessage::fixed64(std::uint32_t field, std::uint64_t value) {
  key(field, kFixed64);
  for (unsigned shift = 0; shift < 64; shift += 8) bytes_.push_back(static_cast<char>((value >> shift) & 0xff));
}

void ProtoMessage::text(std::uint32_t field, std::string_view value) {
  key(field, kLengthDelimited);
  base128(value.size());
  bytes_.append(value);
}

}  // namespace remapstorm
