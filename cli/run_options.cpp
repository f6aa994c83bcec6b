// SPDX-License-Identifier: Apache-2.0
#include "cli/run_options.h"

#include "cli/values.h"

namespace remapstorm {
namespace {

Status check_values(const RunWords& words, RunRequest& options) {
  Overrides& overrides = options.overrides;
  if (words.cpus) {
    RS_ASSIGN(overrides.cpus, parse_cpus(*words.cpus));
  }
  if (words.memory) {
    RS_ASSIGN(overrides.memory, parse_memory(*words.memory));
  }
  if (words.repeat) {
    RS_ASSIGN(options.repeat, parse_number("--repeat", *words.repeat, 1, 1'000'000));
  }
  if (words.seed) {
    RS_ASSIGN(overrides.seed, parse_seed(*words.seed));
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

const CommandText RunWords::kText = {
    "run SCENARIO... [OPTIONS]",
    "Runs scenarios on guests and compares their verdicts with the expected ones. The exit code says how it ended.",
    "run irq-same-cpu --strategy bbm-fault --repeat 20"};

void RunWords::declare(ArgumentParser& parser) {
  parser.positional("SCENARIO", scenarios, "names (see list) or scenario files");
  declare_guest(parser);
  parser.option("--repeat", repeat, "N", "trials of each scenario (1)");
  parser.option("--trial", trial, "K", "only trial K (from 0) of a run; with --repeat N that same trial N times");
  parser.option("--expect", expect, "VERDICT", "expected verdict instead of the scenario's");
  parser.option("--format", format, "FORMAT", "pretty, ktap or json on standard output (pretty)");
  declare_metrics_options(parser, metrics);
  parser.flag("--cold-boot", cold_boot, "boot a guest for every trial; use and keep no snapshots");
  parser.flag("--no-report", no_report, "make no HTML pages (report/ in the output folder)");
  parser.flag("--bisect", bisect, "end with the exit codes of git bisect run: 0 good, 1 bad, 125 skip, 255 give up");
  parser.flag("--dry-run", dry_run, "show the plan, start nothing");
  parser.flag("-v,--verbose", verbose, "guest console to standard error");
  parser.flag("-q,--quiet", quiet, "only the summary and what is not as expected");
}

void RunWords::declare_guest(ArgumentParser& parser) {
  parser.option("--strategy", strategy, "NAME", "remap strategy instead of the scenario's");
  parser.option("--flavour", flavour, "NAME", "guest kernel flavour");
  parser.option("--cpus", cpus, "N", "virtual CPUs, 1 to 8");
  parser.option("--memory", memory, "SIZE", "guest memory, such as 256M");
  parser.option("--seed", seed, "N", "seed of everything left to chance (1)");
  parser.option("--timeout", timeout, "TIME", "hard limit of one trial: 90, 1.5s, 2m");
  parser.option("--output-dir", output_dir, "DIR", "where results go (a new folder of its own)");
  parser.option("-k,--kernel", kernel, "FILE", "boot this kernel instead of the guest image's");
  parser.option("--symbols", symbols, "FILE", "its System.map or vmlinux, where it has no symbols itself");
  parser.option("--append", append, "ARGS", "more words for the guest's command line");
  parser.option("--scenario-dir", scenario_dir, "DIR", "take scenario names from this folder");
  parser.option("--sha256", sha256, "LIST", "refuse other bytes than these: scenario=DIGITS,...");
  declare_report_files(parser, files);
}

Result<RunRequest> RunWords::check(const CommandContext& /*context*/) const {
  if (verbose && quiet) return usage_error("-v and -q ask for opposite things", "give one of them");
  RunRequest options;
  options.scenarios = scenarios;
  options.overrides.strategy = strategy;
  options.overrides.flavour = flavour;
  options.overrides.append = append.value_or("");
  RS_ASSIGN(options.output_dir, parse_output_dir(output_dir));
  options.scenario_dir = scenario_dir.value_or("");
  RS_ASSIGN(options.overrides.kernel, parse_kernel_files(kernel, symbols));
  RS_ASSIGN(options.overrides.same, parse_sha256(sha256));
  options.overrides.cold_boot = cold_boot;
  options.no_report = no_report;
  options.dry_run = dry_run;
  options.verbose = verbose;
  options.quiet = quiet;
  RS_TRY(check_values(*this, options));
  RS_ASSIGN(options.metrics, check_metrics_words(metrics));
  RS_ASSIGN(options.files, check_report_files(files));
  return options;
}

}  // namespace remapstorm
