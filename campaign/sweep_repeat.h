// SPDX-License-Identifier: Apache-2.0
// What a sweep leaves behind so that its trials can be repeated, and it can be gone on with.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "campaign/sweep.h"
#include "plan/plan.h"

namespace remapstorm {

// For the lines that repeat a trial: copies of the files below DIRECTORY/trials, since those that a person gave may be
// others by then. `plans` name them from here on. Error: host.
Status keep_scenarios(const std::string& directory, const std::vector<Scenario>& scenarios,
                      std::map<std::string, Plan>& plans);

// The words after `sweep` that ask for the same matrix on these hosts. `files`: the scenarios' files, absolute; empty:
// all.
Arguments sweep_words(const SweepOptions& options, const std::vector<std::string>& files,
                      const std::vector<std::string>& hosts);

// The line that goes on with the sweep of these options in `directory`, to be pasted into a shell in any folder.
std::string go_on_line(const Installation& installation, const SweepOptions& options,
                       const std::vector<Scenario>& scenarios, const std::string& directory);

}  // namespace remapstorm
