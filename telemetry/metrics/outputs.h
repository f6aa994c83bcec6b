// SPDX-License-Identifier: Apache-2.0
// MetricsOutputs: the ways out of metrics that a command was asked for, for as long as it runs. None of them ever
// keeps a trial waiting, and trouble with them is a note, never an error of the run.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "telemetry/metrics/endpoint.h"
#include "telemetry/metrics/metrics.h"

namespace remapstorm {

struct MetricsOptions {
  std::optional<ListenAddress> listen;
  std::string textfile;     // path, or empty
  std::string push_target;  // push_target(), or empty
  [[nodiscard]] bool any() const { return listen || !textfile.empty() || !push_target.empty(); }
};

// Calls a function at once and then every `period` in a thread of its own, until destroyed.
class Repeater {
 public:
  Repeater(Nanoseconds period, std::function<void()> work);
  ~Repeater();
  Repeater(const Repeater&) = delete;
  Repeater& operator=(const Repeater&) = delete;

 private:
  void repeat();

  Nanoseconds period_;
  std::function<void()> work_;
  std::mutex mutex_;  // over_
  std::condition_variable changed_;
  bool over_ = false;
  std::thread thread_;
};

class MetricsOutputs {
 public:
  // `metrics` must outlive it. Nothing happens yet.
  MetricsOutputs(Metrics& metrics, MetricsOptions options) : metrics_(metrics), options_(std::move(options)) {}
  ~MetricsOutputs() { finish(); }
  MetricsOutputs(const MetricsOutputs&) = delete;
  MetricsOutputs& operator=(const MetricsOutputs&) = delete;

  // Opens the endpoint if one was asked for. Error: host.
  Status listen();
  // Begins to write the textfile and to push, if asked for.
  void start();
  // Writes and pushes the last values, at most 2 s; the endpoint answers until the end of this object. Idempotent.
  void finish();

  // What a person should know, each line once: where the endpoint is, what does not work.
  std::vector<std::string> take_notes();

 private:
  // Counts trouble of a way; the first time it is noted as well.
  void trouble(const char* way, bool& said, const Error& error);
  void note(const std::string& line);
  void write_textfile();
  void push(Nanoseconds timeout, const std::atomic<bool>& stop);

  Metrics& metrics_;
  MetricsOptions options_;
  std::unique_ptr<MetricsEndpoint> endpoint_;
  std::atomic<bool> stop_push_{false};
  bool textfile_said_ = false, push_said_ = false;  // each of its thread, and of finish() after it
  std::mutex notes_mutex_;
  std::vector<std::string> notes_;
  std::unique_ptr<Repeater> writer_, pusher_;
};

}  // namespace remapstorm
