// SPDX-License-Identifier: Apache-2.0
// list: a line for each scenario.
#include <algorithm>
#include <array>
#include <iomanip>
#include <nlohmann/json.hpp>

#include "cli/arguments.h"
#include "cli/scenario_files.h"
#include "cli/scenario_words.h"
#include "results/exit_code.h"

namespace remapstorm {
namespace {

constexpr std::size_t kMarkdownWidth = 120;
constexpr unsigned kLeastColumns = 40;

// Where the table has no room.
void print_narrow(std::ostream& out, const std::vector<Scenario>& scenarios, unsigned columns) {
  for (const Scenario& scenario : scenarios) {
    out << wrapped(scenario.name + ": " + std::string(verdict_name(usual_expectation(scenario).verdict)) + "; " +
                       (scenario.claims.empty() ? "" : join(scenario.claims, " ") + "; ") + scenario.strategy + "; " +
                       join(scenario.flavours, ", ") + made_for_in_words(scenario),
                   0, columns)
        << wrapped(scenario.summary, 4, columns);
  }
}

// `columns`: of the terminal; 0: any.
void print_table(std::ostream& out, const std::vector<Scenario>& scenarios, unsigned columns) {
  using Row = std::array<std::string, 6>;
  std::vector<Row> rows = {{"NAME", "CLAIMS", "STRATEGY", "EXPECTED", "FLAVOURS", "SUMMARY"}};
  for (const Scenario& scenario : scenarios) {
    rows.push_back({scenario.name, scenario.claims.empty() ? "-" : join(scenario.claims, " "), scenario.strategy,
                    std::string(verdict_name(usual_expectation(scenario).verdict)),
                    join(scenario.flavours, ",") + made_for_in_words(scenario), scenario.summary});
  }
  std::array<std::size_t, 6> widths{};
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::size_t whole = widths.back();
  for (std::size_t i = 0; i + 1 < widths.size(); ++i) whole += widths[i] + 2;
  if (columns != 0 && whole > columns) return print_narrow(out, scenarios, std::max(columns, kLeastColumns));
  for (const Row& row : rows) {
    for (std::size_t i = 0; i + 1 < row.size(); ++i) {
      out << std::left << std::setw(static_cast<int>(widths[i]) + 2) << row[i];
    }
    out << row.back() << '\n';
  }
}

void print_json(std::ostream& out, const std::vector<Scenario>& scenarios, const Vocabulary& vocabulary) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Scenario& scenario : scenarios) {
    list.push_back({{"name", scenario.name},
                    {"file", scenario.file},
                    {"claims", scenario.claims},
                    {"strategy", scenario.strategy},
                    {"strategies", scenario.strategies},
                    {"expected", verdict_name(usual_expectation(scenario).verdict)},
                    {"flavours", scenario.flavours},
                    {"architectures", scenario.made_for.empty() ? vocabulary.architectures : scenario.made_for},
                    {"summary", scenario.summary}});
  }
  out << nlohmann::ordered_json{{"schema", 1}, {"scenarios", list}}.dump(2) << '\n';
}

void print_expected(std::ostream& out, const Scenario& scenario, const std::string& where) {
  const auto expected = [&](const std::string& with, const Expectation& expectation) {
    out << "- " << with << ": " << expectation_in_words(expectation) << '\n';
  };
  expected("expected" + where + " with " + scenario.strategy + ", " + scenario.flavours.front(),
           usual_expectation(scenario));
  for (const auto& [key, expectation] : scenario.other_expectations) {
    if (&expectation != &usual_expectation(scenario)) expected("with " + expectation_key(scenario, key), expectation);
  }
}

// docs/catalogue.md.
void print_markdown(std::ostream& out, const std::vector<Scenario>& scenarios) {
  out << "<!-- SPDX-License-Identifier: Apache-2.0 -->\n<!-- Made by: remapstorm list --format markdown -->\n"
         "# Catalogue\n\nEvery scenario with a name: what it claims to answer ([findings.md](findings.md) has the "
         "claims), what was\npredicted, and what is really observed.\n\n| scenario | claims | strategy | flavours | "
         "expected | |\n|---|---|---|---|---|---|\n";
  for (const Scenario& scenario : scenarios) {
    out << "| [" << scenario.name << "](#" << scenario.name << ") | "
        << (scenario.claims.empty() ? "-" : join(scenario.claims, " ")) << " | " << scenario.strategy << " | "
        << join(scenario.flavours, ", ") << made_for_in_words(scenario) << " | "
        << verdict_name(usual_expectation(scenario).verdict) << " | " << scenario.summary << " |\n";
  }
  for (const Scenario& scenario : scenarios) {
    out << "\n## " << scenario.name << "\n\n" << scenario.summary << ".\n\n";
    out << wrapped(scenario.description, 0, kMarkdownWidth) << '\n';
    out << wrapped("Predicted: " + scenario.prediction + ".", 0, kMarkdownWidth) << '\n';
    out << wrapped("Observed: " + (scenario.observed.empty() ? "not written down yet." : scenario.observed), 0,
                   kMarkdownWidth)
        << '\n';
    print_expected(out, scenario, "");
    for (const auto& [architecture, said] : scenario.architectures) {
      out << '\n' << wrapped("Predicted on " + architecture + ": " + said.prediction + ".", 0, kMarkdownWidth) << '\n';
      out << wrapped("Observed on " + architecture + ": " +
                         (said.observed.empty() ? "not written down yet." : said.observed),
                     0, kMarkdownWidth)
          << '\n';
      if (said.expectation || !said.strategies.empty())
        print_expected(out, scenario.on(architecture), " on " + architecture);
    }
  }
}

}  // namespace

int list_command(const CommandContext& context, const Arguments& arguments) {
  std::optional<std::string> format;
  std::optional<std::string> scenario_dir;
  ArgumentParser parser(context, {"list [OPTIONS]", "Shows the scenarios that have names.", "list --format json"});
  parser.option("--format", format, "FORMAT", "pretty, json or markdown (pretty)");
  parser.option("--scenario-dir", scenario_dir, "DIR", "list the scenarios of this folder");
  if (const auto finished = parse_or_finish(parser, context, arguments)) return *finished;
  const Result<std::string> chosen =
      parse_choice("--format", format.value_or("pretty"), {"pretty", "json", "markdown"});
  if (!chosen.ok()) return report_error(context, chosen.error());
  const Result<ScenarioCatalogue> catalogue = chosen_catalogue(context, scenario_dir.value_or(""));
  if (!catalogue.ok()) return report_error(context, catalogue.error());

  // A file with mistakes must not hide the others, nor go unnoticed.
  const Vocabulary vocabulary = full_vocabulary();
  std::vector<Scenario> scenarios;
  int exit = kExitOk;
  for (const std::string& name : catalogue->names) {
    Result<Scenario> scenario = open_scenario(context, *catalogue, name, vocabulary);
    if (scenario.ok()) {
      scenarios.push_back(std::move(scenario).value());
    } else {
      exit = report_error(context, scenario.error());
    }
  }
  if (*chosen == "json") {
    print_json(context.out, scenarios, vocabulary);
  } else if (*chosen == "markdown") {
    print_markdown(context.out, scenarios);
  } else {
    print_table(context.out, scenarios, context.columns);
  }
  return exit;
}

}  // namespace remapstorm
