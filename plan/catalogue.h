// SPDX-License-Identifier: Apache-2.0
// ScenarioCatalogue: the shipped scenarios by name. CMake generates the names from scenarios/*.toml
// (cli/CMakeLists.txt) and main passes them in; --scenario-dir replaces them by the files of another folder.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace remapstorm {

struct ScenarioCatalogue {
  std::string directory;
  std::vector<std::string> names;  // sorted; DIRECTORY/NAME.toml exists
};

// Every *.toml of a folder. Error: usage, if it cannot be read or holds none.
Result<ScenarioCatalogue> scan_scenarios(const std::string& directory);

// Whether what a person typed is meant as a name, and there is none such.
bool is_unknown_name(const ScenarioCatalogue& catalogue, const std::string& typed);

// Path of the scenario file for what a person typed: a name of the catalogue, or a path (it holds a '/' or ends in
// ".toml"). Error: usage, with near names as the hint.
Result<std::string> scenario_path(const ScenarioCatalogue& catalogue, const std::string& typed);

}  // namespace remapstorm
