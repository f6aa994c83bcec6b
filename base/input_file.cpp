// SPDX-License-Identifier: Apache-2.0
#include "base/input_file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "base/fd.h"

namespace remapstorm {

Result<std::ifstream> open_input_file(const std::string& path) {
  // O_NONBLOCK: opening a FIFO does not wait then.
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat info = {};
  if (!fd.valid() || ::fstat(fd.get(), &info) != 0) {
    Error error = usage_error("cannot open " + path + ": " + std::strerror(errno));
    error.errnum = errno;
    return error;
  }
  if (!S_ISREG(info.st_mode)) {
    return usage_error(path + " is not a regular file",
                       S_ISDIR(info.st_mode) ? "" : "write what comes through it to a file, and name that");
  }
  // The same file whatever happens to its name meanwhile.
  std::ifstream in("/proc/self/fd/" + std::to_string(fd.get()), std::ios::binary);
  if (!in) in.open(path, std::ios::binary);  // without /proc
  if (!in) return usage_error("cannot open " + path);
  return in;
}

}  // namespace remapstorm
