// SPDX-License-Identifier: Apache-2.0
// StepCount: what the instructions of a stretch that was stepped through come to. Pure: made-up steps count as well.
//
// Turns of a loop that waits for another CPU are noise: how many there are depends on when the other is given time. A
// turn is what lies between two visits of the same instruction by the same call of its function, if a spin hint (PAUSE,
// YIELD) of a function that has not returned lies between, and the entry and the flush stay as they were. It is taken
// out, so that a wait of any length counts like one that had nothing to wait for. What belongs to the guest's probes
// (from the entry of __rs_probe until it returns) is the harness's own and counted apart.
//
// A call has returned when the vCPU stands behind it with the stack as it was: true where a call pushes its return
// address, where a leaf of arm64 leaves the stack alone, and behind an interrupt on another stack.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/address.h"

namespace remapstorm {

// Where the vCPU stands, and what it is about to execute.
struct CountedStep {
  Gva pc, sp;
  std::string_view function;  // empty: unknown
  bool at_entry = false;      // of that function
  bool spin_hint = false;
  bool clear = false;  // the entry under change is invalid
  Gva returns_to{};    // of a call: the instruction behind it; 0: it is none
};

struct InstructionSum {
  std::uint64_t kernel = 0;   // the kernel's and the strategy's
  std::uint64_t harness = 0;  // of probes
  bool operator==(const InstructionSum&) const = default;
};

struct StepSums {
  InstructionSum all;
  // With the entry invalid: from behind the store that clears it to the one that sets it.
  std::vector<InstructionSum> windows;
  InstructionSum flush;
  std::uint64_t spin = 0;                          // taken out
  std::map<std::string, std::uint64_t> functions;  // of all.kernel, by function
};

class StepCount {
 public:
  static StepCount from_inside_a_probe() {
    StepCount count;
    count.leaving_probe_ = true;
    return count;
  }
  void step(const CountedStep& step);
  // A probe said so.
  void flush_begins() { flushing_ = true; }
  void flush_ends() { flushing_ = false; }
  [[nodiscard]] std::uint64_t spin() const { return spin_; }
  [[nodiscard]] StepSums sums() const;

 private:
  struct Call {
    Gva sp, returns_to;
    std::uint64_t number = 0;  // from 1
  };
  struct Taken {
    Gva pc, sp;
    std::size_t depth = 0;  // calls that have not returned
    std::string function;
    bool clear = false, flushing = false, harness = false;
  };
  void unwind(const CountedStep& step);
  [[nodiscard]] bool in_harness(const CountedStep& step);
  [[nodiscard]] std::tuple<Gva, Gva, std::uint64_t> visit(const CountedStep& step) const {
    return {step.pc, step.sp, calls_.empty() ? 0 : calls_.back().number};
  }
  void take_out_turn(const CountedStep& step);

  std::vector<Taken> trace_;
  // pc, sp, number of the call -> newest in trace_; may be stale
  std::map<std::tuple<Gva, Gva, std::uint64_t>, std::size_t> visits_;
  std::uint64_t numbers_ = 0;               // given
  std::vector<std::size_t> hints_;          // in trace_
  std::vector<Call> calls_;                 // since the first step; those that have not returned
  std::optional<std::size_t> probe_depth_;  // of calls_, in __rs_probe
  bool leaving_probe_ = false;
  bool flushing_ = false;
  std::uint64_t spin_ = 0;
};

}  // namespace remapstorm
