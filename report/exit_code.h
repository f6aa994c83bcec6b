// SPDX-License-Identifier: Apache-2.0
// Exit codes of the program, the table of docs/commands.md. Those of a run with results come from exit_code.cpp.
#pragma once

#include "base/result.h"

namespace remapstorm {

enum ExitCode : int {
  kExitOk = 0,
  kExitDiffers = 1,      // a verdict differs from the expected one
  kExitUnavailable = 4,  // cannot run here
  kExitUsage = 64,       // wrong arguments or a bad scenario
  kExitInternal = 70,    // a bug of remapstorm
  kExitHost = 75,        // host trouble worth a retry
  kExitTimeout = 124,    // no verdict before the hard timeout
};

constexpr int exit_code_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::usage:
      return kExitUsage;
    case ErrorKind::unavailable:
      return kExitUnavailable;
    case ErrorKind::host:
      return kExitHost;
    case ErrorKind::internal:
      return kExitInternal;
  }
  return kExitInternal;
}

}  // namespace remapstorm
