// SPDX-License-Identifier: Apache-2.0
#include "cli/serve_options.h"

#include "cli/arguments.h"
#include "cli/run_options.h"

namespace remapstorm {
namespace {

constexpr const char* kUsage = "serve [SCENARIO...] [OPTIONS]";
constexpr const char* kSummary =
    "Runs scenarios (all shipped ones if none is named) round after round until stopped, each round with seeds of its\n"
    "own, and answers Prometheus meanwhile. Ends with a summary and the exit code of the worst verdict.";
constexpr const char* kExample = "serve irq-same-cpu control-inplace --for 60m";
constexpr const char* kListen = "127.0.0.1:9464";

struct Words {
  RunWords run;
  std::optional<std::string> rounds, length, keep_last, keep_unexpected, keep_size;
};

void declare(ArgumentParser& parser, Words& words) {
  RunWords& run = words.run;
  parser.positional("SCENARIO", run.scenarios, "names (see list) or scenario files", false);
  parser.option("--rounds", words.rounds, "N", "end after N rounds");
  parser.option("--for", words.length, "TIME", "end with the round in which this time is over: 90, 10m");
  parser.option("--keep-last", words.keep_last, "N", "keep the results of the last N rounds (5)");
  parser.option("--keep-unexpected", words.keep_unexpected, "N", "and of N that were not as expected (50)");
  parser.option("--keep-size", words.keep_size, "SIZE", "but not more than this (1G)");
  declare_metrics_options(parser, run.metrics);
  declare_guest_options(parser, run);
  parser.flag("--cold-boot", run.cold_boot, "boot a guest for every trial; use and keep no snapshots");
  parser.flag("-v,--verbose", run.verbose, "guest console to standard error");
  parser.flag("-q,--quiet", run.quiet, "only the summary and what is not as expected");
}

}  // namespace

Result<std::optional<ServeOptions>> parse_serve_options(const CommandContext& context, const Arguments& arguments) {
  Words words;
  ArgumentParser parser(context, kUsage, kSummary, kExample);
  declare(parser, words);
  RS_ASSIGN(const ArgumentParser::Outcome outcome, parser.parse(arguments));
  if (outcome == ArgumentParser::Outcome::help_wanted) return std::optional<ServeOptions>();
  ServeOptions options;
  if (!words.run.metrics.listen) words.run.metrics.listen = kListen;
  RS_ASSIGN(options.run, check_run_words(words.run));
  if (words.rounds) {
    RS_ASSIGN(options.rounds, parse_number("--rounds", *words.rounds, 1, 999'999'999));
  }
  if (words.length) {
    RS_ASSIGN(options.length, parse_duration("--for", *words.length));
  }
  if (words.keep_last) {
    RS_ASSIGN(options.keep.last, parse_number("--keep-last", *words.keep_last, 1, 1000));
  }
  if (words.keep_unexpected) {
    RS_ASSIGN(options.keep.unexpected, parse_number("--keep-unexpected", *words.keep_unexpected, 0, 100'000));
  }
  if (words.keep_size) {
    const Result<std::uint64_t> size = parse_size(*words.keep_size);
    if (!size.ok()) return size.error().in("--keep-size " + *words.keep_size);
    options.keep.bytes = *size;
  }
  return std::optional<ServeOptions>(std::move(options));
}

std::string serve_help(const CommandContext& context) {
  Words words;
  ArgumentParser parser(context, kUsage, kSummary, kExample);
  declare(parser, words);
  return parser.help();
}

}  // namespace remapstorm
