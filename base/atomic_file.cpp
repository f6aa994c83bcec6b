// SPDX-License-Identifier: Apache-2.0
#include "base/atomic_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>

#include "base/fd.h"
#include "base/syscall.h"

namespace remapstorm {
namespace {

Status write_all(int fd, std::string_view content, const std::string& path) {
  while (!content.empty()) {
    const ssize_t written = ::write(fd, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno_error("write", path, errno);
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fsync(fd) != 0 && errno != EINVAL) return errno_error("fsync", path, errno);
  return {};
}

// A file of its own: other threads of this process may write the same `path`, and so may a process of the same number
// on another host that shares the folder.
Fd create_beside(const std::string& path, std::string& temporary) {
  static std::atomic<unsigned> last{0};
  constexpr unsigned kMostAttempts = 1000;
  Fd fd;
  for (unsigned attempt = 0; !fd.valid() && attempt < kMostAttempts; ++attempt) {
    temporary = path + ".tmp." + std::to_string(::getpid()) + "." + std::to_string(++last);
    fd = Fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
    if (!fd.valid() && errno != EEXIST) break;
  }
  return fd;
}

}  // namespace

Status write_file_atomically(const std::string& path, std::string_view content) {
  return replace_file(path, [&](int fd) { return write_all(fd, content, path); });
}

Status replace_file(const std::string& path, const std::function<Status(int fd)>& write) {
  std::string temporary;
  Fd fd = create_beside(path, temporary);
  if (!fd.valid()) return errno_error("open", temporary, errno);
  Status status = write(fd.get());
  fd.reset();
  if (status.ok() && std::rename(temporary.c_str(), path.c_str()) != 0) status = errno_error("rename", path, errno);
  if (!status.ok()) ::unlink(temporary.c_str());
  return status;
}

}  // namespace remapstorm
