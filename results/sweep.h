// SPDX-License-Identifier: Apache-2.0
// Sweep: scenario x strategy x flavour x host x seed, and what came of it. Plain data and pure functions;
// report/sweep.h turns it into a table, JSON, KTAP and JUnit.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "plan/plan.h"
#include "plan/scenario.h"

namespace remapstorm {

// What was asked for; each list in the order given, nothing twice.
struct SweepMatrix {
  std::vector<std::string> scenarios;  // their names
  std::vector<std::string> strategies;
  std::vector<std::string> flavours;
  std::vector<std::string> hosts;  // "kvm": this machine; "lab:x86"
  std::uint64_t seeds = 1;         // each cell with the seeds 1 to this
  // Somebody named each of them, instead of saying "all": what none of the cells has must not be passed over.
  bool scenarios_named = false, strategies_named = false, flavours_named = false;
  std::string architecture = {};  // of this machine: a lab's is known by its name; see Scenario::on()
};

struct SweepCell {
  std::string scenario, strategy, flavour, host;
  bool operator==(const SweepCell&) const = default;
};
// "irq-same-cpu, bbm-fault, std, kvm".
std::string name_of(const SweepCell& cell);

// A cell of which nothing more can be run.
struct SweepGap {
  SweepCell cell;
  Error why;
};

struct SweepCells {
  std::vector<SweepCell> made;     // in the order of the matrix, hosts innermost
  std::uint64_t not_made_for = 0;  // cells that their scenario does not want: left out, and no pass
  // Those of `made` that their scenario does not want either, and that stand there because something that was asked for
  // by name would be in no cell otherwise.
  std::vector<SweepGap> refused;
};
// `scenarios`: those that the matrix names, in any order. Nothing is made if no scenario wants any cell.
SweepCells cells_of(const SweepMatrix& matrix, std::span<const Scenario> scenarios);

// One trial that ran.
struct SweepTrial {
  SweepCell cell;
  std::uint64_t seed = 1;
  Verdict verdict = Verdict::error;
  Verdict expected = Verdict::clean;
  bool ok = false;
  int exit_code = 70;                    // of this trial alone (results/exit_code.cpp)
  std::string reason;                    // why this verdict, one line
  std::vector<std::string> differences;  // from the expectation
  std::string fingerprint;               // of the finding that decided, or empty
  Nanoseconds duration{0};               // from the ready doorbell, host time
  std::string repeat;                    // one command that repeats it
  std::string events;                    // folder of its recording below the output folder; empty: not kept
  bool operator==(const SweepTrial&) const = default;
};

struct Sweep {
  std::string version;     // of remapstorm
  std::string started_at;  // RFC 3339, UTC
  Nanoseconds took{0};
  HostInfo host;  // this machine; its kind is empty if it runs no guests
  SweepMatrix matrix;
  SweepCells cells;
  std::vector<SweepTrial> trials;
  std::vector<SweepGap> gaps;
  bool interrupted = false;
  int worst_elsewhere = 0;  // exit code of the sweeps on other hosts, in the order of report.h

  [[nodiscard]] std::vector<const SweepTrial*> trials_of(const SweepCell& cell) const;  // by seed
  // Null: every trial of this cell that is missing was not reached.
  [[nodiscard]] const SweepGap* gap_of(const SweepCell& cell) const;
};

// What a cell came to, in words to count: as expected first, then the rest; "not run" last. Nothing
// of one that is not made.
struct SweepCount {
  std::string word;  // "deadlock", "not run"
  std::uint64_t count = 0;
  bool unexpected = false;  // also true for an error and for what did not run
};
std::vector<SweepCount> counts_of(const Sweep& sweep, const SweepCell& cell);

}  // namespace remapstorm
