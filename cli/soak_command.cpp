// SPDX-License-Identifier: Apache-2.0
// soak: random control trials.
#include <limits>

#include "cli/arguments.h"
#include "cli/name_list.h"
#include "cli/scenario_files.h"
#include "cli/soak_session.h"
#include "report/exit_code.h"

namespace remapstorm {
namespace {

struct Words {
  std::optional<std::string> trials, seed, strategies, flavour, hosts, jobs, output_dir;
  bool quiet = false;
};

void declare(ArgumentParser& parser, Words& words) {
  parser.option("--trials", words.trials, "N", "how many trials (1000)");
  parser.option("--seed", words.seed, "S", "seed of everything left to chance (1)");
  parser.option("--strategies", words.strategies, "S,T|all",
                "inplace, bbm-fault-irqsafe: those nothing may harm (all)");
  parser.option("--flavour", words.flavour, "NAME", "guest kernel flavour (std)");
  parser.option("--hosts", words.hosts, "H,I|all", "kvm: this machine's; lab:x86: the lab's emulated host (kvm)");
  parser.option("--jobs", words.jobs, "J", "guests at a time (as many as there are processors for their vCPUs)");
  parser.option("--output-dir", words.output_dir, "DIR", "where results go (a new folder of its own)");
  parser.flag("-q,--quiet", words.quiet, "no progress");
}

Result<SoakOptions> check(const CommandContext& context, const Words& words) {
  SoakOptions options;
  if (words.trials) {
    RS_ASSIGN(options.trials, parse_number("--trials", *words.trials, 1, 1'000'000'000));
  }
  if (words.seed) {
    RS_ASSIGN(options.seed, parse_number("--seed", *words.seed, 0, std::numeric_limits<std::uint64_t>::max()));
  }
  if (words.jobs) {
    RS_ASSIGN(const std::uint64_t jobs, parse_number("--jobs", *words.jobs, 1, 256));
    options.jobs = static_cast<unsigned>(jobs);
  }
  RS_ASSIGN(options.strategies, parse_names("--strategies", words.strategies.value_or("all"), control_strategies()));
  RS_ASSIGN(options.flavour, parse_choice("--flavour", words.flavour.value_or("std"), full_vocabulary().flavours));
  RS_ASSIGN(options.hosts, parse_hosts("--hosts", words.hosts.value_or("kvm"), context.source_dir));
  if (words.output_dir && words.output_dir->empty()) return usage_error("--output-dir needs the name of a folder");
  options.output_dir = words.output_dir.value_or("");
  options.quiet = words.quiet;
  return options;
}

constexpr const char* kUsage = "soak [OPTIONS]";
constexpr const char* kSummary =
    "Runs random control trials: injections at random moments of a remap that must do no harm. A deadlock, oops, hang\n"
    "or stall of the guest's own is a false alarm of the harness (exit 1).";
constexpr const char* kExample = "soak --trials 1000";

}  // namespace

Result<std::optional<SoakOptions>> parse_soak_options(const CommandContext& context, const Arguments& arguments) {
  Words words;
  ArgumentParser parser(context, kUsage, kSummary, kExample);
  declare(parser, words);
  RS_ASSIGN(const ArgumentParser::Outcome outcome, parser.parse(arguments));
  if (outcome == ArgumentParser::Outcome::help_wanted) return std::optional<SoakOptions>();
  RS_ASSIGN(SoakOptions options, check(context, words));
  return std::optional<SoakOptions>(std::move(options));
}

int soak_command(const CommandContext& context, const Arguments& arguments) {
  const Result<std::optional<SoakOptions>> options = parse_soak_options(context, arguments);
  if (!options.ok()) return report_error(context, options.error());
  if (!options->has_value()) {
    Words words;
    ArgumentParser parser(context, kUsage, kSummary, kExample);
    declare(parser, words);
    context.out << parser.help();
    return kExitOk;
  }
  SoakSession session(context, **options);
  const Status prepared = session.prepare();
  if (!prepared.ok()) return report_error(context, prepared.error());
  return session.execute();
}

}  // namespace remapstorm
