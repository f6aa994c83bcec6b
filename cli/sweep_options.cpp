// SPDX-License-Identifier: Apache-2.0
#include "cli/sweep_options.h"

#include <map>

#include "base/names.h"
#include "cli/name_list.h"
#include "cli/scenario_files.h"
#include "cli/values.h"

namespace remapstorm {
namespace {

constexpr std::uint64_t kMostSeeds = 100'000;

Status read_lists(const CommandContext& context, const SweepWords& words, SweepOptions& options) {
  const Vocabulary vocabulary = full_vocabulary();
  RS_ASSIGN(options.strategies, parse_names("--strategies", words.strategies.value_or("all"), vocabulary.strategies));
  RS_ASSIGN(options.flavours, parse_names("--flavours", words.flavours.value_or("std"), vocabulary.flavours));
  options.strategies_named = words.strategies.value_or("all") != "all";
  options.flavours_named = words.flavours.value_or("all") != "all";
  RS_ASSIGN(options.hosts, parse_hosts("--hosts", words.hosts.value_or(kKvmHost), context.source_dir));
  const std::string scenarios = words.scenarios.value_or("all");
  if (scenarios == "all") return {};
  RS_ASSIGN(options.scenarios, split_names("--scenarios", scenarios));
  return {};
}

}  // namespace

const CommandText SweepWords::kText = {
    "sweep [OPTIONS]",
    "Runs every scenario with every strategy, guest flavour, host and seed that was asked for, several guests at\n"
    "a time, and ends with one table. What was done is kept at once: --resume goes on with it.",
    "sweep --scenarios irq-same-cpu,control-inplace --seeds 20"};

void SweepWords::declare(ArgumentParser& parser) {
  parser.option("--scenarios", scenarios, "A,B|all", "names (see list) or scenario files (all)");
  parser.option("--strategies", strategies, "S,T|all", "remap strategies (all)");
  parser.option("--flavours", flavours, "F,G|all", "guest kernel flavours (std)");
  parser.option("--hosts", hosts, "H,I|all", "kvm: this machine's; lab:x86: the lab's emulated host (kvm)");
  parser.option("--seeds", seeds, "N", "trials of each cell, with seeds 1 to N (1)");
  parser.option("--jobs", jobs, "J", "guests at a time (as affinity and cgroup quota have processors for their vCPUs)");
  parser.option("--timeout", timeout, "TIME", "hard limit of one trial: 90, 1.5s, 2m");
  parser.option("--output-dir", output_dir, "DIR", "where results go (a new folder of its own)");
  parser.option("--scenario-dir", scenario_dir, "DIR", "take scenario names from this folder");
  declare_report_files(parser, files);
  parser.option("--format", format, "FORMAT", "pretty, ktap or json on standard output (pretty)");
  parser.flag("--resume", resume, "go on with what is in --output-dir");
  parser.flag("-q,--quiet", quiet, "no progress");
}

Result<SweepRequest> SweepWords::check(const CommandContext& context) const {
  SweepRequest options;
  RS_TRY(read_lists(context, *this, options));
  if (seeds) {
    RS_ASSIGN(options.seeds, parse_number("--seeds", *seeds, 1, kMostSeeds));
  }
  if (jobs) {
    RS_ASSIGN(options.jobs, parse_jobs(*jobs));
  }
  if (timeout) {
    RS_ASSIGN(options.timeout, parse_duration("--timeout", *timeout));
  }
  if (format) {
    RS_ASSIGN(options.format, parse_format(*format));
  }
  RS_ASSIGN(options.output_dir, parse_output_dir(output_dir));
  RS_ASSIGN(options.files, check_report_files(files));
  options.scenario_dir = scenario_dir.value_or("");
  options.resume = resume;
  options.quiet = quiet;
  if (options.resume && options.output_dir.empty()) {
    return usage_error("--resume needs the folder to go on with", "--output-dir DIR --resume");
  }
  return options;
}

Result<std::vector<Scenario>> sweep_scenarios(const CommandContext& context, const SweepOptions& options) {
  RS_ASSIGN(std::vector<Scenario> scenarios, open_scenarios(context, options.scenario_dir, options.scenarios));
  std::map<std::string, std::string> files;
  for (const Scenario& scenario : scenarios) {
    const auto [other, is_new] = files.emplace(scenario.name, scenario.file);
    if (is_new) continue;
    return usage_error(other->second + " and " + scenario.file + " are both named " + scenario.name,
                       "the rows of a sweep need names of their own");
  }
  return scenarios;
}

}  // namespace remapstorm
