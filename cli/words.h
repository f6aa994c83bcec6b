// SPDX-License-Identifier: Apache-2.0
// The words after a command become its options. A command says which there are with a type of its own:
//   struct SweepWords {
//     using Options = SweepOptions;
//     static const CommandText kText;
//     std::optional<std::string> seeds, ...;                           // what was typed
//     void declare(ArgumentParser& parser);                            // targets: the members above
//     Result<SweepOptions> check(const CommandContext& context) const; // looks at no file; errors: usage
//   };
#pragma once

#include <optional>
#include <utility>

#include "base/result.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "results/exit_code.h"

namespace remapstorm {

// Nothing: help is wanted. Errors: usage.
template <typename Words>
Result<std::optional<typename Words::Options>> parse_words(const CommandContext& context, const Arguments& arguments) {
  using Options = typename Words::Options;
  Words words;
  ArgumentParser parser(context, Words::kText);
  words.declare(parser);
  RS_ASSIGN(const ArgumentParser::Outcome outcome, parser.parse(arguments));
  if (outcome == ArgumentParser::Outcome::help_wanted) return std::optional<Options>();
  RS_ASSIGN(Options options, words.check(context));
  return std::optional<Options>(std::move(options));
}

// act(options), which returns the exit code; help and mistakes are dealt with here.
template <typename Words, typename Act>
int with_words(const CommandContext& context, const Arguments& arguments, Act act) {
  Result<std::optional<typename Words::Options>> options = parse_words<Words>(context, arguments);
  if (!options.ok()) return report_error(context, options.error());
  if (options->has_value()) return act(**options);
  Words words;
  ArgumentParser parser(context, Words::kText);
  words.declare(parser);
  context.out << parser.help();
  return kExitOk;
}

// What most commands end with: session.prepare(), then session.execute() for the exit code. What a signal kept from
// being prepared (session.stopped_by()) is no failure.
template <typename Session>
int run_session(const CommandContext& context, Session&& session) {
  const Status prepared = session.prepare();
  if (prepared.ok()) return session.execute();
  const int code = report_error(context, prepared.error());
  if constexpr (requires { session.stopped_by(); }) {
    if (session.stopped_by() != 0) return exit_by_signal(session.stopped_by());
  }
  return code;
}

}  // namespace remapstorm
