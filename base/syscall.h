// SPDX-License-Identifier: Apache-2.0
// One helper for every system call and ioctl: keeps the operation, its argument and errno.
#pragma once

#include <cerrno>
#include <cstring>
#include <string>

#include "base/result.h"

namespace remapstorm {

// An Error of `kind` that reads "OPERATION(ARGUMENT): strerror". `errnum` is an errno value.
Error errno_error(const std::string& operation, const std::string& argument, int errnum,
                  ErrorKind kind = ErrorKind::host);

// For calls that return -1 and set errno: check_call(ioctl(...), "KVM_RUN", "vcpu 0").
inline Result<int> check_call(int result, const std::string& operation, const std::string& argument = {}) {
  if (result < 0) return errno_error(operation, argument, errno);
  return result;
}

}  // namespace remapstorm
