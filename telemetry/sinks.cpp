// SPDX-License-Identifier: Apache-2.0
#include "telemetry/sinks.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/syscall.h"
#include "telemetry/event_json.h"

namespace remapstorm {
namespace {

constexpr std::size_t kBufferBytes = 64 << 10;

bool is_cut(const Event& event) {
  const auto* console = std::get_if<ConsoleEvent>(&event.body);
  return console != nullptr && console->end == ConsoleEvent::End::cut;
}

bool is_lifecycle(const Event& event) { return std::holds_alternative<LifecycleEvent>(event.body); }

// Few by nature, and what a reader needs most after a crash.
bool is_milestone(const Event& event) {
  return is_lifecycle(event) || std::holds_alternative<PlanEvent>(event.body) ||
         std::holds_alternative<ReceiptEvent>(event.body) || std::holds_alternative<SampleEvent>(event.body) ||
         std::holds_alternative<UsageEvent>(event.body) || is_cut(event);
}

}  // namespace

Result<JsonlSink> JsonlSink::create(const std::string& path, std::uint64_t limit_bytes) {
  Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!fd.valid()) return errno_error("open", path, errno);
  return JsonlSink(std::move(fd), path, limit_bytes);
}

JsonlSink::~JsonlSink() {
  // The owner who cares has called flush() and seen its Status.
  if (fd_.valid()) (void)flush();
}

void JsonlSink::append(const Event& event) {
  buffer_ += first_ ? first_event_to_json(event) : event_to_json(event);
  buffer_ += '\n';
  first_ = false;
}

void JsonlSink::on_event(const Event& event) {
  if (!status_.ok()) return;
  // A scenario may fire without end, so milestones have a limit as well, a quarter above that of the rest. The handful
  // of lifecycle events always gets through.
  const std::uint64_t size = size_ + buffer_.size();
  const bool milestone = is_milestone(event);
  const std::uint64_t limit = milestone ? limit_ + limit_ / 4 : limit_;
  if (size >= limit && !is_lifecycle(event)) {
    ++dropped_;
    ++dropped_unreported_;
    return;
  }
  if (dropped_unreported_ != 0) {
    Event marker;
    marker.time = event.time;
    marker.body = TruncatedEvent{dropped_unreported_, limit_};
    dropped_unreported_ = 0;
    append(marker);
  }
  append(event);
  if (milestone || buffer_.size() >= kBufferBytes) (void)flush();
}

Status JsonlSink::flush() {
  if (!status_.ok()) return status_;
  std::string_view rest = buffer_;
  while (!rest.empty()) {
    const ssize_t written = ::write(fd_.get(), rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      status_ = errno_error("write", path_, errno);
      break;
    }
    size_ += static_cast<std::uint64_t>(written);
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  buffer_.clear();
  return status_;
}

void CaptureSink::on_event(const Event& event) {
  const std::size_t limit = is_milestone(event) ? limit_ + limit_ / 4 : limit_;
  if (events_.size() < limit || is_lifecycle(event)) {
    events_.push_back(event);
    return;
  }
  if (!dropped_at_) {
    dropped_at_ = events_.size();
    events_.push_back(Event{event.time, std::nullopt, -1, TruncatedEvent{0, limit_ * sizeof(Event)}});
  }
  ++std::get<TruncatedEvent>(events_[*dropped_at_].body).dropped;
}

}  // namespace remapstorm
