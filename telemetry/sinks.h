// SPDX-License-Identifier: Apache-2.0
// Where events go: a JSON-lines file, memory, several sinks.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "telemetry/event.h"

namespace remapstorm {

// Appends to a file. Buffered; written out at milestones (receipts, samples, lifecycle) and every 64 KiB, so that a
// killed run leaves everything up to its last milestone. Beyond the size limit probe and console events are dropped and
// counted in a TruncatedEvent instead of filling the disk. Not thread-safe.
class JsonlSink final : public EventSink {
 public:
  static constexpr std::uint64_t kDefaultLimit = 64ULL << 20;
  // Creates or replaces `path`. Error: host (errno kept).
  static Result<JsonlSink> create(const std::string& path, std::uint64_t limit_bytes = kDefaultLimit);
  JsonlSink(JsonlSink&&) noexcept = default;
  JsonlSink& operator=(JsonlSink&&) = delete;
  ~JsonlSink() override;

  void on_event(const Event& event) override;
  // Writes out and returns the first error there was, a full disk for instance. After an error nothing more is written.
  Status flush();
  [[nodiscard]] const Status& status() const { return status_; }
  [[nodiscard]] std::uint64_t dropped() const { return dropped_; }

 private:
  JsonlSink(Fd fd, std::string path, std::uint64_t limit) : fd_(std::move(fd)), path_(std::move(path)), limit_(limit) {}
  void append(const Event& event);

  Fd fd_;
  std::string path_;
  std::uint64_t limit_;
  std::uint64_t size_ = 0;
  std::uint64_t dropped_ = 0;  // in all
  std::uint64_t dropped_unreported_ = 0;
  bool first_ = true;
  std::string buffer_;
  Status status_;
};

// Keeps everything in memory, up to a limit as JsonlSink's: a guest may write without end. What is dropped beyond it is
// counted in one TruncatedEvent.
class CaptureSink final : public EventSink {
 public:
  static constexpr std::size_t kDefaultLimit = 1 << 20;  // a few hundred MiB
  explicit CaptureSink(std::size_t limit_events = kDefaultLimit) : limit_(limit_events) {}
  void on_event(const Event& event) override;
  [[nodiscard]] const std::vector<Event>& events() const { return events_; }
  [[nodiscard]] bool full() const { return dropped_at_.has_value(); }

 private:
  std::size_t limit_;
  std::vector<Event> events_;
  std::optional<std::size_t> dropped_at_;  // where the TruncatedEvent is
};

// Hands every event to several sinks, in the order given. They must outlive it.
class TeeSink final : public EventSink {
 public:
  explicit TeeSink(std::vector<EventSink*> sinks) : sinks_(std::move(sinks)) {}
  void on_event(const Event& event) override {
    for (EventSink* sink : sinks_) sink->on_event(event);
  }

 private:
  std::vector<EventSink*> sinks_;
};

}  // namespace remapstorm
