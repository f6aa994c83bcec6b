// SPDX-License-Identifier: Apache-2.0
#include "trial/kept_trial.h"

#include <fstream>
#include <optional>
#include <utility>

#include "results/trial_metrics.h"
#include "telemetry/metrics/trial_sink.h"
#include "telemetry/sinks.h"

namespace remapstorm {
namespace {

// console.log, line by line as it comes, so that a killed run has it too.
class ConsoleSink final : public EventSink {
 public:
  ConsoleSink(const std::string& path, const std::function<void(const std::string&)>& echo)
      : file_(path, std::ios::trunc), echo_(echo) {}

  void on_event(const Event& event) override {
    const auto* console = std::get_if<ConsoleEvent>(&event.body);
    if (console == nullptr) return;
    file_ << console->line;
    if (console->end != ConsoleEvent::End::more) file_ << '\n' << std::flush;
    if (echo_) echo_(console->line);
  }
  // Everything is in the file.
  [[nodiscard]] bool flush() { return file_.flush().good(); }

 private:
  std::ofstream file_;
  const std::function<void(const std::string&)>& echo_;
};

}  // namespace

TrialResult keep_trial(const Plan& plan, std::uint64_t trial, const std::string& folder, std::vector<EventSink*> sinks,
                       const Watching& watching, const Clock& clock, const RunTrial& run) {
  std::optional<JsonlSink> events;
  std::optional<ConsoleSink> console;
  if (!folder.empty()) {
    Result<JsonlSink> created = JsonlSink::create(folder + "/events.jsonl");
    if (!created) return did_not_run(plan, trial, created.error());
    sinks.push_back(&events.emplace(std::move(created).value()));
    sinks.push_back(&console.emplace(folder + "/console.log", watching.console));
  }
  std::optional<MetricsSink> folded;
  if (watching.metrics != nullptr) sinks.push_back(&folded.emplace(*watching.metrics, clock, trial_labels(plan)));
  Result<TrialResult> ended = run(std::move(sinks));
  if (folded) {
    folded->finish();
    const double dropped = events ? static_cast<double>(events->dropped()) : 0;
    watching.metrics->add(Metric::events_dropped, trial_labels(plan).with(), dropped);
  }
  const Status written = events ? events->flush() : Status();
  if (!ended) return did_not_run(plan, trial, ended.error());

  TrialResult result = std::move(ended).value();
  if (!written) result.error = written.error();
  if (console && !console->flush() && !result.error) {
    result.error = host_error("cannot write " + folder + "/console.log");
  }
  if (result.error) result.ok = false;
  return result;
}

}  // namespace remapstorm
