// SPDX-License-Identifier: Apache-2.0
// docs/metrics.md, made from the table of metrics.
#pragma once

#include <string>

namespace remapstorm {

std::string metrics_reference();

}  // namespace remapstorm
