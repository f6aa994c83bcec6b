// SPDX-License-Identifier: Apache-2.0
// metrics: the reference page of all metrics.
#include "cli/arguments.h"
#include "telemetry/metrics/reference.h"

namespace remapstorm {

int metrics_command(const CommandContext& context, const Arguments& arguments) {
  ArgumentParser parser(context,
                        {"metrics", "Prints what every metric means, in Markdown: docs/metrics.md.", "metrics"});
  if (const auto over = parse_or_finish(parser, context, arguments)) return *over;
  context.out << metrics_reference();
  return 0;
}

}  // namespace remapstorm
