// SPDX-License-Identifier: Apache-2.0
// KTAP version 1 of a sweep (Linux Documentation/dev-tools/ktap.rst): scenario > strategy > flavour > host > seed.
#include <algorithm>
#include <functional>
#include <span>

#include "report/exit_code.h"
#include "report/sweep.h"
#include "report/text.h"

namespace remapstorm {
namespace {

constexpr int kLevels = 4;  // above the seeds

// What a test came to, and so do those it is part of.
struct Outcome {
  std::size_t passed = 0, failed = 0, skipped = 0;
  void add(const Outcome& other) {
    passed += other.passed;
    failed += other.failed;
    skipped += other.skipped;
  }
};

struct Part {
  std::string text;
  Outcome outcome;
};

std::string indent(int level) { return std::string(static_cast<std::size_t>(level) * 2, ' '); }

std::string heading(int level, std::size_t tests) {
  return indent(level) + "KTAP version 1\n" + indent(level) + "1.." + std::to_string(tests) + "\n";
}

std::string part_of(const SweepCell& cell, int level) {
  switch (level) {
    case 0:
      return cell.scenario;
    case 1:
      return cell.strategy;
    case 2:
      return cell.flavour;
    default:
      return cell.host;
  }
}

std::string directive(const SweepTrial& trial) {
  switch (trial.exit_code) {
    case kExitOk:
    case kExitDiffers:
      return {};
    case kExitUnavailable:
      return " # SKIP " + ktap_text(trial.reason);
    case kExitTimeout:
      return " # TIMEOUT " + ktap_text(trial.reason);
    default:
      return " # ERROR " + ktap_text(trial.reason);
  }
}

std::string diagnostics(const std::string& before, const SweepTrial& trial) {
  std::string text = before + "# expected " + std::string(verdict_name(trial.expected)) + ", got " +
                     std::string(verdict_name(trial.verdict)) + ": " + ktap_text(trial.reason) + "\n";
  for (const std::string& one : trial.differences) text += before + "# not as expected: " + ktap_text(one) + "\n";
  if (!trial.ok) text += before + "# repeat it: " + ktap_text(trial.repeat) + "\n";
  return text;
}

Part seeds_of(const Sweep& sweep, const SweepCell& cell) {
  Part part;
  part.text = heading(kLevels, sweep.matrix.seeds);
  const std::vector<const SweepTrial*> trials = sweep.trials_of(cell);
  const SweepGap* gap = sweep.gap_of(cell);
  // What this machine cannot do is skipped; what was only not reached has failed.
  const bool skip = gap != nullptr && gap->why.kind == ErrorKind::unavailable;
  const std::string missing =
      skip ? " # SKIP " + ktap_text(gap->why.message) : " # ERROR not run: " + ktap_text(missing_reason(sweep, cell));
  auto next = trials.begin();
  for (std::uint64_t seed = 1; seed <= sweep.matrix.seeds; ++seed) {
    const std::string name = " " + std::to_string(seed) + " seed-" + std::to_string(seed);
    if (next == trials.end() || (*next)->seed != seed) {
      part.text += indent(kLevels) + (skip ? "ok" : "not ok") + name + missing + "\n";
      ++(skip ? part.outcome.skipped : part.outcome.failed);
      continue;
    }
    const SweepTrial& trial = **next++;
    const bool skipped = trial.exit_code == kExitUnavailable;
    part.text += diagnostics(indent(kLevels), trial) + indent(kLevels) + (trial.ok || skipped ? "ok" : "not ok") +
                 name + directive(trial) + "\n";
    ++(trial.ok ? part.outcome.passed : skipped ? part.outcome.skipped : part.outcome.failed);
  }
  return part;
}

std::string result_line(int level, std::size_t number, const std::string& name, const Outcome& outcome) {
  std::string line =
      indent(level) + (outcome.failed == 0 ? "ok " : "not ok ") + std::to_string(number) + " " + ktap_text(name);
  // Never plain ok when a part of it did not run.
  if (outcome.failed == 0 && outcome.skipped != 0) {
    line += " # SKIP " + std::to_string(outcome.skipped) + " of " + std::to_string(outcome.skipped + outcome.passed) +
            " not run";
  }
  return line + "\n";
}

Part tests_of(const Sweep& sweep, std::span<const SweepCell> cells, int level) {
  if (level == kLevels) return seeds_of(sweep, cells.front());
  std::vector<std::string> names;
  for (const SweepCell& cell : cells) {
    const std::string name = part_of(cell, level);
    if (names.empty() || names.back() != name) names.push_back(name);
  }
  Part part;
  part.text = heading(level, names.size());
  std::size_t begin = 0;
  for (std::size_t i = 0; i < names.size(); ++i) {
    std::size_t end = begin;
    while (end < cells.size() && part_of(cells[end], level) == names[i]) ++end;
    const Part inner = tests_of(sweep, cells.subspan(begin, end - begin), level + 1);
    part.text += inner.text + result_line(level, i + 1, names[i], inner.outcome);
    part.outcome.add(inner.outcome);
    begin = end;
  }
  return part;
}

}  // namespace

std::string sweep_ktap(const Sweep& sweep) {
  std::string text = tests_of(sweep, sweep.cells.made, 0).text;
  if (const std::string host = host_line(sweep); !host.empty()) text += "# " + ktap_text(host) + "\n";
  return text + "# remapstorm " + ktap_text(sweep.version) + ": " + ktap_text(sweep_summary(sweep)) + "\n";
}

}  // namespace remapstorm
