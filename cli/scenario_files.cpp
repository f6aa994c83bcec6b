// SPDX-License-Identifier: Apache-2.0
#include "cli/scenario_files.h"

#include <algorithm>
#include <filesystem>

#include "injectors/catalogue.h"
#include "vmm/arch/arch.h"
#include "vmm/arch/host.h"

namespace remapstorm {

Result<ScenarioCatalogue> chosen_catalogue(const CommandContext& context, const std::string& scenario_dir) {
  if (!scenario_dir.empty()) return scan_scenarios(scenario_dir);
  return context.shipped;
}

Vocabulary full_vocabulary() { return make_vocabulary(injector_catalogue()); }

Result<Scenario> open_scenario(const CommandContext& context, const ScenarioCatalogue& catalogue,
                               const std::string& typed, const Vocabulary& vocabulary) {
  RS_ASSIGN(const std::string path, scenario_path(catalogue, typed));
  RS_ASSIGN(Scenario scenario, load_scenario(path, vocabulary));
  std::error_code error;
  const auto& names = context.shipped.names;
  scenario.shipped =
      std::find(names.begin(), names.end(), scenario.name) != names.end() &&
      std::filesystem::equivalent(path, context.shipped.directory + "/" + scenario.name + ".toml", error);
  return scenario;
}

Result<std::vector<Scenario>> open_scenarios(const CommandContext& context, const std::string& scenario_dir,
                                             const std::vector<std::string>& typed) {
  RS_ASSIGN(const ScenarioCatalogue catalogue, chosen_catalogue(context, scenario_dir));
  const Vocabulary vocabulary = full_vocabulary();
  const std::vector<std::string>& wanted = typed.empty() ? catalogue.names : typed;
  if (wanted.empty()) return usage_error("there are no scenarios", "name a scenario file");
  std::vector<Scenario> scenarios;
  for (const std::string& name : wanted) {
    RS_ASSIGN(Scenario scenario, open_scenario(context, catalogue, name, vocabulary));
    scenarios.push_back(std::move(scenario));
  }
  return scenarios;
}

std::vector<Scenario> on_this_architecture(const std::vector<Scenario>& scenarios) {
  std::vector<Scenario> here;
  here.reserve(scenarios.size());
  for (const Scenario& scenario : scenarios) here.push_back(scenario.on(arch_of(kHostIsa).guest));
  return here;
}

}  // namespace remapstorm
