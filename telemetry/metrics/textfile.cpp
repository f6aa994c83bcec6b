// SPDX-License-Identifier: Apache-2.0
#include "telemetry/metrics/textfile.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/atomic_file.h"
#include "base/syscall.h"

namespace remapstorm {

std::string writer_of(const std::string& path) {
  const std::string stem = std::filesystem::path(path).stem().string();
  return stem.empty() ? "remapstorm" : stem;
}

Status check_metrics_textfile(const std::string& path) {
  constexpr std::string_view kBegin = "# HELP remapstorm_";
  const char* const hint = "give a new file, such as DIR/remapstorm.prom";
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status)) return {};
  if (!std::filesystem::is_regular_file(status)) return usage_error(path + " is not a regular file", hint);
  std::ifstream in(path, std::ios::binary);
  std::string begin(kBegin.size(), '\0');
  in.read(begin.data(), static_cast<std::streamsize>(begin.size()));
  begin.resize(static_cast<std::size_t>(in.gcount()));
  if (begin.empty() || begin == kBegin) return {};
  return usage_error(path + " holds something else than metrics of remapstorm: it is not replaced", hint);
}

Status write_metrics_textfile(const std::string& path, std::string_view metrics) {
  return replace_file(path, [&](int fd) -> Status {
    if (::fchmod(fd, 0644) != 0) return errno_error("fchmod", path, errno);
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
