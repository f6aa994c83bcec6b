// SPDX-License-Identifier: Apache-2.0
#include "cli/minimize_options.h"

#include "cli/run_options.h"

namespace remapstorm {
namespace {

struct MinimizeWords {
  RunWords run;
  std::optional<std::string> verdict, at_least;
};

constexpr const char* kUsage = "minimize SCENARIO [OPTIONS]";
constexpr const char* kSummary =
    "Looks for the fewest rules and smallest values of a scenario that still come to the same verdict with the same "
    "fingerprint. Runs guests: one try takes as long as one trial of run.";
constexpr const char* kExample = "minimize ./mine.toml --repeat 5 --at-least 4";

void declare(ArgumentParser& parser, MinimizeWords& words) {
  parser.positional("SCENARIO", words.run.scenarios, "a name (see list) or a scenario file", true);
  parser.option("--verdict", words.verdict, "VERDICT", "the verdict to keep (that of the first try)");
  parser.option("--repeat", words.run.repeat, "R", "tries of each candidate (3)");
  parser.option("--at-least", words.at_least, "K", "a candidate counts if K of R tries show it (more than half)");
  parser.option("--trial", words.run.trial, "K", "what trial K (from 0) of a run asks for, each time");
  declare_guest_options(parser, words.run);
  parser.flag("-v,--verbose", words.run.verbose, "guest console to standard error");
  parser.flag("-q,--quiet", words.run.quiet, "only the result");
}

}  // namespace

Result<std::optional<MinimizeRequest>> parse_minimize_request(const CommandContext& context,
                                                              const Arguments& arguments) {
  MinimizeWords words;
  ArgumentParser parser(context, kUsage, kSummary, kExample);
  declare(parser, words);
  RS_ASSIGN(const ArgumentParser::Outcome outcome, parser.parse(arguments));
  if (outcome == ArgumentParser::Outcome::help_wanted) return std::optional<MinimizeRequest>();
  MinimizeRequest request;
  RS_ASSIGN(request.run, check_run_words(words.run));
  if (request.run.scenarios.size() != 1) return usage_error("minimize takes one scenario at a time");
  if (words.verdict) {
    RS_ASSIGN(request.verdict, parse_verdict("--verdict", *words.verdict));
    if (*request.verdict == Verdict::clean) return usage_error("--verdict clean: that is no failure to keep");
  }
  if (words.run.repeat) request.tries = request.run.repeat;
  request.needed = request.tries / 2 + 1;
  if (words.at_least) {
    RS_ASSIGN(request.needed, parse_number("--at-least", *words.at_least, 1, request.tries));
  }
  return std::optional<MinimizeRequest>(std::move(request));
}

std::string minimize_help(const CommandContext& context) {
  MinimizeWords words;
  ArgumentParser parser(context, kUsage, kSummary, kExample);
  declare(parser, words);
  return parser.help();
}

}  // namespace remapstorm
