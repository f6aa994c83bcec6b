// SPDX-License-Identifier: Apache-2.0
// One helper for every system call and ioctl: keeps the operation, its argument and errno.
#pragma once

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>

#include "base/result.h"

namespace remapstorm {

// host, if a later try may do better (no space, no memory); unavailable, if it will not (no permission, a read-only
// file system, a name that cannot be, a limit of this process).
ErrorKind kind_of_errno(int errnum);

// Who chose where something is written.
enum class ChosenBy : std::uint8_t { us, user };
// For a folder that cannot be made, or a file in one that is yet to be: the same, and usage if the user chose that very
// place, who then named a wrong one.
ErrorKind kind_of_place(int errnum, ChosenBy who);

// An Error of `kind`, or for ErrorKind::host of kind_of_errno(), that reads "OPERATION(ARGUMENT): strerror". `errnum`
// is an errno value.
Error errno_error(const std::string& operation, const std::string& argument, int errnum,
                  ErrorKind kind = ErrorKind::host);

// For calls that return -1 and set errno: check_call(ioctl(...), "KVM_RUN", "vcpu 0").
inline Result<int> check_call(int result, const std::string& operation, const std::string& argument = {}) {
  if (result < 0) return errno_error(operation, argument, errno);
  return result;
}

}  // namespace remapstorm
