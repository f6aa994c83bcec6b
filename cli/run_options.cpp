// SPDX-License-Identifier: Apache-2.0
#include "cli/run_options.h"

#include <limits>

#include "cli/arguments.h"

namespace remapstorm {
namespace {

void declare(ArgumentParser& parser, RunWords& words) {
  parser.positional("SCENARIO", words.scenarios, "names (see list) or scenario files", true);
  declare_guest_options(parser, words);
  parser.option("--repeat", words.repeat, "N", "trials of each scenario (1)");
  parser.option("--trial", words.trial, "K", "only trial K (from 0) of a run; with --repeat N that same trial N times");
  parser.option("--expect", words.expect, "VERDICT", "expected verdict instead of the scenario's");
  parser.option("--format", words.format, "FORMAT", "pretty, ktap or json on standard output (pretty)");
  declare_metrics_options(parser, words.metrics);
  parser.flag("--cold-boot", words.cold_boot, "boot a guest for every trial; use and keep no snapshots");
  parser.flag("--no-report", words.no_report, "make no HTML pages (report/ in the output folder)");
  parser.flag("--dry-run", words.dry_run, "show the plan, start nothing");
  parser.flag("-v,--verbose", words.verbose, "guest console to standard error");
  parser.flag("-q,--quiet", words.quiet, "only the summary and what is not as expected");
}

constexpr const char* kUsage = "run SCENARIO... [OPTIONS]";
constexpr const char* kSummary =
    "Runs scenarios on guests and compares their verdicts with the expected ones. The exit code says how it ended.";
constexpr const char* kExample = "run irq-same-cpu --strategy bbm-fault --repeat 20";

Status check_values(const RunWords& words, RunOptions& options) {
  Overrides& overrides = options.overrides;
  if (words.cpus) {
    RS_ASSIGN(const std::uint64_t cpus, parse_number("--cpus", *words.cpus, kMinCpus, kMaxCpus));
    overrides.cpus = static_cast<unsigned>(cpus);
  }
  if (words.memory) {
    const Result<std::uint64_t> memory = parse_size(*words.memory);
    if (!memory.ok()) return memory.error().in("--memory " + *words.memory);
    if (*memory < kMinMemory || *memory > kMaxMemory) {
      return usage_error("--memory " + *words.memory + ": give a size from " + std::to_string(kMinMemory >> 20) +
                         "M to " + std::to_string(kMaxMemory >> 20) + "M");
    }
    overrides.memory = *memory;
  }
  if (words.repeat) {
    RS_ASSIGN(options.repeat, parse_number("--repeat", *words.repeat, 1, 1'000'000));
  }
  if (words.seed) {
    RS_ASSIGN(overrides.seed, parse_number("--seed", *words.seed, 0, std::numeric_limits<std::uint64_t>::max()));
  }
  if (words.trial) {
    RS_ASSIGN(options.trial, parse_number("--trial", *words.trial, 0, 999'999'999));
  }
  if (words.timeout) {
    RS_ASSIGN(overrides.timeout, parse_duration("--timeout", *words.timeout));
  }
  if (words.expect) {
    RS_ASSIGN(overrides.expect, parse_verdict("--expect", *words.expect));
  }
  if (words.format) {
    RS_ASSIGN(options.format, parse_format(*words.format));
  }
  return {};
}

}  // namespace

void declare_guest_options(ArgumentParser& parser, RunWords& words) {
  parser.option("--strategy", words.strategy, "NAME", "remap strategy instead of the scenario's");
  parser.option("--flavour", words.flavour, "NAME", "guest kernel flavour");
  parser.option("--cpus", words.cpus, "N", "virtual CPUs, 1 to 8");
  parser.option("--memory", words.memory, "SIZE", "guest memory, such as 256M");
  parser.option("--seed", words.seed, "N", "seed of everything left to chance (1)");
  parser.option("--timeout", words.timeout, "TIME", "hard limit of one trial: 90, 1.5s, 2m");
  parser.option("--output-dir", words.output_dir, "DIR", "where results go (a new folder of its own)");
  parser.option("-k,--kernel", words.kernel, "IMAGE", "boot this vmlinux instead of the guest image's");
  parser.option("--append", words.append, "ARGS", "more words for the guest's command line");
  parser.option("--scenario-dir", words.scenario_dir, "DIR", "take scenario names from this folder");
}

Result<RunOptions> check_run_words(const RunWords& words) {
  if (words.verbose && words.quiet) return usage_error("-v and -q ask for opposite things", "give one of them");
  RunOptions options;
  options.scenarios = words.scenarios;
  options.overrides.strategy = words.strategy;
  options.overrides.flavour = words.flavour;
  options.overrides.append = words.append.value_or("");
  options.output_dir = words.output_dir.value_or("");
  options.scenario_dir = words.scenario_dir.value_or("");
  options.kernel = words.kernel.value_or("");
  options.overrides.kernel = options.kernel;
  options.overrides.scenario_dir = options.scenario_dir;
  options.cold_boot = words.cold_boot;
  options.no_report = words.no_report;
  options.dry_run = words.dry_run;
  options.verbose = words.verbose;
  options.quiet = words.quiet;
  RS_TRY(check_values(words, options));
  RS_ASSIGN(options.metrics, check_metrics_words(words.metrics));
  if (words.output_dir && words.output_dir->empty()) return usage_error("--output-dir needs the name of a folder");
  return options;
}

Result<std::optional<RunOptions>> parse_run_options(const CommandContext& context, const Arguments& arguments) {
  RunWords words;
  ArgumentParser parser(context, kUsage, kSummary, kExample);
  declare(parser, words);
  RS_ASSIGN(const ArgumentParser::Outcome outcome, parser.parse(arguments));
  if (outcome == ArgumentParser::Outcome::help_wanted) return std::optional<RunOptions>();
  RS_ASSIGN(RunOptions options, check_run_words(words));
  return std::optional<RunOptions>(std::move(options));
}

Result<OutputFormat> parse_format(const std::string& text) {
  RS_ASSIGN(const std::string name, parse_choice("--format", text, {"pretty", "ktap", "json"}));
  return name == "ktap" ? OutputFormat::ktap : name == "json" ? OutputFormat::json : OutputFormat::pretty;
}

Result<Verdict> parse_verdict(const std::string& option, const std::string& text) {
  static const std::vector<std::string> kVerdicts = {"clean", "deadlock",    "stall", "oops",   "lockdep",
                                                     "bug",   "lost-update", "hang",  "timeout"};
  RS_ASSIGN(const std::string name, parse_choice(option, text, kVerdicts));
  const std::optional<Verdict> verdict = verdict_from_name(name);
  if (!verdict) return internal_error("no verdict has the name " + name);
  return *verdict;
}

std::string run_help(const CommandContext& context) {
  RunWords words;
  ArgumentParser parser(context, kUsage, kSummary, kExample);
  declare(parser, words);
  return parser.help();
}

}  // namespace remapstorm
