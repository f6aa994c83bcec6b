// SPDX-License-Identifier: Apache-2.0
#include "base/syscall.h"

#include "base/memory_limit.h"

namespace remapstorm {

ErrorKind kind_of_errno(int errnum) {
  switch (errnum) {
    case EACCES:
    case EPERM:
    case EROFS:
    case ENOTDIR:
    case EISDIR:
    case ENAMETOOLONG:
    case ELOOP:
      return ErrorKind::unavailable;
    case ENOMEM:
      return memory_error("").kind;
    default:
      return ErrorKind::host;
  }
}

ErrorKind kind_of_place(int errnum, ChosenBy who) {
  // Below /proc and the like nothing can be made, and they say so with ENOENT.
  const ErrorKind kind = errnum == ENOENT || errnum == EINVAL ? ErrorKind::unavailable : kind_of_errno(errnum);
  return kind == ErrorKind::unavailable && who == ChosenBy::user ? ErrorKind::usage : kind;
}

Error errno_error(const std::string& operation, const std::string& argument, int errnum, ErrorKind kind) {
  const std::string call = operation + (argument.empty() ? "" : "(" + argument + ")");
  Error error;
  // It names the limit, if there is one.
  if (errnum == ENOMEM) error = memory_error(call);
  error.kind = kind == ErrorKind::host ? kind_of_errno(errnum) : kind;
  error.errnum = errnum;
  if (errnum != ENOMEM) error.message = call + ": " + std::strerror(errnum);
  if (errnum == ENOSPC || errnum == EDQUOT) error.hint = "the disk is full: free some space and run it again";
  return error;
}

}  // namespace remapstorm
