// SPDX-License-Identifier: Apache-2.0
// Log: all that is said besides results. Messages go to standard error, from a level on that can be chosen, and from
// debug on into the output folder (cli/log_file.h); there is no other way to standard error, so that nothing tears
// the line that shows what goes on. The only user of spdlog. From any thread.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <ostream>
#include <string>

#include "base/result.h"
#include "cli/log_file.h"
#include "cli/log_level.h"

namespace remapstorm {

// "trace", "debug", "info", "warn", "error", "off". Error: usage, with all of them.
Result<LogLevel> parse_log_level(const std::string& text);
const char* log_level_name(LogLevel level);

class Log {
 public:
  using WallClock = std::function<std::chrono::system_clock::time_point()>;
  struct Surroundings {
    bool redraws = false;  // `err` is a terminal that understands escapes
    unsigned columns = 0;  // of it; 0: not known
    WallClock clock = std::chrono::system_clock::now;
    LogLimits limits{};
  };

  // `err` must outlive it.
  explicit Log(std::ostream& err) : Log(err, Surroundings()) {}
  Log(std::ostream& err, Surroundings surroundings);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  // What standard error gets: messages of this level and above; before, from info on.
  void show_from(LogLevel level);
  [[nodiscard]] LogLevel shown_from() const;
  // Whether anybody gets messages of this level.
  [[nodiscard]] bool wants(LogLevel level) const;
  // The log goes into this folder of ours from now on, what was said before included. That it cannot is said, and
  // changes nothing else.
  void keep_in(const std::string& folder);

  // "remapstorm: TEXT"; of a level below info "remapstorm: LEVEL: TEXT". Whoever wrote it: it is made printable here.
  void say(LogLevel level, const std::string& text);
  // "remapstorm: MESSAGE" and "HINT: ...", with the level error.
  void say(const Error& error);
  // TEXT alone: a line of a list.
  void list(LogLevel level, const std::string& text);

  // What goes on right now (cli/status_line.h); not where standard error gets no messages of the level info. No line of
  // the log. status_in_lines(): among lines that come by print(), nothing is redrawn.
  void status(const std::string& text);
  void status_in_lines(const std::string& text);
  void clear_status();  // before something is printed to standard output
  // To standard error as it is, at any level, and nowhere else: what was asked for by name.
  void print(const std::string& lines);

 private:
  class TerminalSink;
  class FileSink;
  struct Parts;
  const std::unique_ptr<Parts> parts_;
};

}  // namespace remapstorm
