// SPDX-License-Identifier: Apache-2.0
#include "vmm/caller.h"

#include <optional>
#include <vector>

#include "vmm/arch/arch.h"
#include "vmm/backtrace.h"

namespace remapstorm {
namespace {

constexpr std::size_t kWords = 8;  // what a function without a frame keeps on the stack is less

// The direct branch that begins at `at`, if there is one.
std::optional<Branch> branch_at(Isa isa, Gva at, const ReadVirtual& read) {
  std::vector<std::uint8_t> code(arch_of(isa).call_bytes);
  if (!read(at, std::as_writable_bytes(std::span(code)))) return std::nullopt;
  return branch_of(isa, code, at);
}

bool returns_from(Isa isa, Gva address, Gva start, const ReadVirtual& read) {
  const auto call = branch_at(isa, address - arch_of(isa).call_bytes, read);
  if (!call || !call->call || !call->target) return false;
  if (*call->target == start) return true;
  const auto jump = branch_at(isa, *call->target, read);
  return jump && !jump->call && jump->target == start;
}

}  // namespace

std::string caller_of(Isa isa, const CpuState& state, const ReadVirtual& read, const Symbols& symbols) {
  const auto name = [&](Gva return_address) {
    const auto symbol = symbols.lookup(return_address - 1);
    return symbol ? std::string(symbol->name) : std::string();
  };
  if (const auto here = symbols.lookup(state.pc)) {
    for (std::size_t i = 0; i < kWords; ++i) {
      std::uint64_t word = 0;
      if (!read(state.sp + 8 * i, std::as_writable_bytes(std::span(&word, 1)))) break;
      if (returns_from(isa, Gva(word), here->start, read)) return name(Gva(word));
    }
  }
  const std::vector<StackFrame> frames = backtrace(isa, state, read, symbols, 2);
  return frames.size() < 2 ? std::string() : name(frames[1].pc);
}

}  // namespace remapstorm
