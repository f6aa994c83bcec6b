// SPDX-License-Identifier: Apache-2.0
#include "cli/sweep_options.h"

#include "cli/arguments.h"
#include "cli/name_list.h"
#include "cli/run_options.h"
#include "cli/scenario_files.h"
#include "harness/suggest.h"

namespace remapstorm {
namespace {

constexpr const char* kUsage = "sweep [OPTIONS]";
constexpr const char* kSummary =
    "Runs every scenario with every strategy, guest flavour, host and seed that was asked for, several guests at a "
    "time,\n"
    "and ends with one table. What was done is kept at once: --resume goes on with it.";
constexpr const char* kExample = "sweep --scenarios irq-same-cpu,control-inplace --seeds 20";
constexpr std::uint64_t kMostSeeds = 100'000;
constexpr std::uint64_t kMostJobs = 256;

struct Words {
  std::optional<std::string> scenarios, strategies, flavours, hosts, seeds, jobs, output_dir, scenario_dir, timeout,
      format;
  bool resume = false, quiet = false;
};

void declare(ArgumentParser& parser, Words& words) {
  parser.option("--scenarios", words.scenarios, "A,B|all", "names (see list) or scenario files (all)");
  parser.option("--strategies", words.strategies, "S,T|all", "remap strategies (all)");
  parser.option("--flavours", words.flavours, "F,G|all", "guest kernel flavours (std)");
  parser.option("--hosts", words.hosts, "H,I|all", "kvm: this machine's; lab:x86: the lab's emulated host (kvm)");
  parser.option("--seeds", words.seeds, "N", "trials of each cell, with seeds 1 to N (1)");
  parser.option("--jobs", words.jobs, "J", "guests at a time (as many as there are processors for their vCPUs)");
  parser.option("--timeout", words.timeout, "TIME", "hard limit of one trial: 90, 1.5s, 2m");
  parser.option("--output-dir", words.output_dir, "DIR", "where results go (a new folder of its own)");
  parser.option("--scenario-dir", words.scenario_dir, "DIR", "take scenario names from this folder");
  parser.option("--format", words.format, "FORMAT", "pretty, ktap or json on standard output (pretty)");
  parser.flag("--resume", words.resume, "go on with what is in --output-dir");
  parser.flag("-q,--quiet", words.quiet, "no progress");
}

Status read_lists(const CommandContext& context, const Words& words, SweepOptions& options) {
  const Vocabulary vocabulary = full_vocabulary();
  RS_ASSIGN(options.strategies, parse_names("--strategies", words.strategies.value_or("all"), vocabulary.strategies));
  RS_ASSIGN(options.flavours, parse_names("--flavours", words.flavours.value_or("std"), vocabulary.flavours));
  RS_ASSIGN(options.hosts, parse_hosts("--hosts", words.hosts.value_or("kvm"), context.source_dir));
  const std::string scenarios = words.scenarios.value_or("all");
  if (scenarios == "all") return {};
  RS_ASSIGN(options.scenarios, split_names("--scenarios", scenarios));
  return {};
}

}  // namespace

Result<std::optional<SweepOptions>> parse_sweep_options(const CommandContext& context, const Arguments& arguments) {
  Words words;
  ArgumentParser parser(context, kUsage, kSummary, kExample);
  declare(parser, words);
  RS_ASSIGN(const ArgumentParser::Outcome outcome, parser.parse(arguments));
  if (outcome == ArgumentParser::Outcome::help_wanted) return std::optional<SweepOptions>();
  SweepOptions options;
  RS_TRY(read_lists(context, words, options));
  if (words.seeds) {
    RS_ASSIGN(options.seeds, parse_number("--seeds", *words.seeds, 1, kMostSeeds));
  }
  if (words.jobs) {
    RS_ASSIGN(const std::uint64_t jobs, parse_number("--jobs", *words.jobs, 1, kMostJobs));
    options.jobs = static_cast<unsigned>(jobs);
  }
  if (words.timeout) {
    RS_ASSIGN(options.timeout, parse_duration("--timeout", *words.timeout));
  }
  if (words.format) {
    RS_ASSIGN(options.format, parse_format(*words.format));
  }
  if (words.output_dir && words.output_dir->empty()) return usage_error("--output-dir needs the name of a folder");
  options.output_dir = words.output_dir.value_or("");
  options.scenario_dir = words.scenario_dir.value_or("");
  options.resume = words.resume;
  options.quiet = words.quiet;
  if (options.resume && options.output_dir.empty()) {
    return usage_error("--resume needs the folder to go on with", "--output-dir DIR --resume");
  }
  return std::optional<SweepOptions>(std::move(options));
}

Result<std::vector<Scenario>> sweep_scenarios(const CommandContext& context, const SweepOptions& options) {
  RS_ASSIGN(const ScenarioCatalogue catalogue, chosen_catalogue(context, options.scenario_dir));
  const Vocabulary vocabulary = full_vocabulary();
  const std::vector<std::string>& wanted = options.scenarios.empty() ? catalogue.names : options.scenarios;
  if (wanted.empty()) return usage_error("there are no scenarios", "name a scenario file");
  std::vector<Scenario> scenarios;
  for (const std::string& typed : wanted) {
    RS_ASSIGN(Scenario scenario, open_scenario(catalogue, typed, vocabulary));
    for (const Scenario& other : scenarios) {
      if (other.name == scenario.name) {
        return usage_error(other.file + " and " + scenario.file + " are both named " + scenario.name,
                           "the rows of a sweep need names of their own");
      }
    }
    scenarios.push_back(std::move(scenario));
  }
  return scenarios;
}

std::string sweep_help(const CommandContext& context) {
  Words words;
  ArgumentParser parser(context, kUsage, kSummary, kExample);
  declare(parser, words);
  return parser.help();
}

Arguments sweep_words(const SweepOptions& options, const std::vector<std::string>& files,
                      const std::vector<std::string>& hosts) {
  Arguments words = {"--scenarios",  join(files, ","),
                     "--strategies", join(options.strategies, ","),
                     "--flavours",   join(options.flavours, ","),
                     "--hosts",      join(hosts, ","),
                     "--seeds",      std::to_string(options.seeds)};
  if (options.jobs) words.insert(words.end(), {"--jobs", std::to_string(*options.jobs)});
  if (options.timeout) {
    const auto whole = (options.timeout->count() + 999'999) / 1'000'000;
    words.insert(words.end(), {"--timeout", std::to_string(whole) + "ms"});
  }
  return words;
}

}  // namespace remapstorm
