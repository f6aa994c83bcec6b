// SPDX-License-Identifier: Apache-2.0
#include "campaign/explore/explorer_walk.h"

#include <array>
#include <map>

#include "results/code_owner.h"
#include "vmm/arch/host.h"
#include "vmm/disassembler.h"
#include "vmm/exclusive_sequence.h"
#include "vmm/instruction_role.h"
#include "vmm/page_walk.h"

namespace remapstorm {
namespace {

constexpr int kMostKicks = 4;  // of an earlier pause, not yet noticed

// A call that is stepped over: everything until it returns to `to` with the stack as it was.
struct Over {
  Gva to;
  Gva stack;
};

class Walker {
 public:
  Walker(Machine& machine, const Symbols& symbols, const WalkRequest& request, Disassembler disassembler)
      : machine_(machine), symbols_(symbols), request_(request), disassembler_(std::move(disassembler)) {}

  Result<Walked> run(const AtBoundary& at_boundary) {
    walked_.kind = request_.kind;
    walked_.target = request_.target;
    for (std::uint64_t steps = 0;; ++steps) {
      RS_ASSIGN(const CpuState state, machine_.vcpu(request_.vcpu).state());
      walked_.trail.push_back(state.pc);
      walked_.stacks.push_back(state.sp);
      if (closes_here(state)) break;
      if (steps >= request_.most_steps) return never_closes(state);
      const Instruction instruction = instruction_at(state);
      const CodeOwner code = reader_.owner(symbol_at(state.pc), instruction.text, state.sp);
      if (over_ && state.pc == over_->to && state.sp == over_->stack) over_.reset();
      if (!over_) {
        RS_TRY(add(state, instruction, steps, code));
        if (at_boundary) RS_TRY(at_boundary(walked_.boundaries.size() - 1, steps));
        RS_TRY(add_inside_of_sequence(state, steps));
      }
      const std::optional<Branch> branch = branch_of(kHostIsa, instruction.bytes, state.pc);
      if (!request_.follow_calls && !over_ && branch && branch->call)
        over_ = Over{state.pc + instruction.bytes.size(), state.sp};
      const Stepped stepped = step_once(machine_, request_.vcpu);
      if (!stepped.trouble.empty()) {
        return usage_error("the window " + request_.window.name + " cannot be walked: " + stepped.trouble + " at " +
                           symbols_.describe(state.pc));
      }
      if (closes_with(stepped)) break;
      if (std::string why = step_others(machine_, request_.vcpu); !why.empty()) {
        return usage_error("the window " + request_.window.name + " cannot be walked: " + why);
      }
    }
    if (walked_.target.value == 0) walked_.target = Gva(machine_.mailbox().target());
    return std::move(walked_);
  }

 private:
  [[nodiscard]] std::string_view symbol_at(Gva pc) const {
    const auto symbol = symbols_.lookup(pc);
    return symbol ? std::string_view(symbol->name) : std::string_view();
  }

  [[nodiscard]] bool closes_with(const Stepped& stepped) const {
    return !request_.window.of_entry && stepped.candidate && matches(request_.window.close.pattern, *stepped.candidate);
  }

  [[nodiscard]] bool closes_here(const CpuState& state) const {
    if (request_.kind == WindowKind::absent) {
      return entry_of(state, machine_.memory(), request_.target) == EntryState::present;
    }
    if (request_.kind == WindowKind::replaced) return reached_ == 2;
    const EventPattern& close = request_.window.close.pattern;
    return close.address && *close.address == state.pc && !walked_.boundaries.empty();
  }

  Error never_closes(const CpuState& state) const {
    return usage_error("the window " + request_.window.name + " does not close within " +
                           std::to_string(request_.most_steps) + " instructions; it is at " +
                           symbols_.describe(state.pc),
                       "while a window is walked the other vCPUs take NMIs and no interrupts: if it waits for an "
                       "interrupt of theirs, try --cpus 1; else choose another end");
  }

  [[nodiscard]] Instruction instruction_at(const CpuState& state) const {
    const ReadVirtual read = virtual_reader(kHostIsa, state.space, machine_.memory());
    const std::vector<Instruction> lines = disassembler_.around(state.pc, 0, 0, symbols_, read);
    return lines.empty() ? Instruction{state.pc, {}, "(not mapped)", true} : lines.front();
  }

  // The next step goes over these.
  Status add_inside_of_sequence(CpuState state, std::uint64_t steps) {
    ++reached_;
    const auto sequence =
        exclusive_sequence(kHostIsa, state.pc, virtual_reader(kHostIsa, state.space, machine_.memory()));
    for (std::size_t i = 0; sequence && i < sequence->inside; ++i) {
      const Instruction before = instruction_at(state);
      state.pc = state.pc + before.bytes.size();
      const Instruction instruction = instruction_at(state);
      RS_TRY(add(state, instruction, steps, reader_.owner(symbol_at(state.pc), instruction.text, state.sp)));
      walked_.boundaries.back().in_sequence = true;
    }
    return {};
  }

  Status add(const CpuState& state, const Instruction& instruction, std::uint64_t steps, CodeOwner code) {
    if (!state.interrupts_enabled) return host_error("whether interrupts are on could not be read");
    Boundary boundary;
    boundary.pc = state.pc;
    if (const auto symbol = symbols_.lookup(state.pc)) {
      boundary.symbol = symbol->name;
      boundary.offset = symbol->offset;
    }
    boundary.visit = ++visits_[state.pc];
    boundary.steps = steps;
    boundary.interrupts_on = *state.interrupts_enabled;
    boundary.entry = entry_of(state, machine_.memory(), request_.target);
    boundary.code = code;
    boundary.text = instruction.text;
    boundary.bytes = hex_bytes(instruction.bytes);
    walked_.boundaries.push_back(std::move(boundary));
    return {};
  }

  Machine& machine_;
  const Symbols& symbols_;
  const WalkRequest& request_;
  Disassembler disassembler_;
  CodeReader reader_;
  Walked walked_;
  std::optional<Over> over_;
  std::size_t reached_ = 0;  // boundaries at which the vCPU stood
  std::map<Gva, std::uint64_t> visits_;
};

}  // namespace

Stepped step_once(Machine& machine, unsigned vcpu, Vcpu::Interrupts interrupts) {
  Stepped stepped;
  if (interrupts == Vcpu::Interrupts::taken && !machine.breakpoints()) {
    stepped.trouble = "execution breakpoints do not fire on this host's KVM: a step into a handler may have no end";
    return stepped;
  }
  if (const Status kept = machine.keep_time(); !kept.ok()) {
    stepped.trouble = kept.error().message;
    return stepped;
  }
  for (int kicks = 0; kicks < kMostKicks; ++kicks) {
    const Stop stop = machine.vcpu(vcpu).step(interrupts);
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

std::string step_others(Machine& machine, unsigned vcpu) {
  for (unsigned other = 0; other < machine.vcpu_count(); ++other) {
    if (other == vcpu) continue;
    const std::string name = "vCPU " + std::to_string(other) + ": ";
    const auto readiness = machine.vcpu(other).readiness();
    if (!readiness) return name + readiness.error().message;
    if (*readiness != Vcpu::Readiness::runs && *readiness != Vcpu::Readiness::takes_nmi) continue;
    const auto interrupts = *readiness == Vcpu::Readiness::runs ? Vcpu::Interrupts::blocked : Vcpu::Interrupts::taken;
    const Stepped stepped = step_once(machine, other, interrupts);
    if (!stepped.trouble.empty()) return name + stepped.trouble;
  }
  return {};
}

Result<EntryOpening> find_entry_opening(Machine& machine, const WalkRequest& request) {
  EntryWatch watch(request.target);
  for (std::uint64_t steps = 0; steps < request.most_steps; ++steps) {
    RS_ASSIGN(const CpuState state, machine.vcpu(request.vcpu).state());
    switch (watch.look(state, machine.memory())) {
      case EntryWatch::Phase::before:
        break;
      case EntryWatch::Phase::absent:
        return EntryOpening{WindowKind::absent, steps};
      case EntryWatch::Phase::made:
      case EntryWatch::Phase::replaced:
        return EntryOpening{WindowKind::replaced, steps - 1};
    }
    const Stepped stepped = step_once(machine, request.vcpu);
    std::string trouble = stepped.trouble.empty() ? step_others(machine, request.vcpu) : stepped.trouble;
    if (!trouble.empty()) {
      return usage_error("the window " + request.window.name + " cannot be walked: " + trouble + " before it opens");
    }
  }
  return usage_error("the window " + request.window.name + " does not open: the entry is as it was after " +
                     std::to_string(request.most_steps) + " instructions");
}

Result<Walked> walk_window(Machine& machine, const Symbols& symbols, const WalkRequest& request,
                           const AtBoundary& at_boundary) {
  RS_ASSIGN(Disassembler disassembler, Disassembler::create(kHostIsa));
  return Walker(machine, symbols, request, std::move(disassembler)).run(at_boundary);
}

std::uint64_t visits_between(const Walked& walked, std::size_t from, std::size_t to) {
  const std::uint64_t first = walked.boundaries[from].steps, last = walked.boundaries[to].steps;
  std::uint64_t visits = 0;
  for (std::uint64_t i = first; i <= last; ++i) {
    if (walked.trail[i] == walked.trail[last] && walked.stacks[i] == walked.stacks[last]) ++visits;
  }
  return visits;
}

std::string step_to(Machine& machine, const Symbols& symbols, unsigned vcpu, const Walked& walked, std::uint64_t from,
                    std::size_t index) {
  const std::uint64_t steps = walked.boundaries[index].steps;
  const auto astray = [&](std::uint64_t after, Gva pc) {
    return "another way: after " + std::to_string(after) + " instructions it was at " + symbols.describe(pc) +
           ", not at " + symbols.describe(walked.trail[after]);
  };
  for (std::uint64_t i = from; i < steps; ++i) {
    const Stepped stepped = step_once(machine, vcpu);
    if (!stepped.trouble.empty()) return stepped.trouble;
    if (stepped.pc && *stepped.pc != walked.trail[i + 1]) return astray(i + 1, *stepped.pc);
    if (std::string why = step_others(machine, vcpu); !why.empty()) return why;
  }
  const Result<CpuState> state = machine.vcpu(vcpu).state();
  if (!state) return state.error().message;
  return state->pc == walked.trail[steps] ? std::string() : astray(steps, state->pc);
}

}  // namespace remapstorm
