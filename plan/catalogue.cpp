// SPDX-License-Identifier: Apache-2.0
#include "plan/catalogue.h"

#include <algorithm>
#include <filesystem>

#include "base/names.h"

namespace remapstorm {
namespace {

bool looks_like_path(const std::string& typed) {
  return typed.find('/') != std::string::npos || typed.ends_with(".toml");
}

}  // namespace

Result<ScenarioCatalogue> scan_scenarios(const std::string& directory) {
  ScenarioCatalogue catalogue{directory, {}};
  std::error_code error;
  for (std::filesystem::directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->path().extension() == ".toml") catalogue.names.push_back(entry->path().stem().string());
  }
  if (error) return usage_error("cannot read the scenario folder " + directory + ": " + error.message());
  if (catalogue.names.empty()) return usage_error("no scenario (*.toml) in " + directory);
  std::sort(catalogue.names.begin(), catalogue.names.end());
  return catalogue;
}

bool is_unknown_name(const ScenarioCatalogue& catalogue, const std::string& typed) {
  return !looks_like_path(typed) && !std::binary_search(catalogue.names.begin(), catalogue.names.end(), typed);
}

Result<std::string> scenario_path(const ScenarioCatalogue& catalogue, const std::string& typed) {
  if (std::binary_search(catalogue.names.begin(), catalogue.names.end(), typed)) {
    return catalogue.directory + "/" + typed + ".toml";
  }
  if (looks_like_path(typed)) {
    std::error_code error;
    const auto status = std::filesystem::status(typed, error);
    if (std::filesystem::is_directory(status)) {
      return usage_error(typed + " is a folder, not a scenario file", "--scenario-dir " + typed + " uses a folder");
    }
    if (std::filesystem::exists(status)) return typed;
    return usage_error("no such scenario file: " + typed, "`remapstorm list` shows the scenarios that have names");
  }
  const std::vector<std::string> near = near_matches(typed, catalogue.names);
  const std::string hint =
      near.empty() ? "known scenarios: " + join(catalogue.names) : "did you mean " + join(near) + "?";
  return usage_error("unknown scenario '" + typed + "'", hint);
}

}  // namespace remapstorm
