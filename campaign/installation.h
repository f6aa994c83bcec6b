// SPDX-License-Identifier: Apache-2.0
// Installation: where this program runs and what came with it.
#pragma once

#include <string>
#include <vector>

#include "base/paths.h"
#include "plan/catalogue.h"

namespace remapstorm {

// Words after the program's name.
using Arguments = std::vector<std::string>;

struct Installation {
  Environment environment;
  std::string home;                   // used when HOME is unset
  ScenarioCatalogue shipped;          // scenarios that have names
  std::string source_dir;             // top of the source tree, for tools/ and guest/; empty if it is gone
  std::string version;                // of remapstorm
  std::string called = "remapstorm";  // how hints name the program: "./run" when started by it

  // Errors: those of find_paths().
  [[nodiscard]] Result<Paths> paths() const { return find_paths(environment, home); }
};

}  // namespace remapstorm
