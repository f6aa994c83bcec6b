// SPDX-License-Identifier: Apache-2.0
#include "cli/compare_options.h"

#include "cli/name_list.h"
#include "cli/scenario_files.h"
#include "cli/values.h"

namespace remapstorm {

const CommandText CompareWords::kText = {
    "compare [OPTIONS]",
    "Measures every remap strategy the same way: how long a remap and its windows take, how long other vCPUs\n"
    "wait, and what happens when one of them loses its processor.",
    "compare --repeat 5"};

void CompareWords::declare(ArgumentParser& parser) {
  parser.option("--strategies", strategies, "S,T|all", "remap strategies; all: those of the guest image (all)");
  parser.option("--flavour", flavour, "NAME", "guest kernel flavour (std)");
  parser.option("--repeat", repeat, "N", "trials of each measure, or counts of each strategy (3)");
  parser.option("--seed", seed, "N", "seed of everything left to chance (1)");
  parser.option("--steal", steal, "TIME", "how long a processor is taken away: 50ms, 1s (50ms)");
  parser.option("--output-dir", output_dir, "DIR", "where results go (a new folder of its own)");
  parser.option("--format", format, "FORMAT", "pretty or json on standard output (pretty)");
  declare_report_files(parser, files);
  parser.flag("--count", count, "count the guest's instructions instead: free of the host's noise");
  parser.flag("-q,--quiet", quiet, "no progress");
}

Result<CompareRequest> CompareWords::check(const CommandContext& /*context*/) const {
  CompareRequest options;
  const Vocabulary vocabulary = full_vocabulary();
  options.all = strategies.value_or("all") == "all";
  RS_ASSIGN(options.strategies, parse_names("--strategies", strategies.value_or("all"), vocabulary.strategies));
  RS_ASSIGN(options.flavour, parse_choice("--flavour", flavour.value_or("std"), vocabulary.flavours));
  if (repeat) {
    RS_ASSIGN(options.repeat, parse_number("--repeat", *repeat, 1, 100'000));
  }
  if (seed) {
    RS_ASSIGN(options.seed, parse_seed(*seed));
  }
  if (steal) {
    RS_ASSIGN(options.stolen, parse_duration("--steal", *steal));
    if (options.stolen > std::chrono::seconds(10)) return usage_error("--steal takes at most 10 s");
  }
  if (format) {
    RS_ASSIGN(options.format, parse_two_formats(*format));
  }
  RS_ASSIGN(options.output_dir, parse_output_dir(output_dir));
  RS_ASSIGN(options.files, check_report_files(files));
  options.quiet = quiet;
  options.count = count;
  if (count && steal) return usage_error("--count takes no processor away", "leave out --steal");
  return options;
}

}  // namespace remapstorm
