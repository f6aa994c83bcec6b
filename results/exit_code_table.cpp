// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iterator>
#include <vector>

#include "results/exit_code.h"

namespace remapstorm {
namespace {

constexpr int kBisectEnds = 255;

// What was really seen of a guest comes first: neither a disk that filled up, nor a signal, nor a bug that another
// trial met takes it back, and a farm that retries must not throw it away. Then what gets better only if somebody acts,
// then what may do so by itself. What could not run outranks only success: a test that did not run is never green.
constexpr ExitCodeRow kRows[] = {
    {kExitDiffers, TestOutcome::failed, 1, "a verdict differs",
     "a verdict differs from the expected one, or minimize and explore did not come to their end",
     "kernel or expectation", "report"},
    {kExitInternal, TestOutcome::error, kBisectEnds, "bug of remapstorm",
     "a bug of remapstorm; `./run`: the harness or the guest image does not build", "remapstorm", "report to us"},
    {kExitUsage, TestOutcome::error, kBisectEnds, "wrong arguments or scenario",
     "wrong arguments, a scenario with mistakes, an output folder or file that was asked for and cannot be had",
     "who typed it", "stop"},
    {kExitTimeout, TestOutcome::timeout, kExitGuest, "no verdict in time",
     "no verdict before the hard limit of a trial (`--timeout`, or the scenario's)", "who set the limit, or the kernel",
     "report"},
    {kExitGuest, TestOutcome::error, kExitGuest, "guest cannot be tested",
     "the guest cannot be tested: it did not boot, powered itself off, could not do its work, or its evidence is not "
     "whole",
     "the kernel, its configuration or command line", "report"},
    {kExitHost, TestOutcome::error, kExitGuest, "host trouble, worth a retry",
     "trouble of the host that may go away: disk full, out of memory, too busy", "time", "requeue"},
    {kExitSignal, TestOutcome::error, kExitSignal, "stopped by signal n",
     "stopped by signal n, and what ended before was as expected; it was kept", "who sent it", "requeue"},
    {kExitUnavailable, TestOutcome::skipped, kBisectEnds, "cannot run here",
     "cannot run here: no usable /dev/kvm, no guest image, a limit (`ulimit -v`), a folder nobody may write to, "
     "packages "
     "missing",
     "who looks after the machine", "another machine"},
    {kExitOk, TestOutcome::passed, 0, "as expected", "every verdict as expected", "", "done"},
};

const char* ktap_word(TestOutcome outcome) {
  switch (outcome) {
    case TestOutcome::passed:
      return "`ok`";
    case TestOutcome::failed:
      return "`not ok`";
    case TestOutcome::skipped:
      return "`ok # SKIP`";
    case TestOutcome::timeout:
      return "`not ok # TIMEOUT`";
    case TestOutcome::error:
      return "`not ok # ERROR`";
  }
  return "";
}

const char* junit_word(TestOutcome outcome) {
  switch (outcome) {
    case TestOutcome::passed:
      return "passed";
    case TestOutcome::failed:
      return "failure";
    case TestOutcome::skipped:
      return "skipped";
    case TestOutcome::timeout:
    case TestOutcome::error:
      return "error";
  }
  return "";
}

std::string number_of(const ExitCodeRow& row) {
  return row.code == kExitSignal ? "128+n" : std::to_string(static_cast<int>(row.code));
}

std::string bisect_word(int code) {
  switch (code) {
    case 0:
      return "0: good";
    case 1:
      return "1: bad";
    case kExitGuest:
      return "125: skip";
    case kExitSignal:
      return "128+n: end";
    default:
      return std::to_string(code) + ": end";
  }
}

}  // namespace

std::span<const ExitCodeRow> exit_codes() { return kRows; }

const ExitCodeRow& exit_code_row(int code) {
  const int wanted = code > kExitSignal ? kExitSignal : code;
  const auto* const row =
      std::find_if(std::begin(kRows), std::end(kRows), [&](const ExitCodeRow& one) { return one.code == wanted; });
  return row != std::end(kRows) ? *row : exit_code_row(kExitInternal);
}

int worse_of(int one, int other) { return &exit_code_row(other) < &exit_code_row(one) ? other : one; }

int bisect_code(int code) {
  const int told = exit_code_row(code).bisect;
  return told == kExitSignal ? code : told;
}

std::string exit_codes_markdown() {
  std::string text =
      "| code | meaning | mended by | a farm | `run --bisect` | KTAP | JUnit |\n|---|---|---|---|---|---|---|\n";
  for (const ExitCodeRow& row : kRows) {
    text += "| " + number_of(row) + " | " + row.meaning + " | " + row.mended_by + " | " + row.farm + " | " +
            bisect_word(row.bisect) + " | " + ktap_word(row.outcome) + " | " + junit_word(row.outcome) + " |\n";
  }
  return text;
}

std::string exit_codes_help(std::size_t width) {
  std::vector<const ExitCodeRow*> rows;
  for (const ExitCodeRow& row : kRows) rows.push_back(&row);
  std::sort(rows.begin(), rows.end(), [](const auto* a, const auto* b) { return a->code < b->code; });
  std::string text, line = "exit: ";
  for (const ExitCodeRow* row : rows) {
    std::string part = number_of(*row) + " " + row->brief + (row == rows.back() ? "" : ",");
    if (line.size() + part.size() > width) {
      text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
      line = "      ";
    }
    line += part + " ";
  }
  return text + line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
}

}  // namespace remapstorm
