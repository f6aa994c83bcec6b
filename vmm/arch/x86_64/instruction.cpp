// SPDX-License-Identifier: Apache-2.0
#include "vmm/arch/x86_64/instruction.h"

namespace remapstorm::x86_64 {
namespace {

bool is_legacy_prefix(std::uint8_t byte) {
  switch (byte) {
    case 0x26:
    case 0x2e:
    case 0x36:
    case 0x3e:
    case 0x64:
    case 0x65:
    case 0x66:
    case 0x67:
    case 0xf0:
    case 0xf2:
    case 0xf3:
      return true;
    default:
      return false;
  }
}

}  // namespace

bool is_repeated_string(std::span<const std::uint8_t> code) {
  bool repeated = false;
  std::size_t i = 0;
  for (; i < code.size() && is_legacy_prefix(code[i]); ++i) repeated |= code[i] == 0xf2 || code[i] == 0xf3;
  if (i < code.size() && (code[i] & 0xf0) == 0x40) ++i;  // REX
  if (!repeated || i == code.size()) return false;
  const std::uint8_t opcode = code[i];
  return (opcode >= 0x6c && opcode <= 0x6f) || (opcode >= 0xa4 && opcode <= 0xa7) || (opcode >= 0xaa && opcode <= 0xaf);
}

std::optional<std::size_t> find_frame_returning_to(std::span<const std::uint64_t, kFrameWords> words,
                                                   const BreakpointResume::Where& interrupted) {
  constexpr std::size_t kMostBelow = 3;
  for (std::size_t below = 0; below <= kMostBelow; ++below) {
    if (words[below] == interrupted.pc.value && words[below + 3] == interrupted.sp.value) return below;
  }
  return std::nullopt;
}

}  // namespace remapstorm::x86_64
