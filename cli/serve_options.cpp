// SPDX-License-Identifier: Apache-2.0
#include "cli/serve_options.h"

namespace remapstorm {
namespace {

constexpr const char* kListen = "127.0.0.1:9464";

}  // namespace

const CommandText ServeWords::kText = {
    "serve [SCENARIO...] [OPTIONS]",
    "Runs scenarios (all shipped ones if none is named) round after round until stopped, each round with seeds of its\n"
    "own, and answers Prometheus meanwhile. Ends with a summary and the exit code of the worst verdict.",
    "serve irq-same-cpu control-inplace --for 60m"};

void ServeWords::declare(ArgumentParser& parser) {
  parser.optional_positional("SCENARIO", run.scenarios, "names (see list) or scenario files");
  parser.option("--rounds", rounds, "N", "end after N rounds");
  parser.option("--for", length, "TIME", "end with the round in which this time is over: 90, 10m");
  parser.option("--keep-last", keep_last, "N", "keep the results of the last N rounds (5)");
  parser.option("--keep-unexpected", keep_unexpected, "N", "and of N that were not as expected (50)");
  parser.option("--keep-size", keep_size, "SIZE", "but not more than this (1G)");
  declare_metrics_options(parser, run.metrics);
  run.declare_guest(parser);
  parser.flag("--cold-boot", run.cold_boot, "boot a guest for every trial; use and keep no snapshots");
  parser.flag("-v,--verbose", run.verbose, "guest console to standard error");
  parser.flag("-q,--quiet", run.quiet, "only the summary and what is not as expected");
}

Result<ServeRequest> ServeWords::check(const CommandContext& context) const {
  ServeRequest request;
  ServeOptions& options = request.options;
  RunWords usual = run;
  if (!usual.metrics.listen) usual.metrics.listen = kListen;
  RS_ASSIGN(request.run, usual.check(context));
  options.run = request.run;
  if (rounds) {
    RS_ASSIGN(options.rounds, parse_number("--rounds", *rounds, 1, 999'999'999));
  }
  if (length) {
    RS_ASSIGN(options.length, parse_duration("--for", *length));
  }
  if (keep_last) {
    RS_ASSIGN(options.keep.last, parse_number("--keep-last", *keep_last, 1, 1000));
  }
  if (keep_unexpected) {
    RS_ASSIGN(options.keep.unexpected, parse_number("--keep-unexpected", *keep_unexpected, 0, 100'000));
  }
  if (keep_size) {
    const Result<std::uint64_t> size = parse_size(*keep_size);
    if (!size.ok()) return size.error().in("--keep-size " + *keep_size);
    options.keep.bytes = *size;
  }
  return request;
}

}  // namespace remapstorm
