// SPDX-License-Identifier: Apache-2.0
// LogFile: the lines of the log as the output folder keeps them (results/folder_log.h). What comes before there is a
// folder waits for one. Bounded, whatever a guest makes us say; the file tells what was left out. Not thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "cli/log_level.h"

namespace remapstorm {

struct LogLimits {
  std::size_t line = 2000;       // columns; the rest is cut
  std::size_t waiting = 1000;    // lines that wait for a folder; the first ones are kept
  std::size_t detail = 4 << 20;  // bytes of the file from which on nothing below info is written
  std::size_t all = 5 << 20;     // and nothing at all
};

class LogFile {
 public:
  explicit LogFile(const LogLimits& limits = {}) : limits_(limits) {}

  // From now on the lines go there, those that wait first. Errors: those of open_log(), of write().
  Status open(const std::string& folder);
  // `line`: printable, without its end. Error: host, once; nothing is written from then on.
  Status write(LogLevel level, std::string_view line);

 private:
  struct Line {
    LogLevel level;
    std::string text;
  };
  Status append(std::string text);

  const LogLimits limits_;
  std::string path_;
  Fd fd_;
  std::size_t size_ = 0;
  bool over_ = false;  // it could not be written
  std::vector<Line> waiting_;
};

}  // namespace remapstorm
