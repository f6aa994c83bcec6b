// SPDX-License-Identifier: Apache-2.0
// KTAP version 1 of a sweep (Linux Documentation/dev-tools/ktap.rst): scenario > strategy > flavour > host > seed.
#include <algorithm>
#include <functional>
#include <span>

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

// kunit.py takes the name of a level from its "# Subtest:" line.
std::string heading(int level, std::size_t tests, const std::string& name) {
  return indent(level) + "KTAP version 1\n" +
         (level == 0 ? "" : indent(level) + "# Subtest: " + ktap_text(name) + "\n") + indent(level) + "1.." +
         std::to_string(tests) + "\n";
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

std::string diagnostics(const std::string& before, const SweepTrial& trial) {
  std::string text = before + "# expected " + std::string(verdict_name(trial.expected)) + ", got " +
                     std::string(verdict_name(trial.verdict)) + ": " + ktap_text(trial.reason) + "\n";
  for (const std::string& one : trial.differences) text += before + "# not as expected: " + ktap_text(one) + "\n";
  if (!trial.ok) text += before + "# repeat it: " + ktap_text(trial.repeat) + "\n";
  return text;
}

// Whoever flattens the tree sees the leaves alone: each says all that it is.
std::string leaf_name(const SweepCell& cell, std::uint64_t seed) {
  return cell.scenario + "." + cell.strategy + "." + cell.flavour + "." + cell.host + ".seed-" + std::to_string(seed);
}

Part seeds_of(const Sweep& sweep, const SweepCell& cell) {
  Part part;
  part.text = heading(kLevels, sweep.matrix.seeds, part_of(cell, kLevels - 1));
  const std::vector<const SweepTrial*> trials = sweep.trials_of(cell);
  auto next = trials.begin();
  for (std::uint64_t seed = 1; seed <= sweep.matrix.seeds; ++seed) {
    const bool ran = next != trials.end() && (*next)->seed == seed;
    const SweepTrial* trial = ran ? *next++ : nullptr;
    const TestOutcome outcome = ran ? test_outcome(trial->exit_code) : missing_outcome(sweep, cell);
    const std::string why = ran ? trial->reason : missing_reason(sweep, cell);
    if (ran) part.text += diagnostics(indent(kLevels), *trial);
    part.text += indent(kLevels) + ktap_result(outcome, seed, leaf_name(cell, seed), (ran ? "" : "not run: ") + why);
    ++(outcome == TestOutcome::passed    ? part.outcome.passed
       : outcome == TestOutcome::skipped ? part.outcome.skipped
                                         : part.outcome.failed);
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

Part tests_of(const Sweep& sweep, std::span<const SweepCell> cells, int level, const std::string& part_name = {}) {
  if (level == kLevels) return seeds_of(sweep, cells.front());
  std::vector<std::string> names;
  for (const SweepCell& cell : cells) {
    const std::string name = part_of(cell, level);
    if (names.empty() || names.back() != name) names.push_back(name);
  }
  Part part;
  part.text = heading(level, names.size(), part_name);
  std::size_t begin = 0;
  for (std::size_t i = 0; i < names.size(); ++i) {
    std::size_t end = begin;
    while (end < cells.size() && part_of(cells[end], level) == names[i]) ++end;
    const Part inner = tests_of(sweep, cells.subspan(begin, end - begin), level + 1, names[i]);
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
