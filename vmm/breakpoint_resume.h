// SPDX-License-Identifier: Apache-2.0
// BreakpointResume: going on from a hardware execution breakpoint so that each logical occurrence is reported once.
//
// The instruction at the breakpoint has not run when it hits; entering the guest again with the breakpoint armed would
// hit again. So the vCPU is stepped once with breakpoints removed, then they are armed again. An interrupt, NMI or
// fault may be taken in place of that one instruction: the handler later returns to the same pc with the same stack
// pointer, and that second hit is the same occurrence and stays silent. It is not an option to block interrupts during
// the step: an interrupt injected at the breakpoint must be taken exactly there.
//
// Pure: no KVM. An occurrence whose context never comes back (the fault was fixed up to another pc, the task moved to
// another vCPU) leaves an entry behind that can swallow one later hit at exactly that pc and stack pointer; the number
// of such entries is bounded.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "base/address.h"

namespace remapstorm {

class BreakpointResume {
 public:
  struct Where {
    Gva pc;
    Gva sp;
    bool operator==(const Where&) const = default;
  };
  // What stands in memory where an interrupt entry would have saved the interrupted context.
  struct StepOutcome {
    Where now;
    std::optional<Where> saved;
    bool unfinished = false;  // the instruction is a repeated string instruction with iterations left
  };

  // A breakpoint hit at `at`. True: report it. False: it is an occurrence already reported.
  // Either way the next entry must be a step, see must_step().
  bool on_hit(Where at);

  // Before each guest entry: whether to step with breakpoints removed. False once the vCPU is elsewhere (the caller of
  // run() may have changed its registers).
  [[nodiscard]] bool must_step(Where at) const { return stepping_ && *stepping_ == at; }

  // The step ended.
  void on_step(const StepOutcome& outcome);

  // The step did not end: another breakpoint hit first, inside a handler. To be followed by on_hit() for that one.
  void on_interrupted();

  // The vCPU is not where it was left: somebody set its registers, or the instruction is through without a step.
  void on_moved() { stepping_.reset(); }

  // Forget everything (breakpoints replaced, snapshot restored).
  void reset();

  [[nodiscard]] bool stepping() const { return stepping_.has_value(); }
  [[nodiscard]] std::optional<Where> stepping_from() const { return stepping_; }
  [[nodiscard]] std::size_t interrupted_count() const { return interrupted_.size(); }

  // All of it, to be kept in a snapshot and put back. More entries than are ever kept: the oldest are dropped.
  struct State {
    std::optional<Where> stepping;
    std::vector<Where> interrupted;
    bool operator==(const State&) const = default;
  };
  [[nodiscard]] State state() const { return {stepping_, interrupted_}; }
  void set_state(State state);

 private:
  static constexpr std::size_t kMaxInterrupted = 64;
  void remember(Where at);

  std::optional<Where> stepping_;
  std::vector<Where> interrupted_;  // reported, instruction not yet executed; oldest first
};

}  // namespace remapstorm
