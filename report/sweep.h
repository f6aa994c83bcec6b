// SPDX-License-Identifier: Apache-2.0
// The faces of a sweep: one table for the terminal, sweep.json, KTAP with a level for each part of the matrix, JUnit.
// All pure, but for reading one back. What did not run is never green in any of them.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "report/report.h"
#include "results/sweep_summary.h"

namespace remapstorm {

// Rows scenario, strategy, flavour; a column for each host. Lines of at most style.width columns, but for the commands
// that repeat what was not as expected.
void write_sweep_table(std::ostream& out, TerminalStyle style, const Sweep& sweep);
// scenario > strategy > flavour > host > seed.
std::string sweep_ktap(const Sweep& sweep);
// One testsuite for each scenario, one testcase for each trial.
std::string sweep_junit(const Sweep& sweep);

}  // namespace remapstorm
