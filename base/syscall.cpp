// SPDX-License-Identifier: Apache-2.0
#include "base/syscall.h"

namespace remapstorm {

Error errno_error(const std::string& operation, const std::string& argument, int errnum, ErrorKind kind) {
  Error error;
  error.kind = kind;
  error.errnum = errnum;
  error.message = operation + (argument.empty() ? "" : "(" + argument + ")") + ": " + std::strerror(errnum);
  if (errnum == ENOSPC || errnum == EDQUOT) error.hint = "the disk is full: free some space and run it again";
  return error;
}

}  // namespace remapstorm
