// SPDX-License-Identifier: Apache-2.0
#include "results/step_count.h"

namespace remapstorm {
namespace {

constexpr std::string_view kProbe = "__rs_probe";

// Of the guest's driver, which is what a probe is made of. Who calls a probe is called otherwise, or its name has more
// of the strategy in it; only where a stretch begins inside one does a name have to do.
bool part_of_a_probe(std::string_view function) {
  return function == kProbe || function.starts_with("rs_log") || function.starts_with("rs_hold") ||
         function.starts_with("rs_context");
}

}  // namespace

bool StepCount::in_harness(const CountedStep& step) {
  if (leaving_probe_) {
    if (part_of_a_probe(step.function)) return true;
    leaving_probe_ = false;
  }
  if (probe_depth_ && calls_.size() >= *probe_depth_) return true;
  probe_depth_.reset();
  if (step.function != kProbe || !step.at_entry) return false;
  // Nobody was seen to call it: it has no end but by its name.
  if (calls_.empty()) {
    leaving_probe_ = true;
  } else {
    probe_depth_ = calls_.size();
  }
  return true;
}

void StepCount::unwind(const CountedStep& step) {
  // The newest first: a call inside that was returned from by other means (a retpoline's, a stack switched) goes too.
  for (std::size_t i = calls_.size(); i-- > 0;) {
    if (calls_[i].returns_to != step.pc || calls_[i].sp != step.sp) continue;
    calls_.resize(i);
    break;
  }
  // The function that waited has returned: its caller's loop is none that waits.
  while (!hints_.empty() && trace_[hints_.back()].depth > calls_.size()) hints_.pop_back();
}

void StepCount::take_out_turn(const CountedStep& step) {
  const auto before = visits_.find(visit(step));
  if (before == visits_.end() || before->second >= trace_.size()) return;
  const std::size_t first = before->second;
  if (trace_[first].pc != step.pc || trace_[first].sp != step.sp) return;
  if (hints_.empty() || hints_.back() < first) return;
  // In a turn nothing is done: a loop around it that waits in each of its rounds is no wait.
  for (std::size_t i = first; i < trace_.size(); ++i) {
    if (trace_[i].clear != step.clear || trace_[i].flushing != flushing_) return;
  }
  spin_ += trace_.size() - first;
  trace_.resize(first);
  while (!hints_.empty() && hints_.back() >= first) hints_.pop_back();
}

void StepCount::step(const CountedStep& step) {
  unwind(step);
  take_out_turn(step);
  const bool harness = in_harness(step);
  visits_[visit(step)] = trace_.size();
  if (step.spin_hint) hints_.push_back(trace_.size());
  trace_.push_back({step.pc, step.sp, calls_.size(), std::string(step.function), step.clear, flushing_, harness});
  if (step.returns_to.value != 0) calls_.push_back({step.sp, step.returns_to, ++numbers_});
}

StepSums StepCount::sums() const {
  StepSums sums;
  sums.spin = spin_;
  bool clear = false;
  for (const Taken& one : trace_) {
    const auto count = [&](InstructionSum& sum) { ++(one.harness ? sum.harness : sum.kernel); };
    count(sums.all);
    if (one.flushing) count(sums.flush);
    if (one.clear && !clear) sums.windows.emplace_back();
    if (one.clear) count(sums.windows.back());
    clear = one.clear;
    if (!one.harness) ++sums.functions[one.function.empty() ? "(no symbol)" : one.function];
  }
  return sums;
}

}  // namespace remapstorm
