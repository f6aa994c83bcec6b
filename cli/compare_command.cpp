// SPDX-License-Identifier: Apache-2.0
// compare: what remap strategies cost, side by side.
#include <limits>

#include "cli/arguments.h"
#include "cli/compare_session.h"
#include "cli/name_list.h"
#include "cli/run_options.h"
#include "cli/scenario_files.h"
#include "report/exit_code.h"

namespace remapstorm {
namespace {

struct Words {
  std::optional<std::string> strategies, flavour, repeat, seed, steal, output_dir, format;
  bool quiet = false;
};

void declare(ArgumentParser& parser, Words& words) {
  parser.option("--strategies", words.strategies, "S,T|all", "remap strategies; all: those of the guest image (all)");
  parser.option("--flavour", words.flavour, "NAME", "guest kernel flavour (std)");
  parser.option("--repeat", words.repeat, "N", "trials of each measure (3)");
  parser.option("--seed", words.seed, "N", "seed of everything left to chance (1)");
  parser.option("--steal", words.steal, "TIME", "how long a processor is taken away: 50ms, 1s (50ms)");
  parser.option("--output-dir", words.output_dir, "DIR", "where results go (a new folder of its own)");
  parser.option("--format", words.format, "FORMAT", "pretty or json on standard output (pretty)");
  parser.flag("-q,--quiet", words.quiet, "no progress");
}

Result<CompareOptions> check(const Words& words) {
  CompareOptions options;
  const Vocabulary vocabulary = full_vocabulary();
  options.all = words.strategies.value_or("all") == "all";
  RS_ASSIGN(options.strategies, parse_names("--strategies", words.strategies.value_or("all"), vocabulary.strategies));
  RS_ASSIGN(options.flavour, parse_choice("--flavour", words.flavour.value_or("std"), vocabulary.flavours));
  if (words.repeat) {
    RS_ASSIGN(options.repeat, parse_number("--repeat", *words.repeat, 1, 100'000));
  }
  if (words.seed) {
    RS_ASSIGN(options.seed, parse_number("--seed", *words.seed, 0, std::numeric_limits<std::uint64_t>::max()));
  }
  if (words.steal) {
    RS_ASSIGN(options.stolen, parse_duration("--steal", *words.steal));
    if (options.stolen > std::chrono::seconds(10)) return usage_error("--steal takes at most 10 s");
  }
  if (words.format) {
    RS_ASSIGN(const std::string format, parse_choice("--format", *words.format, {"pretty", "json"}));
    options.format = format == "json" ? OutputFormat::json : OutputFormat::pretty;
  }
  if (words.output_dir && words.output_dir->empty()) return usage_error("--output-dir needs the name of a folder");
  options.output_dir = words.output_dir.value_or("");
  options.quiet = words.quiet;
  return options;
}

constexpr const char* kUsage = "compare [OPTIONS]";
constexpr const char* kSummary =
    "Measures every remap strategy the same way: how long a remap and its windows take, how long other vCPUs wait, "
    "and\n"
    "what happens when one of them loses its processor.";
constexpr const char* kExample = "compare --repeat 5";

}  // namespace

Result<std::optional<CompareOptions>> parse_compare_options(const CommandContext& context, const Arguments& arguments) {
  Words words;
  ArgumentParser parser(context, kUsage, kSummary, kExample);
  declare(parser, words);
  RS_ASSIGN(const ArgumentParser::Outcome outcome, parser.parse(arguments));
  if (outcome == ArgumentParser::Outcome::help_wanted) return std::optional<CompareOptions>();
  RS_ASSIGN(CompareOptions options, check(words));
  return std::optional<CompareOptions>(std::move(options));
}

int compare_command(const CommandContext& context, const Arguments& arguments) {
  const Result<std::optional<CompareOptions>> options = parse_compare_options(context, arguments);
  if (!options.ok()) return report_error(context, options.error());
  if (!options->has_value()) {
    Words words;
    ArgumentParser parser(context, kUsage, kSummary, kExample);
    declare(parser, words);
    context.out << parser.help();
    return kExitOk;
  }
  CompareSession session(context, **options);
  const Status prepared = session.prepare();
  if (!prepared.ok()) return report_error(context, prepared.error());
  return session.execute();
}

}  // namespace remapstorm
