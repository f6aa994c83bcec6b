// SPDX-License-Identifier: Apache-2.0
// Where remapstorm keeps things that outlive a run.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/result.h"

namespace remapstorm {

// Value of an environment variable, or nothing if it is unset or empty.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;
Environment process_environment();

struct Paths {
  std::string cache;  // ${REMAPSTORM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/remapstorm}: guest images, figures
  std::string state;  // ${REMAPSTORM_STATE:-${XDG_STATE_HOME:-$HOME/.local/state}/remapstorm}: results of runs
};
// `home` is used when HOME is unset. Error: host, if no home is known and a path needs it.
Result<Paths> find_paths(const Environment& environment, const std::string& home);
// The home of the user database, or empty.
std::string home_from_user_database();

}  // namespace remapstorm
