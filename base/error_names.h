// SPDX-License-Identifier: Apache-2.0
// ErrorKind as text, in reports and metrics.
#pragma once

#include <string_view>

#include "base/result.h"

namespace remapstorm {

constexpr std::string_view error_kind_name(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::usage:
      return "usage";
    case ErrorKind::unavailable:
      return "unavailable";
    case ErrorKind::host:
      return "host";
    case ErrorKind::guest:
      return "guest";
    case ErrorKind::internal:
      return "internal";
  }
  return "internal";
}

}  // namespace remapstorm
