// SPDX-License-Identifier: Apache-2.0
// --metrics-listen, --metrics-textfile, --metrics-push.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "telemetry/metrics/outputs.h"

namespace remapstorm {

struct MetricsWords {
  std::optional<std::string> listen, textfile, push;
};

// `words` must outlive the parsing.
void declare_metrics_options(ArgumentParser& parser, MetricsWords& words);
// Looks at no file and opens no port. Error: usage.
Result<MetricsOptions> check_metrics_words(const MetricsWords& words);

}  // namespace remapstorm
