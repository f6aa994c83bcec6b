// SPDX-License-Identifier: Apache-2.0
#include "campaign/sweep_repeat.h"

#include <algorithm>
#include <filesystem>

#include "base/atomic_file.h"
#include "base/names.h"
#include "base/shell_word.h"
#include "plan/repeat.h"
#include "results/work_folder.h"

namespace remapstorm {
namespace {

std::string whole_path(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::absolute(path, ignored).lexically_normal().string();
}

}  // namespace

Status keep_scenarios(const std::string& directory, const std::vector<Scenario>& scenarios,
                      std::map<std::string, Plan>& plans) {
  for (auto& cell : plans) {
    Plan& plan = cell.second;
    const auto scenario = std::find_if(scenarios.begin(), scenarios.end(),
                                       [&](const Scenario& one) { return one.name == plan.scenario; });
    const std::string path = directory + "/trials/" + kept_scenario_name(plan);
    RS_TRY(make_folders(std::filesystem::path(path).parent_path()));
    RS_TRY(write_file_atomically(path, scenario->text));
    plan.kept_scenario = path;
  }
  return {};
}

Arguments sweep_words(const SweepOptions& options, const std::vector<std::string>& files,
                      const std::vector<std::string>& hosts) {
  Arguments words = {"--strategies", join(options.strategies, ","),
                     "--flavours",   join(options.flavours, ","),
                     "--hosts",      join(hosts, ","),
                     "--seeds",      std::to_string(options.seeds)};
  if (!files.empty()) words.insert(words.end(), {"--scenarios", join(files, ",")});
  if (options.jobs) words.insert(words.end(), {"--jobs", std::to_string(*options.jobs)});
  if (options.timeout) {
    const auto whole = (options.timeout->count() + 999'999) / 1'000'000;
    words.insert(words.end(), {"--timeout", std::to_string(whole) + "ms"});
  }
  return words;
}

std::string go_on_line(const Installation& installation, const SweepOptions& options,
                       const std::vector<Scenario>& scenarios, const std::string& directory) {
  // What nobody named is not named here: of what is, more is told.
  SweepOptions same = options;
  if (!same.strategies_named) same.strategies = {"all"};
  if (!same.flavours_named && same.flavours.size() > 1) same.flavours = {"all"};
  std::vector<std::string> names;
  for (const Scenario& one : scenarios) {
    if (!options.scenarios.empty()) names.push_back(one.shipped ? one.name : whole_path(one.file));
  }
  Arguments words = sweep_words(same, names, options.hosts);
  if (names.empty() && !options.scenario_dir.empty()) {
    words.insert(words.end(), {"--scenario-dir", whole_path(options.scenario_dir)});
  }
  words.insert(words.end(), {"--output-dir", directory, "--resume"});
  std::string line = line_begin(installation.environment) + " sweep";
  for (const std::string& word : words) line += " " + shell_word(word);
  return line;
}

}  // namespace remapstorm
