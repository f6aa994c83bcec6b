// SPDX-License-Identifier: Apache-2.0
// The command that repeats something: one line, to be pasted into a shell in any folder of the same machine. It names
// the program, the scenario and the kernel by absolute paths (a shipped scenario by its name), and what must be the
// same bytes by their hashes (same_bytes.h).
#pragma once

#include <cstdint>
#include <string>

#include "base/paths.h"
#include "plan/plan.h"

namespace remapstorm {

// How such a line begins: "/x/remapstorm/run --lab x86" if ./run started this (REMAPSTORM_RUN), else the path of
// this program; in the lab, what gets there.
std::string line_begin(const Environment& environment);

// Where results keep the scenario's file: "SCENARIO/scenario-1a2b3c4d5e6f.toml", by its sha256.
std::string kept_scenario_name(const Plan& plan);

// What the plan runs; what is not known is empty.
SameBytes bytes_of(const Plan& plan);

// Repeats exactly this trial. Whatever changes what is asked of guest and injectors is in it.
std::string repeat_command(const Plan& plan, std::uint64_t trial);
// The whole run of `trials` trials, from the first on.
std::string repeat_command_of_all(const Plan& plan, std::uint64_t trials);
// A line of repeat_command() for results that lie elsewhere than where they were to: if the copy of the scenario's file
// that it names is not there, the one of that name in `folder` (RESULTS/SCENARIO), if there is one. `placed`: where
// that folder will be, as it is to be named.
std::string with_kept_scenario(const std::string& line, const std::string& folder, const std::string& placed);
// Of other commands than run: `words` are the command and its options.
std::string repeat_words(const Plan& plan, const std::string& words);

}  // namespace remapstorm
