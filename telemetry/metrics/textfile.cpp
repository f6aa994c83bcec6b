// SPDX-License-Identifier: Apache-2.0
#include "telemetry/metrics/textfile.h"

#include <unistd.h>

#include "base/atomic_file.h"
#include "base/syscall.h"

namespace remapstorm {

Status write_metrics_textfile(const std::string& path, std::string_view metrics) {
  return replace_file(path, [&](int fd) -> Status {
    std::string_view rest = metrics;
    while (!rest.empty()) {
      const ssize_t written = ::write(fd, rest.data(), rest.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return errno_error("write", path, errno);
      rest.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
  });
}

}  // namespace remapstorm
