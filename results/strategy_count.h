// SPDX-License-Identifier: Apache-2.0
// How long a remap strategy was in guest instructions (campaign/strategy_count.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "results/step_count.h"

namespace remapstorm {

// One remap of the vmemmap of a 2 MiB page, page tables split before: from behind remap.begin to remap.end.
struct RemapCount {
  StepSums sums;
  std::uint64_t interrupts = 0;  // sent to other vCPUs
  std::uint64_t nmis = 0;
  bool operator==(const RemapCount&) const;
};

// A fault of another vCPU on an entry that is invalid: from the first instruction of the exception's entry until the
// faulting instruction is executed again.
struct FaultCount {
  std::optional<StepSums> sums;  // none: see `why`
  bool impossible = false;       // a remap was seen in which no entry is ever invalid; else it was not counted
  std::string why;
};

struct CountRun {
  std::optional<RemapCount> optimize, restore;
  FaultCount fault;
  std::string trouble;  // why it was not counted, or empty
};

// What the runs of one strategy agree in. Where they do not, `spread` says in which functions.
struct StrategyCount {
  std::vector<CountRun> runs;
  [[nodiscard]] bool steady() const;
  // "optimize: 2 instructions more in smp_call_function_many_cond", ...; empty if steady.
  [[nodiscard]] std::vector<std::string> spread() const;
};

}  // namespace remapstorm
