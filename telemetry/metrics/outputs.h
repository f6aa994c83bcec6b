// SPDX-License-Identifier: Apache-2.0
// MetricsOutputs: the ways out of metrics that a command was asked for, for as long as it runs. None of them ever
// keeps a trial waiting, and trouble with them is a note, never an error of the run.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/repeater.h"
#include "telemetry/metrics/endpoint.h"
#include "telemetry/metrics/metrics.h"
#include "telemetry/metrics/writer_slot.h"

namespace remapstorm {

struct MetricsOptions {
  std::optional<ListenAddress> listen;
  std::string textfile;     // path, or empty
  std::string push_target;  // push_target(), or empty
  bool push_slot = false;   // the group gets a label that tells us from others of this host
  std::string writer;       // what tells our series from those of others in one folder; empty: nothing
  [[nodiscard]] bool any() const { return listen || !textfile.empty() || !push_target.empty(); }
};

class MetricsOutputs {
 public:
  // `metrics` must outlive it. Nothing happens yet.
  MetricsOutputs(Metrics& metrics, MetricsOptions options);
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
  std::optional<WriterSlot> slot_;
  std::atomic<bool> stop_push_{false};
  bool textfile_said_ = false, push_said_ = false;  // each of its thread, and of finish() after it
  std::mutex notes_mutex_;
  std::vector<std::string> notes_;
  std::unique_ptr<Repeater> writer_, pusher_;
};

}  // namespace remapstorm
