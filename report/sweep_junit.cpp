// SPDX-License-Identifier: Apache-2.0
// JUnit XML of a sweep, as CI servers read it: testsuites > testsuite (scenario) > testcase (one trial).
#include <algorithm>
#include <cstdio>

#include "report/exit_code.h"
#include "report/sweep.h"
#include "report/text.h"

namespace remapstorm {
namespace {

// What a guest wrote need not be UTF-8.
std::string ascii_xml(std::string text) {
  for (char& letter : text) {
    if (static_cast<unsigned char>(letter) >= 0x80) letter = '?';
  }
  return xml_text(text);
}

struct Suite {
  std::string cases;
  std::size_t tests = 0, failures = 0, errors = 0, skipped = 0;
  double seconds = 0;
};

std::string seconds_text(double seconds) {
  char text[48];
  std::snprintf(text, sizeof(text), "%.3f", seconds);
  return text;
}

void add_trial(Suite& suite, const std::string& head, const SweepTrial& trial) {
  const double seconds = in_seconds(trial.duration);
  suite.seconds += seconds;
  suite.cases += head + " time=\"" + seconds_text(seconds) + "\"";
  if (trial.ok) {
    suite.cases += "/>\n";
    return;
  }
  const std::string message =
      " message=\"" + ascii_xml(trial.differences.empty() ? trial.reason : trial.differences.front()) + "\"";
  if (trial.exit_code == kExitUnavailable) {
    ++suite.skipped;
    suite.cases += ">\n      <skipped" + message + "/>\n    </testcase>\n";
    return;
  }
  const bool failure = trial.exit_code == kExitDiffers;
  ++(failure ? suite.failures : suite.errors);
  const std::string element = failure ? "failure" : "error";
  suite.cases += ">\n      <" + element + message + " type=\"" + std::string(verdict_name(trial.verdict)) + "\">" +
                 ascii_xml(trial.reason) + "\nrepeat it: " + ascii_xml(trial.repeat) + "</" + element +
                 ">\n    </testcase>\n";
}

void add_missing(Suite& suite, const std::string& head, const Sweep& sweep, const SweepCell& cell) {
  const SweepGap* gap = sweep.gap_of(cell);
  const bool skip = gap != nullptr && gap->why.kind == ErrorKind::unavailable;
  ++(skip ? suite.skipped : suite.errors);
  suite.cases += head + ">\n      <" + (skip ? "skipped" : "error") +
                 " message=\"not run: " + ascii_xml(missing_reason(sweep, cell)) + "\"/>\n    </testcase>\n";
}

void add_cell(Suite& suite, const Sweep& sweep, const SweepCell& cell) {
  const std::vector<const SweepTrial*> trials = sweep.trials_of(cell);
  auto next = trials.begin();
  for (std::uint64_t seed = 1; seed <= sweep.matrix.seeds; ++seed) {
    ++suite.tests;
    const std::string head = "    <testcase classname=\"" + ascii_xml(cell.scenario) + "." + ascii_xml(cell.strategy) +
                             "." + ascii_xml(cell.flavour) + "." + ascii_xml(cell.host) + "\" name=\"seed-" +
                             std::to_string(seed) + "\"";
    if (next == trials.end() || (*next)->seed != seed) {
      add_missing(suite, head, sweep, cell);
    } else {
      add_trial(suite, head, **next++);
    }
  }
}

std::string counts_text(const Suite& suite) {
  return " tests=\"" + std::to_string(suite.tests) + "\" failures=\"" + std::to_string(suite.failures) +
         "\" errors=\"" + std::to_string(suite.errors) + "\" skipped=\"" + std::to_string(suite.skipped) +
         "\" time=\"" + seconds_text(suite.seconds) + "\"";
}

}  // namespace

std::string sweep_junit(const Sweep& sweep) {
  Suite all;
  std::string suites;
  std::string properties;
  if (const std::string host = host_line(sweep); !host.empty()) {
    properties = "    <properties><property name=\"host\" value=\"" + ascii_xml(host) + "\"/></properties>\n";
  }
  for (const std::string& scenario : sweep.matrix.scenarios) {
    Suite suite;
    for (const SweepCell& cell : sweep.cells.made) {
      if (cell.scenario == scenario) add_cell(suite, sweep, cell);
    }
    if (suite.tests == 0) continue;
    suites += "  <testsuite name=\"" + ascii_xml(scenario) + "\"" + counts_text(suite) + ">\n" + properties +
              suite.cases + "  </testsuite>\n";
    all.tests += suite.tests;
    all.failures += suite.failures;
    all.errors += suite.errors;
    all.skipped += suite.skipped;
    all.seconds += suite.seconds;
  }
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"remapstorm sweep\"" + counts_text(all) +
         ">\n" + suites + "</testsuites>\n";
}

}  // namespace remapstorm
