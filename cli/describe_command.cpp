// SPDX-License-Identifier: Apache-2.0
// describe: the whole story of scenarios.
#include <algorithm>
#include <filesystem>

#include "base/shell_word.h"
#include "cli/arguments.h"
#include "cli/scenario_files.h"
#include "cli/scenario_words.h"
#include "plan/repeat.h"
#include "results/exit_code.h"
#include "telemetry/proof_standard.h"

namespace remapstorm {
namespace {

constexpr unsigned kDescribeWidth = 100, kLeastWidth = 40;

void section(std::ostream& out, std::size_t width, const std::string& title, const std::string& text) {
  if (!text.empty()) out << '\n' << title << '\n' << wrapped(text, 2, width);
}

bool expects_deadlock(const Scenario& scenario) {
  return usual_expectation(scenario).verdict == Verdict::deadlock ||
         std::any_of(scenario.other_expectations.begin(), scenario.other_expectations.end(),
                     [](const auto& one) { return one.second.verdict == Verdict::deadlock; });
}

void expected(std::ostream& out, const Scenario& scenario, std::size_t width) {
  out << wrapped("with " + scenario.strategy + ": " + expectation_in_words(usual_expectation(scenario)), 2, width);
  for (const auto& [key, expectation] : scenario.other_expectations) {
    if (&expectation == &usual_expectation(scenario)) continue;
    out << wrapped("with " + expectation_key(scenario, key) + ": " + expectation_in_words(expectation), 2, width);
  }
}

void describe(const CommandContext& context, const Scenario& scenario) {
  std::ostream& out = context.out;
  const std::size_t width =
      context.columns == 0 ? kDescribeWidth : std::clamp(context.columns, kLeastWidth, kDescribeWidth);
  out << wrapped(scenario.name + ": " + scenario.summary, 0, width);
  section(out, width, "Story", scenario.description);
  section(out, width, "Prediction", scenario.prediction);
  section(out, width, "Observed", scenario.observed);
  out << "\nGuest\n"
      << wrapped(std::to_string(scenario.cpus) + (scenario.cpus == 1 ? " vCPU, " : " vCPUs, ") +
                     std::to_string(scenario.memory >> 20) + " MiB; strategy " + scenario.strategy +
                     " (makes sense for " + join(scenario.strategies, ", ") + "); flavours " +
                     join(scenario.flavours, ", ") + made_for_in_words(scenario),
                 2, width);
  if (!scenario.append.empty()) out << "  command line: " << scenario.append << '\n';
  out << "  a trial may take " << duration_in_words(scenario.limits.timeout) << '\n';
  out << "\nWorkloads\n";
  for (const Workload& workload : scenario.workloads) out << wrapped(workload_in_words(workload), 2, width);
  out << "\nRules\n";
  if (scenario.rules.empty()) out << "  none: nothing is injected\n";
  for (const Rule& rule : scenario.rules) {
    out << "  " << rule.name << (rule.strategies.empty() ? "" : ", with " + join(rule.strategies, ", ")) << '\n'
        << wrapped(trigger_in_words(rule.when), 4, width) << wrapped(action_in_words(rule.action), 4, width);
  }
  out << "\nExpected\n";
  expected(out, scenario, width);
  for (const auto& [architecture, said] : scenario.architectures) {
    section(out, width, "Prediction on " + architecture, said.prediction);
    section(out, width, "Observed on " + architecture, said.observed);
    if (said.expectation || !said.strategies.empty()) {
      out << "\nExpected on " << architecture << '\n';
      expected(out, scenario.on(architecture), width);
    }
  }
  if (expects_deadlock(scenario)) {
    section(out, width, "What proves a deadlock", proof_words(Looks::apart) + " " + proof_reason());
  }
  if (!scenario.claims.empty()) out << "\nClaims\n  " << join(scenario.claims, " ") << " (docs/findings.md)\n";
  std::error_code error;
  const std::string file = std::filesystem::absolute(scenario.file, error).lexically_normal().string();
  out << "\nRun it\n  " << line_begin(context.environment) << " run "
      << (scenario.shipped ? scenario.name : shell_word(file)) << "\n  file: " << scenario.file << '\n';
}

}  // namespace

int describe_command(const CommandContext& context, const Arguments& arguments) {
  std::vector<std::string> names;
  std::optional<std::string> scenario_dir;
  ArgumentParser parser(
      context, {"describe SCENARIO...", "Tells what a scenario asks, what it does to the guest and what it expects.",
                "describe irq-same-cpu"});
  parser.positional("SCENARIO", names, "names (see list) or scenario files");
  parser.option("--scenario-dir", scenario_dir, "DIR", "take scenario names from this folder");
  if (const auto finished = parse_or_finish(parser, context, arguments)) return *finished;
  const Result<ScenarioCatalogue> catalogue = chosen_catalogue(context, scenario_dir.value_or(""));
  if (!catalogue.ok()) return report_error(context, catalogue.error());
  const Vocabulary vocabulary = full_vocabulary();
  bool first = true;
  for (const std::string& name : names) {
    const Result<Scenario> scenario = open_scenario(context, *catalogue, name, vocabulary);
    if (!scenario.ok()) return report_error(context, scenario.error());
    if (!first) context.out << "\n----\n\n";
    first = false;
    describe(context, *scenario);
  }
  return kExitOk;
}

}  // namespace remapstorm
