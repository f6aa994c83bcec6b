// SPDX-License-Identifier: Apache-2.0
// What sort of finding it is, as one word of a fixed list: for labels, where a fingerprint would be too much.
#pragma once

#include <string_view>

#include "telemetry/finding.h"

namespace remapstorm {

std::string_view finding_class(const Finding& finding);

}  // namespace remapstorm
