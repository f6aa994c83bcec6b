// SPDX-License-Identifier: Apache-2.0
#include "cli/scenario_files.h"

#include "injectors/catalogue.h"

namespace remapstorm {

Result<ScenarioCatalogue> chosen_catalogue(const CommandContext& context, const std::string& scenario_dir) {
  if (!scenario_dir.empty()) return scan_scenarios(scenario_dir);
  return context.shipped;
}

Vocabulary full_vocabulary() { return make_vocabulary(injector_catalogue()); }

Result<Scenario> open_scenario(const ScenarioCatalogue& catalogue, const std::string& typed,
                               const Vocabulary& vocabulary) {
  RS_ASSIGN(const std::string path, scenario_path(catalogue, typed));
  return load_scenario(path, vocabulary);
}

std::string chosen_flavour(const Scenario& scenario, const Overrides& overrides) {
  if (overrides.flavour) return *overrides.flavour;
  return scenario.flavours.empty() ? "std" : scenario.flavours.front();
}

}  // namespace remapstorm
