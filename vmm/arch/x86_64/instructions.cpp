// SPDX-License-Identifier: Apache-2.0
#include "vmm/arch/x86_64/instructions.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>

namespace remapstorm::x86_64 {
namespace {

using Code = std::span<const std::uint8_t>;

constexpr std::uint32_t kX2apicIcr = 0x830;
constexpr std::uint64_t kXapicIcr = 0xfee00300;
constexpr std::uint64_t kHypercallSendIpi = 10;  // KVM_HC_SEND_IPI

template <std::size_t N>
bool begins(Code code, const std::array<std::uint8_t, N>& with) {
  return code.size() >= N && std::equal(with.begin(), with.end(), code.begin());
}

bool is_wrmsr(Code code) { return begins(code, std::array<std::uint8_t, 2>{0x0f, 0x30}); }
bool is_hypercall(Code code) {
  return begins(code, std::array<std::uint8_t, 3>{0x0f, 0x01, 0xc1}) ||
         begins(code, std::array<std::uint8_t, 3>{0x0f, 0x01, 0xd9});
}

// Delivery mode in bits 8 to 10: 0 fixed, 1 lowest priority, 4 NMI; bits 18 and 19: 1 is to itself alone.
std::optional<SentInterrupt> of_icr(std::uint64_t low) {
  const std::uint64_t mode = low >> 8 & 7, shorthand = low >> 18 & 3;
  if (shorthand == 1 || (mode != 0 && mode != 1 && mode != 4)) return std::nullopt;
  return SentInterrupt{mode == 4};
}

// Segment overrides, operand and address size, REPNE and REP (BND), REX: before CALL and JMP they change no more than
// where an indirect one looks (SDM volume 2, 2.1.1).
bool is_prefix(std::uint8_t byte) {
  constexpr std::array<std::uint8_t, 10> kPrefixes = {0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf2, 0xf3};
  return (byte & 0xf0) == 0x40 || std::find(kPrefixes.begin(), kPrefixes.end(), byte) != kPrefixes.end();
}

template <typename Number>
std::optional<Gva> relative(Code code, std::size_t at, Gva pc) {
  Number distance = 0;
  if (code.size() < at + sizeof(distance)) return std::nullopt;
  std::memcpy(&distance, code.data() + at, sizeof(distance));
  return Gva(pc.value + at + sizeof(distance) + static_cast<std::uint64_t>(static_cast<std::int64_t>(distance)));
}

}  // namespace

InstructionRole role(Code code) {
  if (begins(code, std::array<std::uint8_t, 2>{0xf3, 0x90})) return InstructionRole::spin_hint;
  if (begins(code, std::array<std::uint8_t, 1>{0xf4}) || begins(code, std::array<std::uint8_t, 3>{0x0f, 0x01, 0xc9})) {
    return InstructionRole::sleep;
  }
  return is_wrmsr(code) || is_hypercall(code) ? InstructionRole::may_send : InstructionRole::plain;
}

std::optional<Branch> branch(Code code, Gva pc) {
  std::size_t at = 0;
  while (at < code.size() && is_prefix(code[at])) ++at;
  if (at >= code.size()) return std::nullopt;
  switch (code[at]) {
    case 0xe8:
      return Branch{true, relative<std::int32_t>(code, at + 1, pc)};
    case 0xe9:
      return Branch{false, relative<std::int32_t>(code, at + 1, pc)};
    case 0xeb:
      return Branch{false, relative<std::int8_t>(code, at + 1, pc)};
    case 0xff: {
      const unsigned operation = at + 1 < code.size() ? code[at + 1] >> 3 & 7U : 0U;
      if (operation == 2 || operation == 3) return Branch{true, std::nullopt};
      if (operation == 4 || operation == 5) return Branch{false, std::nullopt};
      return std::nullopt;
    }
    default:
      return std::nullopt;
  }
}

std::optional<SentInterrupt> sent_interrupt(Code code, const RegisterValue& value) {
  if (is_wrmsr(code) && value("ecx") == kX2apicIcr) return of_icr(value("eax").value_or(0));
  // Bitmaps of receivers in RBX and RCX; the ICR's low half in RSI.
  if (is_hypercall(code) && value("rax") == kHypercallSendIpi) return of_icr(value("rsi").value_or(0));
  return std::nullopt;
}

std::optional<SentInterrupt> sent_by_store(Gpa address, std::uint32_t value) {
  return address.value == kXapicIcr ? of_icr(value) : std::nullopt;
}

}  // namespace remapstorm::x86_64
