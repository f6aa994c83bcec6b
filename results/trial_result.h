// SPDX-License-Identifier: Apache-2.0
// TrialResult: what a trial showed, against what its plan expected.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "plan/plan.h"
#include "telemetry/judge.h"

namespace remapstorm {

struct TrialResult {
  std::string scenario;
  std::string strategy;
  std::string flavour;
  std::uint64_t seed = 0;
  std::uint64_t trial = 0;    // from 0
  std::uint64_t attempt = 1;  // which time this same trial ran (--trial K --repeat R)
  Verdict expected = Verdict::clean;
  // Empty: the trial did not run (see `error`). Verdict::error: it ran and the harness or the host failed.
  std::optional<Verdict> verdict;
  bool ok = false;
  std::vector<std::string> reasons;  // why the verdict; then, if not ok, what differs from the expectation
  std::vector<std::string> differences;
  Judgement judgement;
  std::optional<Error> error;  // host or harness trouble; decides the exit code
  bool interrupted = false;    // Ctrl-C or SIGTERM ended it
  bool booted = false;         // it booted its guest; else it went on from a snapshot of the ready doorbell
  Nanoseconds boot_time{0};    // to the ready doorbell, or to where the snapshot goes on; 0: never came there
  Nanoseconds duration{0};     // from there to the end, host time
  std::string directory;       // where events.jsonl and console.log of this trial are
  std::string repeat;          // one command that repeats it
  std::string scenario_sha256, vmlinux_sha256;  // of the bytes that ran; empty: not known
};

// The trial ran: judge what it showed.
TrialResult conclude(const RecordedPlan& plan, const Judgement& judgement);
// The trial, or its whole plan, could not run.
TrialResult did_not_run(const std::string& scenario, const Overrides& overrides, const Error& error);
TrialResult did_not_run(const Plan& plan, std::uint64_t trial, const Error& error);

RecordedPlan recorded(const Plan& plan, std::uint64_t trial);

// Who can mend it that a trial ended with Verdict::error: host, if it may go away by itself; else guest.
ErrorKind kind_of_trouble(const Judgement& judgement);

// What a trial came to, in words by which two trials compare: "deadlock, FINGERPRINT", "clean", "not run".
std::string outcome_of(const TrialResult& trial);

// What differs from the expectation, one line each; empty: as expected.
std::vector<std::string> check_expectation(const Expectation& expectation, const Judgement& judgement);

// The guest has reported something about itself: could what comes behind change what a trial comes to? The first report
// outranks all but a proven deadlock; where one of its sort is expected, evidence may be missing yet.
bool wants_more(const Expectation& expectation, const Judgement& so_far);

}  // namespace remapstorm
