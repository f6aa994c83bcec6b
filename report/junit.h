// SPDX-License-Identifier: Apache-2.0
// JUnit XML, as CI servers read it: testsuites > testsuite > testcase. Every command with verdicts makes its cases of
// what it has seen (results_cases.h, sweep.h, soak.h, comparison.h, certificate.h); the writing is here. Pure.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "results/exit_code.h"

namespace remapstorm {

struct JunitCase {
  std::string suite;
  std::string classname;
  std::string name;
  TestOutcome outcome = TestOutcome::passed;
  std::optional<double> seconds;  // nothing: not known, and then it has no time
  std::string message;            // one line; why, if not passed
  std::string type;               // "deadlock", "error"
  std::string text;               // what else is to be said; cut if it is long
};

// `command`: "sweep"; `host`: a line about the machine, or empty. Suites in the order in which they first appear.
// Readers keep one of two cases with the same classname and name: the second is told apart ("trial-0-again-2").
std::string junit_xml(const std::string& command, const std::string& host, std::span<const JunitCase> cases);

}  // namespace remapstorm
