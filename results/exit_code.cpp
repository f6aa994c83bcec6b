// SPDX-License-Identifier: Apache-2.0
#include "results/exit_code.h"

namespace remapstorm {
namespace {

// Of a trial that came to no verdict of the guest.
int code_of_trouble(const TrialResult& trial) {
  return exit_code_of(trial.error ? trial.error->kind : kind_of_trouble(trial.judgement));
}

int code_of_verdict(const TrialResult& trial) {
  if (*trial.verdict == Verdict::error) return code_of_trouble(trial);
  if (trial.differences.empty() && (trial.ok || trial.error)) return kExitOk;
  return *trial.verdict == Verdict::timeout ? kExitTimeout : kExitDiffers;
}

}  // namespace

int exit_code(const TrialResult& trial) {
  if (!trial.verdict) return trial.error ? exit_code_of(trial.error->kind) : kExitInternal;
  const int seen = code_of_verdict(trial);
  // What was seen stands, also when its recording could not be written.
  return trial.error ? worse_of(seen, exit_code_of(trial.error->kind)) : seen;
}

int exit_code(std::span<const ScenarioResults> results) {
  bool any = false;
  int worst = kExitOk;
  for (const ScenarioResults& scenario : results) {
    // A scenario without trials ran nothing: not green.
    if (scenario.trials.empty()) worst = worse_of(worst, kExitInternal);
    for (const TrialResult& trial : scenario.trials) {
      any = true;
      worst = worse_of(worst, exit_code(trial));
    }
  }
  return any ? worst : kExitInternal;
}

}  // namespace remapstorm
