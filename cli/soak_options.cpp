// SPDX-License-Identifier: Apache-2.0
#include "cli/soak_options.h"

#include <limits>

#include "campaign/random_control.h"
#include "cli/name_list.h"
#include "cli/scenario_files.h"
#include "cli/values.h"
namespace remapstorm {

const CommandText SoakWords::kText = {
    "soak [OPTIONS]",
    "Runs random control trials: injections at random moments of a remap that must do no harm. A deadlock, oops, hang\n"
    "or stall of the guest's own is a false alarm of the harness (exit 1).",
    "soak --trials 1000"};

void SoakWords::declare(ArgumentParser& parser) {
  parser.option("--trials", trials, "N", "how many trials (1000)");
  parser.option("--seed", seed, "S", "seed of everything left to chance (1)");
  parser.option("--strategies", strategies, "S,T|all",
                "inplace and, but for lockdep, bbm-fault-irqsafe (arm64: bbml2): those nothing may harm (all)");
  parser.option("--flavour", flavour, "NAME", "guest kernel flavour (std)");
  parser.option("--hosts", hosts, "H,I|all", "kvm: this machine's; lab:x86: the lab's emulated host (kvm)");
  parser.option("--jobs", jobs, "J", "guests at a time (as affinity and cgroup quota have processors for their vCPUs)");
  parser.option("--output-dir", output_dir, "DIR", "where results go (a new folder of its own)");
  parser.option("--sha256", sha256, "LIST", "refuse other bytes than these: kernel=DIGITS,...");
  declare_report_files(parser, files);
  parser.flag("-q,--quiet", quiet, "no progress");
}

Result<SoakRequest> SoakWords::check(const CommandContext& context) const {
  SoakRequest options;
  if (trials) {
    RS_ASSIGN(options.trials, parse_number("--trials", *trials, 1, 1'000'000'000));
  }
  if (seed) {
    RS_ASSIGN(options.seed, parse_seed(*seed));
  }
  if (jobs) {
    RS_ASSIGN(options.jobs, parse_jobs(*jobs));
  }
  RS_ASSIGN(options.flavour, parse_choice("--flavour", flavour.value_or("std"), full_vocabulary().flavours));
  RS_ASSIGN(options.strategies,
            parse_names("--strategies", strategies.value_or("all"), control_strategies(options.flavour)));
  options.strategies_named = strategies.value_or("all") != "all";
  RS_ASSIGN(options.hosts, parse_hosts("--hosts", hosts.value_or(kKvmHost), context.source_dir));
  RS_ASSIGN(options.output_dir, parse_output_dir(output_dir));
  RS_ASSIGN(options.same, parse_sha256(sha256));
  RS_ASSIGN(options.files, check_report_files(files));
  options.quiet = quiet;
  return options;
}

}  // namespace remapstorm
