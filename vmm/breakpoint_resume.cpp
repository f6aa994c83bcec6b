// SPDX-License-Identifier: Apache-2.0
#include "vmm/breakpoint_resume.h"

#include <algorithm>

namespace remapstorm {

bool BreakpointResume::on_hit(Where at) {
  stepping_ = at;
  // Newest first: handlers nest, so the context that returns is the one interrupted last.
  const auto known = std::find(interrupted_.rbegin(), interrupted_.rend(), at);
  if (known == interrupted_.rend()) return true;
  interrupted_.erase(std::next(known).base());
  return false;
}

void BreakpointResume::on_step(const StepOutcome& outcome) {
  if (!stepping_) return;
  const Where began = *stepping_;
  // One iteration of a repeated string instruction: the occurrence goes on.
  if (outcome.unfinished && outcome.now == began) return;
  stepping_.reset();
  if (outcome.saved == began) remember(began);
}

void BreakpointResume::on_interrupted() {
  if (!stepping_) return;
  remember(*stepping_);
  stepping_.reset();
}

void BreakpointResume::remember(Where at) {
  if (interrupted_.size() == kMaxInterrupted) interrupted_.erase(interrupted_.begin());
  interrupted_.push_back(at);
}

void BreakpointResume::set_state(State state) {
  stepping_ = state.stepping;
  interrupted_.clear();
  for (const Where& at : state.interrupted) remember(at);
}

void BreakpointResume::reset() {
  stepping_.reset();
  interrupted_.clear();
}

}  // namespace remapstorm
