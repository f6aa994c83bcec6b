// SPDX-License-Identifier: Apache-2.0
// What became of the guest as a whole: done, dead, silent, or out of time; and whether harness and host did their part.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "telemetry/detector.h"

namespace remapstorm {

class LifecycleDetector final : public Detector {
 public:
  [[nodiscard]] std::string_view name() const override { return "lifecycle"; }
  void fold(const Event& event) override;
  [[nodiscard]] std::vector<Finding> findings() const override { return findings_; }
  [[nodiscard]] std::vector<std::string> missing() const override;
  [[nodiscard]] std::vector<std::string> notes() const override;
  [[nodiscard]] bool ready() const { return ready_; }
  [[nodiscard]] bool done() const { return done_; }
  [[nodiscard]] bool dead() const { return dead_; }  // the guest will not run again

 private:
  void add(const Event& event, Verdict verdict, FindingKind kind, std::string summary);

  std::vector<Finding> findings_;
  std::string ended_;  // why before the guest was done
  bool ready_ = false;
  bool done_ = false;
  bool dead_ = false;
};

}  // namespace remapstorm
