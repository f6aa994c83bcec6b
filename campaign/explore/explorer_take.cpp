// SPDX-License-Identifier: Apache-2.0
#include "campaign/explore/explorer_take.h"

#include <algorithm>

#include "campaign/explore/explore_options.h"

namespace remapstorm {

namespace {

// One past the last place with interrupts on; 0: there is none.
std::uint64_t end_of_interrupts_on(const Walked& walked) {
  std::uint64_t end = 0;
  for (const Boundary& one : walked.boundaries) {
    if (one.interrupts_on) end = one.steps + 1;
  }
  return end;
}

}  // namespace

Taking step_until_taken(Machine& machine, unsigned vcpu, const Walked& walked, std::uint64_t from,
                        InjectorKind injected) {
  const std::uint64_t last = walked.boundaries.back().steps;
  const std::uint64_t end = comes_through(injected) ? last + 1 : end_of_interrupts_on(walked);
  if (const Status held = machine.hold_timer(vcpu); !held.ok()) {
    return {Taking::Where::unknown, from, held.error().message};
  }
  // Behind STI it may take one more.
  for (std::uint64_t steps = from; steps < std::min(end + 1, last + 1) && end > from; ++steps) {
    const Stepped stepped = step_once(machine, vcpu, Vcpu::Interrupts::taken);
    if (!stepped.trouble.empty()) return {Taking::Where::unknown, steps, stepped.trouble};
    Gva pc = stepped.pc.value_or(Gva(0));
    if (!stepped.pc) {
      const Result<CpuState> state = machine.vcpu(vcpu).state();
      if (!state) return {Taking::Where::unknown, steps, state.error().message};
      pc = state->pc;
    }
    if (steps + 1 >= walked.trail.size() || pc != walked.trail[steps + 1]) {
      // The instruction that closes a window by ringing has no successor on the trail.
      const bool rang = steps + 1 >= walked.trail.size() && stepped.candidate;
      if (!rang) return {Taking::Where::here, steps, {}};
      break;
    }
    if (std::string why = step_others(machine, vcpu); !why.empty()) return {Taking::Where::unknown, steps, why};
  }
  return {Taking::Where::behind, last + 1, {}};
}

}  // namespace remapstorm
