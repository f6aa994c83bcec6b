// SPDX-License-Identifier: Apache-2.0
#include "base/access_kind.h"

#include "base/check.h"

namespace remapstorm {

std::string_view access_name(AccessKind kind) {
  switch (kind) {
    case AccessKind::read:
      return "read";
    case AccessKind::write:
      return "write";
    case AccessKind::read_write:
      return "read+write";
    case AccessKind::atomic:
      break;
  }
  return "atomic";
}

}  // namespace remapstorm
