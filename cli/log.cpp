// SPDX-License-Identifier: Apache-2.0
#include "cli/log.h"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>

#include <algorithm>
#include <array>
#include <mutex>
#include <optional>
#include <utility>

#include "base/clock.h"
#include "base/printable.h"
#include "cli/arguments.h"
#include "cli/status_line.h"

namespace remapstorm {
namespace {

constexpr std::array kLevelNames = {"trace", "debug", "info", "warn", "error", "off"};

spdlog::level::level_enum level_of(LogLevel level) {
  return level == LogLevel::off ? spdlog::level::off : static_cast<spdlog::level::level_enum>(level);
}

LogLevel level_of(spdlog::level::level_enum level) {
  return level >= spdlog::level::critical ? LogLevel::off : static_cast<LogLevel>(level);
}

}  // namespace

Result<LogLevel> parse_log_level(const std::string& text) {
  RS_ASSIGN(const std::string name, parse_choice("--log-level", text, {kLevelNames.begin(), kLevelNames.end()}));
  return static_cast<LogLevel>(std::find(kLevelNames.begin(), kLevelNames.end(), name) - kLevelNames.begin());
}

const char* log_level_name(LogLevel level) { return kLevelNames.at(static_cast<std::size_t>(level)); }

class Log::TerminalSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  TerminalSink(std::ostream& err, const Log::Surroundings& surroundings)
      : err_(err),
        status_(err, surroundings.redraws ? StatusLine::Way::redrawn : StatusLine::Way::in_lines, clock_,
                surroundings.columns) {
    set_level(spdlog::level::info);
  }

  void show(const std::string& text) {
    const std::lock_guard lock(mutex_);
    if (should_log(spdlog::level::info)) status_.show(text);
  }
  void tell(const std::string& text) {
    const std::lock_guard lock(mutex_);
    if (should_log(spdlog::level::info)) status_.tell(text);
  }
  void clear() {
    const std::lock_guard lock(mutex_);
    status_.clear();
  }
  void print(const std::string& lines) {
    const std::lock_guard lock(mutex_);
    err_ << lines << std::flush;
  }

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    status_.clear();
    if (message.logger_name.size() != 0)
      err_ << std::string_view(message.logger_name.data(), message.logger_name.size()) << ": ";
    if (message.level < spdlog::level::info) err_ << log_level_name(level_of(message.level)) << ": ";
    err_ << std::string_view(message.payload.data(), message.payload.size()) << std::endl;
  }
  void flush_() override { err_.flush(); }

 private:
  std::ostream& err_;
  const SteadyClock clock_;
  StatusLine status_;
};

// "2026-01-31T23:59:59.123Z warning TEXT", each line of a message for itself.
class Log::FileSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit FileSink(const LogLimits& limits) : file_(limits) {
    set_level(spdlog::level::debug);
    set_formatter(
        std::make_unique<spdlog::pattern_formatter>("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc, ""));
  }

  Status open(const std::string& folder) {
    const std::lock_guard lock(mutex_);
    return file_.open(folder);
  }
  // What kept it from being written, once.
  std::optional<Error> take_trouble() {
    const std::lock_guard lock(mutex_);
    return std::exchange(trouble_, std::nullopt);
  }

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    std::string_view left(message.payload.data(), message.payload.size());
    while (!left.empty()) {
      const std::size_t end = std::min(left.find('\n'), left.size());
      spdlog::details::log_msg line = message;
      line.payload = spdlog::string_view_t(left.data(), end);
      left.remove_prefix(std::min(end + 1, left.size()));
      spdlog::memory_buf_t stamped;
      formatter_->format(line, stamped);
      const Status written = file_.write(level_of(message.level), std::string_view(stamped.data(), stamped.size()));
      if (!written.ok()) trouble_ = written.error();
    }
  }
  void flush_() override {}

 private:
  LogFile file_;
  std::optional<Error> trouble_;
};

struct Log::Parts {
  Parts(std::ostream& err, const Surroundings& surroundings)
      : clock(surroundings.clock),
        terminal(std::make_shared<TerminalSink>(err, surroundings)),
        file(std::make_shared<FileSink>(surroundings.limits)),
        messages("remapstorm", {terminal, file}),
        lists("", {terminal, file}) {
    follow(LogLevel::info);
  }

  void follow(LogLevel level) {
    terminal->set_level(level_of(level));
    // What no sink wants is not even formatted.
    const auto least = std::min(terminal->level(), file->level());
    messages.set_level(least);
    lists.set_level(least);
  }
  void write(spdlog::logger& logger, LogLevel level, const std::string& text) {
    const std::string shown = printable_lines(text);
    logger.log(clock(), spdlog::source_loc(), level_of(level), spdlog::string_view_t(shown));
    if (const auto trouble = file->take_trouble()) tell(*trouble);
  }
  // The file takes no more by now.
  void tell(const Error& trouble) {
    write(messages, LogLevel::warn, trouble.message + "; the log goes on without this file");
  }

  const WallClock clock;
  const std::shared_ptr<TerminalSink> terminal;
  const std::shared_ptr<FileSink> file;
  spdlog::logger messages, lists;
};

Log::Log(std::ostream& err, Surroundings surroundings) : parts_(std::make_unique<Parts>(err, surroundings)) {}
Log::~Log() = default;

void Log::show_from(LogLevel level) { parts_->follow(level); }
LogLevel Log::shown_from() const { return level_of(parts_->terminal->level()); }
bool Log::wants(LogLevel level) const { return parts_->messages.should_log(level_of(level)); }

void Log::keep_in(const std::string& folder) {
  if (const Status opened = parts_->file->open(folder); !opened.ok()) parts_->tell(opened.error());
}

void Log::say(LogLevel level, const std::string& text) { parts_->write(parts_->messages, level, text); }

void Log::say(const Error& error) {
  say(LogLevel::error, error.message + (error.hint.empty() ? "" : "\nHINT: " + error.hint));
}

void Log::list(LogLevel level, const std::string& text) { parts_->write(parts_->lists, level, text); }

void Log::status(const std::string& text) { parts_->terminal->show(text); }
void Log::status_in_lines(const std::string& text) { parts_->terminal->tell(text); }
void Log::clear_status() { parts_->terminal->clear(); }
void Log::print(const std::string& lines) { parts_->terminal->print(lines); }

}  // namespace remapstorm
