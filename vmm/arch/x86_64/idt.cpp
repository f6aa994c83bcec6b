// SPDX-License-Identifier: Apache-2.0
#include "vmm/arch/x86_64/idt.h"

#include <array>

namespace remapstorm::x86_64 {
namespace {

constexpr std::uint64_t kGateBytes = 16;
constexpr std::uint64_t kGatePresent = std::uint64_t{1} << 47;

}  // namespace

std::optional<Gva> handler_of(const Table& idt, unsigned vector, const ReadVirtual& read) {
  if ((vector + 1) * kGateBytes - 1 > idt.limit) return std::nullopt;
  std::array<std::uint64_t, 2> gate = {};
  if (!read(Gva(idt.base + vector * kGateBytes), std::as_writable_bytes(std::span(gate)))) return std::nullopt;
  if ((gate[0] & kGatePresent) == 0) return std::nullopt;
  const std::uint64_t low = (gate[0] & 0xffff) | (gate[0] >> 32 & 0xffff0000);
  return Gva(low | (gate[1] & 0xffffffff) << 32);
}

}  // namespace remapstorm::x86_64
