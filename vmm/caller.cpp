// SPDX-License-Identifier: Apache-2.0
#include "vmm/caller.h"

#include <array>
#include <charconv>
#include <optional>
#include <string_view>

#include "vmm/backtrace.h"

namespace remapstorm {
namespace {

constexpr std::size_t kWords = 8;  // what a function without a frame keeps on the stack is less
constexpr std::size_t kBranchBytes = 5;

// Where the direct branch `what` at `at` leads, if there is one.
std::optional<Gva> target_at(Gva at, std::string_view what, const ReadVirtual& read, const Disassembler& disassembler) {
  std::array<std::uint8_t, kBranchBytes> code{};
  if (!read(at, std::as_writable_bytes(std::span(code)))) return std::nullopt;
  const std::string text = disassembler.one(code, at).text;
  if (!text.starts_with(what)) return std::nullopt;
  std::uint64_t target = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data() + what.size(), end, target, 16);
  return error == std::errc() && rest == end ? std::optional(Gva(target)) : std::nullopt;
}

bool returns_from(Gva address, Gva start, const ReadVirtual& read, const Disassembler& disassembler) {
  const auto target = target_at(address - kBranchBytes, "call 0x", read, disassembler);
  return target && (*target == start || target_at(*target, "jmp 0x", read, disassembler) == start);
}

}  // namespace

std::string caller_of(Isa isa, const CpuState& state, const ReadVirtual& read, const Symbols& symbols,
                      const Disassembler& disassembler) {
  const auto name = [&](Gva return_address) {
    const auto symbol = symbols.lookup(return_address - 1);
    return symbol ? std::string(symbol->name) : std::string();
  };
  if (const auto here = symbols.lookup(state.pc)) {
    for (std::size_t i = 0; i < kWords; ++i) {
      std::uint64_t word = 0;
      if (!read(state.sp + 8 * i, std::as_writable_bytes(std::span(&word, 1)))) break;
      if (returns_from(Gva(word), here->start, read, disassembler)) return name(Gva(word));
    }
  }
  const std::vector<StackFrame> frames = backtrace(isa, state, read, symbols, 2);
  return frames.size() < 2 ? std::string() : name(frames[1].pc);
}

}  // namespace remapstorm
