// SPDX-License-Identifier: Apache-2.0
#include "campaign/count_stepper.h"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <span>

#include "vmm/arch/arch.h"
#include "vmm/arch/host.h"
#include "vmm/guest_context.h"
#include "vmm/page_walk.h"

namespace remapstorm {
namespace {

constexpr std::size_t kLongestInstruction = 15;

}  // namespace

Result<Stepped> CountStepper::step(const CountedRange& range) {
  RS_ASSIGN(const CpuState state, machine_.vcpu(vcpu_).state());
  const auto symbol = symbols_.lookup(state.pc);
  const std::string function(symbol ? symbol->name : std::string_view());
  const bool at_entry = symbol && symbol->offset == 0;
  const Known& known = instruction_at(state);
  if (known.role == InstructionRole::sleep) {
    return usage_error("it sleeps, at " + symbols_.describe(state.pc) + ", and only an interrupt would wake it");
  }
  if (known.role == InstructionRole::may_send || known.writes) RS_TRY(note_sent(state, known));
  count.step({state.pc, state.sp, function, at_entry, known.role == InstructionRole::spin_hint, clear(state, range),
              known.returns_to});
  Stepped stepped = step_once(machine_, vcpu_);
  if (!stepped.trouble.empty()) {
    return usage_error(stepped.trouble + " at " + symbols_.describe(state.pc));
  }
  if (known.sequence && stepped.pc) count_inside(*known.sequence, state, *stepped.pc, range);
  return stepped;
}

void CountStepper::count_from(Gva entry, const CpuState& state) {
  count = StepCount();
  const auto symbol = symbols_.lookup(entry);
  const std::string function(symbol ? symbol->name : std::string_view());
  CpuState at = state;
  for (at.pc = entry; at.pc < state.pc; at.pc = behind(at)) count.step({at.pc, at.sp, function});
}

void CountStepper::count_inside(const ExclusiveSequence& sequence, const CpuState& state, Gva left_to,
                                const CountedRange& range) {
  const auto end = std::ranges::find(sequence.ends, left_to, &ExclusiveSequence::End::pc);
  if (end == sequence.ends.end()) return;  // by an exception at its load
  const auto symbol = symbols_.lookup(state.pc);
  CpuState at = state;
  for (std::size_t i = 0; i < end->executed; ++i) {
    at.pc = behind(at);
    count.step({at.pc, at.sp, symbol ? symbol->name : std::string_view(), false, false, clear(state, range)});
  }
}

Gva CountStepper::behind(const CpuState& state) {
  return state.pc + std::max<std::size_t>(1, disassembler_.one(instruction_at(state).code, state.pc).bytes.size());
}

bool CountStepper::clear(const CpuState& state, const CountedRange& range) const {
  for (std::uint64_t at = 0; at < range.bytes; at += kCountedPage) {
    if (!walk(kHostIsa, state.space, machine_.memory(), range.start + at).present()) return true;
  }
  return false;
}

const CountStepper::Known& CountStepper::instruction_at(const CpuState& state) {
  const auto found = known_.find(state.pc);
  if (found != known_.end()) return found->second;
  Known known;
  known.code.resize(kLongestInstruction);
  const ReadVirtual read = virtual_reader(kHostIsa, state.space, machine_.memory());
  if (read(state.pc, std::as_writable_bytes(std::span(known.code)))) {
    known.role = role_of(kHostIsa, known.code);
    const auto branch = branch_of(kHostIsa, known.code, state.pc);
    if (branch && branch->call) known.returns_to = state.pc + disassembler_.one(known.code, state.pc).bytes.size();
    known.sequence = exclusive_sequence(kHostIsa, state.pc, read);
    known.writes =
        arch_of(kHostIsa).sent_by_store != nullptr && decoder_.classify(known.code, state.pc) == AccessKind::write;
    if (known.writes) {
      const std::string text = disassembler_.one(known.code, state.pc).text;
      known.source = text.substr(text.rfind(' ') + 1);
    }
  } else {
    known.code.clear();
  }
  return known_.emplace(state.pc, std::move(known)).first->second;
}

Status CountStepper::note_sent(const CpuState& state, const Known& known) {
  RS_ASSIGN(const RegisterValue value, register_values(machine_.vcpu(vcpu_)));
  std::optional<SentInterrupt> sent;
  if (known.role == InstructionRole::may_send) sent = sent_interrupt(kHostIsa, known.code, value);
  if (known.writes) {
    for (const MemoryAccess& access : decoder_.accesses(known.code, state.pc, value)) {
      if (!access.address || access.size != 4) continue;
      const auto physical = walk(kHostIsa, state.space, machine_.memory(), *access.address).physical;
      if (!physical) continue;
      const auto stored = value(known.source);
      sent = sent_by_store(kHostIsa, *physical,
                           stored ? static_cast<std::uint32_t>(*stored)
                                  : static_cast<std::uint32_t>(std::strtoull(known.source.c_str(), nullptr, 0)));
    }
  }
  if (sent) ++(sent->nmi ? nmis : interrupts);
  return {};
}

}  // namespace remapstorm
