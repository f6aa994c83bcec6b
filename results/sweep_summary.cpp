// SPDX-License-Identifier: Apache-2.0
#include "results/sweep_summary.h"

#include <algorithm>

#include "base/plural.h"

namespace remapstorm {

std::string sweep_summary(const Sweep& sweep) {
  std::uint64_t as_expected = 0, failed = 0, differ = 0, not_run = 0;
  for (const SweepTrial& trial : sweep.trials) {
    ++(trial.ok ? as_expected : trial.verdict == Verdict::error ? failed : differ);
  }
  for (const SweepCell& cell : sweep.cells.made) {
    not_run += sweep.matrix.seeds - std::min<std::uint64_t>(sweep.matrix.seeds, sweep.trials_of(cell).size());
  }
  std::string text = plural(sweep.trials.size(), "trial") + " in " + plural(sweep.cells.made.size(), "cell") + ": " +
                     std::to_string(as_expected) + " as expected";
  if (differ != 0) text += ", " + std::to_string(differ) + " not";
  if (failed != 0) text += ", " + std::to_string(failed) + " without a verdict";
  if (not_run != 0) text += ", " + std::to_string(not_run) + " not run";
  if (sweep.cells.not_made_for != 0) {
    text += "; " + plural(sweep.cells.not_made_for, "cell") +
            (sweep.cells.not_made_for == 1 ? " that its scenario is" : " that their scenarios are") + " not made for";
  }
  return text;
}

std::string host_line(const Sweep& sweep) {
  const HostInfo& host = sweep.host;
  return host.kind.empty() ? std::string() : "kvm: " + host.kind + ", Linux " + host.kernel + ", " + host.cpu;
}

int sweep_exit_code(const Sweep& sweep) {
  if (sweep.cells.made.empty()) return kExitUsage;
  int worst = sweep.worst_elsewhere;
  for (const SweepTrial& trial : sweep.trials) worst = worse_of(worst, trial.exit_code);
  for (const SweepGap& gap : sweep.gaps) worst = worse_of(worst, exit_code_of(gap.why.kind));
  for (const SweepCell& cell : sweep.cells.made) {
    if (sweep.trials_of(cell).size() < sweep.matrix.seeds) worst = worse_of(worst, kExitUnavailable);
  }
  return worst;
}

TestOutcome missing_outcome(const Sweep& sweep, const SweepCell& cell) {
  const SweepGap* gap = sweep.gap_of(cell);
  const bool skip = gap != nullptr && gap->why.kind == ErrorKind::unavailable;
  return skip ? TestOutcome::skipped : TestOutcome::error;
}

std::string missing_reason(const Sweep& sweep, const SweepCell& cell) {
  if (const SweepGap* gap = sweep.gap_of(cell)) return gap->why.message;
  return sweep.interrupted ? "the sweep was stopped before it" : "the sweep ended before it";
}

}  // namespace remapstorm
