// SPDX-License-Identifier: Apache-2.0
// Judge: all detectors of a trial behind one fold(). The order in which findings outrank each other, and why, is in
// judge.cpp.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "telemetry/detector.h"
#include "telemetry/statistics.h"

namespace remapstorm {

struct JudgeOptions {
  Nanoseconds stall_threshold{100'000'000};
};

struct Judgement {
  Verdict verdict = Verdict::error;
  std::vector<Finding> findings;     // the one that decided first
  std::vector<std::string> reasons;  // why this verdict, one line each; never empty
  std::vector<std::string> notes;    // what was suspected and came to nothing
  TrialStatistics statistics;
};

class Judge final : public EventSink {
 public:
  explicit Judge(JudgeOptions options = {});
  ~Judge() override;
  Judge(const Judge&) = delete;
  Judge& operator=(const Judge&) = delete;

  void on_event(const Event& event) override;
  // The newest unanswered suspicion, if any. Compare ids: answer each once.
  [[nodiscard]] std::optional<Suspicion> suspicion() const;
  // A deadlock is proven or the guest is dead: the runner may end the trial. A proof holds until an event breaks its
  // cycle.
  [[nodiscard]] bool decided() const;
  // The guest has begun to report something about itself; and one such report has come to its end.
  [[nodiscard]] bool guest_reported() const;
  [[nodiscard]] bool guest_report_complete() const;
  [[nodiscard]] Judgement judgement() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

Judgement judge(std::span<const Event> events, JudgeOptions options = {});

}  // namespace remapstorm
