// SPDX-License-Identifier: Apache-2.0
// Exit codes of the program: one table, which docs/commands.md prints, --help sums up and the reports map to their own
// words. A code says who can mend what happened, wherever it surfaced. Those of results come from exit_code.cpp.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/result.h"
#include "results/run.h"

namespace remapstorm {

enum ExitCode : int {
  kExitOk = 0,
  kExitDiffers = 1,      // a verdict differs from the expected one
  kExitTimeout = 3,      // no verdict before the hard limit of a trial; 124 would be timeout(1)'s
  kExitUnavailable = 4,  // cannot run here, nor at a later time
  kExitUsage = 64,       // wrong arguments or a bad scenario
  kExitInternal = 70,    // a bug of remapstorm
  kExitHost = 75,        // host trouble worth a retry
  kExitGuest = 125,      // the guest cannot be tested
  kExitSignal = 128,     // and the signal's number: stopped by it
};

constexpr int exit_code_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::usage:
      return kExitUsage;
    case ErrorKind::unavailable:
      return kExitUnavailable;
    case ErrorKind::host:
      return kExitHost;
    case ErrorKind::guest:
      return kExitGuest;
    case ErrorKind::internal:
      return kExitInternal;
  }
  return kExitInternal;
}

// What a test that ended with it is called by the test formats.
enum class TestOutcome : std::uint8_t { passed, failed, skipped, timeout, error };

struct ExitCodeRow {
  ExitCode code;
  TestOutcome outcome;
  int bisect;         // run --bisect: what `git bisect run` is told; kExitSignal: the code itself
  const char* brief;  // for --help
  const char* meaning;
  const char* mended_by;
  const char* farm;  // what a farm does with it
};
// Each code once, the one that outranks all others first.
std::span<const ExitCodeRow> exit_codes();
// A code that is not in the table is a bug of remapstorm.
const ExitCodeRow& exit_code_row(int code);
inline TestOutcome test_outcome(int code) { return exit_code_row(code).outcome; }

// The one of two that counts.
int worse_of(int one, int other);
// 0: none of 128 + `signal`.
inline int exit_by_signal(int signal) { return signal == 0 ? kExitOk : kExitSignal + signal; }
// What `git bisect run` does the right thing for: 0 good, 1 bad, 125 skip, above 127 end.
int bisect_code(int code);

// The table of docs/commands.md.
std::string exit_codes_markdown();
// "0 as expected, 1 a verdict differs, ...", in lines of --help.
std::string exit_codes_help(std::size_t width);

// No results at all: 70, a run that ran nothing is never green.
int exit_code(const TrialResult& trial);
int exit_code(std::span<const ScenarioResults> results);

}  // namespace remapstorm
