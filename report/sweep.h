// SPDX-License-Identifier: Apache-2.0
// The faces of a sweep: one table for the terminal, sweep.json, KTAP with a level for each part of the matrix, JUnit.
// All pure, but for reading one back. What did not run is never green in any of them.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "report/exit_code.h"
#include "report/report.h"
#include "results/sweep.h"

namespace remapstorm {

// Rows scenario, strategy, flavour; a column for each host. Lines of at most style.width columns, but for the commands
// that repeat what was not as expected.
void write_sweep_table(std::ostream& out, TerminalStyle style, const Sweep& sweep);
// "120 trials in 12 cells: 118 as expected, 2 not; 3 cells not run; 8 not made for".
std::string sweep_summary(const Sweep& sweep);

// "kvm: kvm-hardware, Linux 6.12, AMD EPYC"; empty if this machine was not asked for or has no usable /dev/kvm.
std::string host_line(const Sweep& sweep);
// sweep.json, schema 1 (docs/sweep.md).
std::string sweep_json(const Sweep& sweep);
// Which cells of such a file did not run to their end, as cells of `host`. Error: usage (cannot be read, another
// schema, no sweep).
Result<std::vector<SweepGap>> read_sweep_gaps(const std::string& path, const std::string& host);
// scenario > strategy > flavour > host > seed.
std::string sweep_ktap(const Sweep& sweep);
// One testsuite for each scenario, one testcase for each trial.
std::string sweep_junit(const Sweep& sweep);

// The worst of all trials and gaps, in the order of report.h; a trial that is missing counts as one that cannot run.
// No cell at all: 64, the matrix is a mistake.
int sweep_exit_code(const Sweep& sweep);

// Why a trial of a cell is missing: the gap's reason, or that the sweep ended before it.
std::string missing_reason(const Sweep& sweep, const SweepCell& cell);
// What cannot be run is skipped; what was only not reached has failed.
TestOutcome missing_outcome(const Sweep& sweep, const SweepCell& cell);

}  // namespace remapstorm
