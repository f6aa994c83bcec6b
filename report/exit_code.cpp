// SPDX-License-Identifier: Apache-2.0
#include "report/exit_code.h"

#include <algorithm>
#include <iterator>

#include "report/report.h"

namespace remapstorm {
namespace {

// The worst of several, worst first. Our own bug comes first, since it casts doubt on all the rest; a bad scenario
// next, since it never gets better by itself; then what was really seen of the guest (a differing verdict, a timeout)
// before trouble of the host, so that a farm that retries on 75 never throws a real failure away; a scenario that could
// not run outranks only success: a test that did not run is never green.
constexpr int kWorstFirst[] = {kExitInternal, kExitUsage,       kExitDiffers, kExitTimeout,
                               kExitHost,     kExitUnavailable, kExitOk};

}  // namespace

int exit_code(const TrialResult& trial) {
  if (trial.error) return exit_code_of(trial.error->kind);
  if (!trial.verdict) return kExitInternal;
  if (*trial.verdict == Verdict::error) {
    // Only what may go away by itself is worth a retry; a guest that does not boot is not.
    const auto& findings = trial.judgement.findings;
    return !findings.empty() && is_host_trouble(findings.front().kind) ? kExitHost : kExitInternal;
  }
  if (trial.ok) return kExitOk;
  return *trial.verdict == Verdict::timeout ? kExitTimeout : kExitDiffers;
}

int worse_of(int one, int other) {
  const auto rank = [](int code) { return std::find(std::begin(kWorstFirst), std::end(kWorstFirst), code); };
  return rank(other) < rank(one) ? other : one;
}

int exit_code(std::span<const ScenarioResults> results) {
  bool any = false;
  int worst = kExitOk;
  for (const ScenarioResults& scenario : results) {
    // A scenario without trials ran nothing: not green.
    if (scenario.trials.empty()) return kExitInternal;
    for (const TrialResult& trial : scenario.trials) {
      any = true;
      worst = worse_of(worst, exit_code(trial));
    }
  }
  return any ? worst : kExitInternal;
}

}  // namespace remapstorm
