// SPDX-License-Identifier: Apache-2.0
#include "cli/log_file.h"

#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "base/syscall.h"
#include "report/text.h"
#include "results/folder_log.h"

namespace remapstorm {

Status LogFile::open(const std::string& folder) {
  path_ = folder + "/" + kLogName;
  Result<Fd> fd = open_log(folder);
  over_ = !fd.ok();
  const std::vector<Line> waiting = std::exchange(waiting_, {});
  if (!fd.ok()) return fd.error();
  fd_ = std::move(fd).value();
  struct stat there = {};
  size_ = ::fstat(fd_.get(), &there) == 0 ? static_cast<std::size_t>(there.st_size) : 0;
  for (const Line& line : waiting) RS_TRY(write(line.level, line.text));
  return {};
}

Status LogFile::write(LogLevel level, std::string_view line) {
  if (over_) return {};
  if (!fd_.valid()) {
    if (waiting_.size() < limits_.waiting) waiting_.push_back({level, cut(line, limits_.line)});
    return {};
  }
  const std::size_t limit = level < LogLevel::info ? limits_.detail : limits_.all;
  if (size_ >= limit) return {};
  std::string text = cut(line, limits_.line) + "\n";
  // Once for each limit: no line is longer than what is between them.
  if (size_ < limits_.detail && size_ + text.size() >= limits_.detail) {
    text += "this file has reached " + std::to_string(limits_.detail) + " bytes: no more details\n";
  } else if (size_ + text.size() >= limits_.all) {
    text += "this file has reached " + std::to_string(limits_.all) + " bytes: nothing more\n";
  }
  return append(std::move(text));
}

Status LogFile::append(std::string text) {
  std::string_view left = text;
  while (!left.empty()) {
    const ssize_t written = ::write(fd_.get(), left.data(), left.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      over_ = true;
      fd_.reset();
      return errno_error("write", path_, errno);
    }
    left.remove_prefix(static_cast<std::size_t>(written));
  }
  size_ += text.size();
  return {};
}

}  // namespace remapstorm
