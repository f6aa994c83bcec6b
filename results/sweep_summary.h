// SPDX-License-Identifier: Apache-2.0
// A sweep in a line, its exit code, and what of it is missing.
#pragma once

#include <string>

#include "results/exit_code.h"
#include "results/sweep.h"

namespace remapstorm {

// "120 trials in 12 cells: 118 as expected, 2 not; 3 cells not run; 8 not made for".
std::string sweep_summary(const Sweep& sweep);

// "kvm: kvm-hardware, Linux 6.12, AMD EPYC"; empty if this machine was not asked for or has no usable /dev/kvm.
std::string host_line(const Sweep& sweep);
// The worst of all trials and gaps, in the order of exit_code.h; a trial that is missing counts as one that cannot run.
// No cell at all: 64, the matrix is a mistake.
int sweep_exit_code(const Sweep& sweep);

// Why a trial of a cell is missing: the gap's reason, or that the sweep ended before it.
std::string missing_reason(const Sweep& sweep, const SweepCell& cell);
// What cannot be run is skipped; what was only not reached has failed.
TestOutcome missing_outcome(const Sweep& sweep, const SweepCell& cell);

}  // namespace remapstorm
