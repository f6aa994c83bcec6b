// SPDX-License-Identifier: Apache-2.0
// Windows over the trials of a run: a bar from the median to the longest of each trial.
#pragma once

#include <string>

#include "report/html/svg.h"
#include "results/run_record.h"

namespace remapstorm {

// Whether there is something to compare: two trials with windows.
bool has_trial_lengths(const RunRecord& run);
// Of more trials than fit, neighbours share a bar.
std::string trials_svg(const RunRecord& run, const std::string& title, Look look);

}  // namespace remapstorm
