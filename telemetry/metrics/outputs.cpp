// SPDX-License-Identifier: Apache-2.0
#include "telemetry/metrics/outputs.h"

#include <utility>

#include "telemetry/metrics/push.h"
#include "telemetry/metrics/textfile.h"

namespace remapstorm {
namespace {

constexpr Nanoseconds kWriteEvery = std::chrono::seconds(1);
constexpr Nanoseconds kPushEvery = std::chrono::seconds(10);
constexpr Nanoseconds kPushPatience = std::chrono::seconds(5);
constexpr Nanoseconds kLastPushPatience = std::chrono::seconds(2);  // somebody waits for the program to end

}  // namespace

MetricsOutputs::MetricsOutputs(Metrics& metrics, MetricsOptions options)
    : metrics_(metrics), options_(std::move(options)) {
  if (!options_.writer.empty()) metrics_.label_all(kWriterLabel, options_.writer);
}

Status MetricsOutputs::listen() {
  if (!options_.listen) return {};
  RS_ASSIGN(endpoint_, MetricsEndpoint::open(*options_.listen, [this] { return metrics_.text(); }));
  note("metrics at " + endpoint_->url());
  return {};
}

void MetricsOutputs::start() {
  if (!options_.textfile.empty()) {
    writer_ = std::make_unique<Repeater>(kWriteEvery, [this] { write_textfile(); });
  }
  if (!options_.push_target.empty()) {
    if (options_.push_slot) {
      options_.push_target += "/" + std::string(kWriterLabel) + "/" + std::to_string(slot_.emplace().number());
    }
    pusher_ = std::make_unique<Repeater>(kPushEvery, [this] { push(kPushPatience, stop_push_); });
  }
}

void MetricsOutputs::finish() {
  if (std::exchange(writer_, nullptr)) write_textfile();
  stop_push_ = true;
  if (std::exchange(pusher_, nullptr)) {
    const std::atomic<bool> never{false};
    push(kLastPushPatience, never);
  }
}

void MetricsOutputs::write_textfile() {
  if (const Status written = write_metrics_textfile(options_.textfile, metrics_.text()); !written) {
    trouble("textfile", textfile_said_, written.error());
  }
}

void MetricsOutputs::push(Nanoseconds timeout, const std::atomic<bool>& stop) {
  const Status pushed = push_metrics(options_.push_target, metrics_.text(), timeout, stop);
  if (!pushed && !stop) trouble("push", push_said_, pushed.error());
}

void MetricsOutputs::trouble(const char* way, bool& said, const Error& error) {
  metrics_.add(Metric::metrics_failures, {way});
  if (!std::exchange(said, true)) note(error.message + "; the run goes on without");
}

void MetricsOutputs::note(const std::string& line) {
  const std::lock_guard lock(notes_mutex_);
  notes_.push_back(line);
}

std::vector<std::string> MetricsOutputs::take_notes() {
  const std::lock_guard lock(notes_mutex_);
  return std::exchange(notes_, {});
}

}  // namespace remapstorm
