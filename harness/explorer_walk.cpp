// SPDX-License-Identifier: Apache-2.0
#include "harness/explorer_walk.h"

#include <array>
#include <map>

#include "vmm/disassembler.h"
#include "vmm/page_walk.h"

namespace remapstorm {
namespace {

constexpr int kMostKicks = 4;  // of an earlier pause, not yet noticed

// A call that is stepped over: everything until it returns to `to` with the stack as it was.
struct Over {
  Gva to;
  Gva stack;
};

EntryState entry_of(const CpuState& state, const GuestMemory& memory, Gva target) {
  if (target.value == 0) return EntryState::unknown;
  return walk(kHostIsa, state.space, memory, target).present() ? EntryState::present : EntryState::clear;
}

class Walker {
 public:
  Walker(Machine& machine, const Symbols& symbols, const WalkRequest& request, Disassembler disassembler)
      : machine_(machine), symbols_(symbols), request_(request), disassembler_(std::move(disassembler)) {}

  Result<Walked> run() {
    walked_.target = request_.target;
    for (std::uint64_t steps = 0;; ++steps) {
      RS_ASSIGN(const CpuState state, machine_.vcpu(request_.vcpu).state());
      walked_.trail.push_back(state.pc);
      walked_.stacks.push_back(state.sp);
      if (closes_here(state)) break;
      if (steps >= request_.most_steps) return never_closes(state);
      const Instruction instruction = instruction_at(state);
      if (over_ && state.pc == over_->to && state.sp == over_->stack) over_.reset();
      if (!over_) add(state, instruction, steps);
      const bool call = !request_.follow_calls && !over_ && instruction.text.starts_with("call");
      if (call) over_ = Over{state.pc + instruction.bytes.size(), state.sp};
      const Stepped stepped = step_once(machine_, request_.vcpu);
      if (!stepped.trouble.empty()) {
        return usage_error("the window " + request_.window.name + " cannot be walked: " + stepped.trouble + " at " +
                           symbols_.describe(state.pc));
      }
      if (stepped.candidate && matches(request_.window.close.pattern, *stepped.candidate)) break;
    }
    if (walked_.target.value == 0) walked_.target = Gva(machine_.mailbox().target());
    return std::move(walked_);
  }

 private:
  [[nodiscard]] bool closes_here(const CpuState& state) const {
    const EventPattern& close = request_.window.close.pattern;
    return close.address && *close.address == state.pc && !walked_.boundaries.empty();
  }

  Error never_closes(const CpuState& state) const {
    return usage_error("the window " + request_.window.name + " does not close within " +
                           std::to_string(request_.most_steps) + " instructions; it is at " +
                           symbols_.describe(state.pc),
                       "while a window is walked the other vCPUs stand still: if it waits for them, try --cpus 1; else "
                       "choose another end");
  }

  [[nodiscard]] Instruction instruction_at(const CpuState& state) const {
    const ReadVirtual read = virtual_reader(kHostIsa, state.space, machine_.memory());
    const std::vector<Instruction> lines = disassembler_.around(state.pc, 0, 0, symbols_, read);
    return lines.empty() ? Instruction{state.pc, {}, "(not mapped)", true} : lines.front();
  }

  void add(const CpuState& state, const Instruction& instruction, std::uint64_t steps) {
    Boundary boundary;
    boundary.pc = state.pc;
    if (const auto symbol = symbols_.lookup(state.pc)) {
      boundary.symbol = symbol->name;
      boundary.offset = symbol->offset;
    }
    boundary.visit = ++visits_[state.pc];
    boundary.steps = steps;
    boundary.interrupts_on = state.interrupts_enabled;
    boundary.entry = entry_of(state, machine_.memory(), request_.target);
    boundary.text = instruction.text;
    boundary.bytes = hex_bytes(instruction.bytes);
    walked_.boundaries.push_back(std::move(boundary));
  }

  Machine& machine_;
  const Symbols& symbols_;
  const WalkRequest& request_;
  Disassembler disassembler_;
  Walked walked_;
  std::optional<Over> over_;
  std::map<Gva, std::uint64_t> visits_;
};

}  // namespace

Stepped step_once(Machine& machine, unsigned vcpu) {
  Stepped stepped;
  for (int kicks = 0; kicks < kMostKicks; ++kicks) {
    const Stop stop = machine.vcpu(vcpu).step(true);
    if (std::holds_alternative<InterruptedStop>(stop)) continue;
    if (const auto* step = std::get_if<StepStop>(&stop)) {
      stepped.pc = step->pc;
      return stepped;
    }
    stepped.candidate = machine.candidate_of(vcpu, stop);
    if (!stepped.candidate && !std::holds_alternative<DoorbellStop>(stop)) stepped.trouble = describe(stop);
    return stepped;
  }
  stepped.trouble = "interrupted again and again";
  return stepped;
}

Result<Walked> walk_window(Machine& machine, const Symbols& symbols, const WalkRequest& request) {
  RS_ASSIGN(Disassembler disassembler, Disassembler::create(kHostIsa));
  return Walker(machine, symbols, request, std::move(disassembler)).run();
}

std::uint64_t visits_between(const Walked& walked, std::size_t from, std::size_t to) {
  const std::uint64_t first = walked.boundaries[from].steps, last = walked.boundaries[to].steps;
  std::uint64_t visits = 0;
  for (std::uint64_t i = first; i <= last; ++i) {
    if (walked.trail[i] == walked.trail[last] && walked.stacks[i] == walked.stacks[last]) ++visits;
  }
  return visits;
}

std::string step_to(Machine& machine, const Symbols& symbols, unsigned vcpu, const Walked& walked, std::size_t index) {
  const std::uint64_t steps = walked.boundaries[index].steps;
  const auto astray = [&](std::uint64_t after, Gva pc) {
    return "another way: after " + std::to_string(after) + " instructions it was at " + symbols.describe(pc) +
           ", not at " + symbols.describe(walked.trail[after]);
  };
  for (std::uint64_t i = 0; i < steps; ++i) {
    const Stepped stepped = step_once(machine, vcpu);
    if (!stepped.trouble.empty()) return stepped.trouble;
    if (stepped.pc && *stepped.pc != walked.trail[i + 1]) return astray(i + 1, *stepped.pc);
  }
  const Result<CpuState> state = machine.vcpu(vcpu).state();
  if (!state) return state.error().message;
  return state->pc == walked.trail[steps] ? std::string() : astray(steps, state->pc);
}

}  // namespace remapstorm
