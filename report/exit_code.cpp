// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iterator>

#include "report/report.h"
#include "telemetry/detectors/lifecycle.h"

namespace remapstorm {
namespace {

constexpr int kOk = 0, kDiffers = 1, kCannotRun = 4, kUsage = 64, kBug = 70, kHost = 75, kTimeout = 124;

// The worst of several, worst first. Our own bug comes first, since it casts doubt on all the rest; a bad scenario
// next, since it never gets better by itself; then what was really seen of the guest (a differing verdict, a timeout)
// before trouble of the host, so that a farm that retries on 75 never throws a real failure away; a scenario that could
// not run outranks only success: a test that did not run is never green.
constexpr int kWorstFirst[] = {kBug, kUsage, kDiffers, kTimeout, kHost, kCannotRun, kOk};

int of_error(const Error& error) {
  switch (error.kind) {
    case ErrorKind::usage:
      return kUsage;
    case ErrorKind::unavailable:
      return kCannotRun;
    case ErrorKind::host:
      return kHost;
    case ErrorKind::internal:
      return kBug;
  }
  return kBug;
}

}  // namespace

int exit_code(const TrialResult& trial) {
  if (trial.error) return of_error(*trial.error);
  if (!trial.verdict) return kBug;
  if (*trial.verdict == Verdict::error) {
    // Only what may go away by itself is worth a retry; a guest that does not boot is not.
    const auto& findings = trial.judgement.findings;
    const bool host = !findings.empty() && (findings.front().fingerprint == kHostFailureFingerprint ||
                                            findings.front().fingerprint == kInterruptedFingerprint);
    return host ? kHost : kBug;
  }
  if (trial.ok) return kOk;
  return *trial.verdict == Verdict::timeout ? kTimeout : kDiffers;
}

int worse_of(int one, int other) {
  const auto rank = [](int code) { return std::find(std::begin(kWorstFirst), std::end(kWorstFirst), code); };
  return rank(other) < rank(one) ? other : one;
}

int exit_code(std::span<const ScenarioResults> results) {
  bool any = false;
  int worst = kOk;
  for (const ScenarioResults& scenario : results) {
    // A scenario without trials ran nothing: not green.
    if (scenario.trials.empty()) return kBug;
    for (const TrialResult& trial : scenario.trials) {
      any = true;
      worst = worse_of(worst, exit_code(trial));
    }
  }
  return any ? worst : kBug;
}

}  // namespace remapstorm
