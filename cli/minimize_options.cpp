// SPDX-License-Identifier: Apache-2.0
#include "cli/minimize_options.h"

#include "cli/values.h"

namespace remapstorm {

const CommandText MinimizeWords::kText = {
    "minimize SCENARIO [OPTIONS]",
    "Looks for the fewest rules and smallest values of a scenario that still come to the same verdict with the same "
    "fingerprint. Runs guests: one try takes as long as one trial of run.",
    "minimize ./mine.toml --repeat 5 --at-least 4"};

void MinimizeWords::declare(ArgumentParser& parser) {
  parser.positional("SCENARIO", run.scenarios, "a name (see list) or a scenario file");
  parser.option("--verdict", verdict, "VERDICT", "the verdict to keep (that of the first try)");
  parser.option("--repeat", run.repeat, "R", "tries of each candidate (3)");
  parser.option("--at-least", at_least, "K", "a candidate counts if K of R tries show it (more than half)");
  parser.option("--trial", run.trial, "K", "what trial K (from 0) of a run asks for, each time");
  run.declare_guest(parser);
  parser.flag("-v,--verbose", run.verbose, "guest console to standard error");
  parser.flag("-q,--quiet", run.quiet, "only the result");
}

Result<MinimizeRequest> MinimizeWords::check(const CommandContext& context) const {
  MinimizeRequest request;
  MinimizeRunOptions& options = request.options;
  RS_ASSIGN(request.run, run.check(context));
  options.run = request.run;
  if (request.run.scenarios.size() != 1) return usage_error("minimize takes one scenario at a time");
  if (verdict) {
    RS_ASSIGN(options.verdict, parse_verdict("--verdict", *verdict));
    if (*options.verdict == Verdict::clean) return usage_error("--verdict clean: that is no failure to keep");
  }
  if (run.repeat) options.tries = request.run.repeat;
  options.needed = options.tries / 2 + 1;
  if (at_least) {
    RS_ASSIGN(options.needed, parse_number("--at-least", *at_least, 1, options.tries));
  }
  return request;
}

}  // namespace remapstorm
