// SPDX-License-Identifier: Apache-2.0
// StrategyFigures: what trials of one remap strategy cost, gathered from their events. Lengths are guest time, but for
// answers, which are host time at their beginning.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "plan/scenario.h"
#include "telemetry/event.h"
#include "telemetry/finding.h"
#include "telemetry/statistics.h"

namespace remapstorm {

class StrategyFigures {
 public:
  // All events of one trial, in order. The vCPU that remaps is 0; the others look on.
  void add(std::span<const Event> events, Verdict verdict);

  [[nodiscard]] std::uint64_t trials() const { return trials_; }
  // remap.begin .. remap.end of each 2 MiB page whose mapping was changed, the splits of PMDs left out.
  [[nodiscard]] LengthSummary remaps() const { return remaps_.summary(); }
  [[nodiscard]] LengthSummary windows() const { return windows_.summary(); }  // cleared to set; inplace: none
  [[nodiscard]] LengthSummary waits() const { return waits_.summary(); }      // faults of the vCPUs that look on
  // From raising an interrupt for a vCPU that looks on until its handler is entered.
  [[nodiscard]] LengthSummary answers() const { return answers_.summary(); }
  [[nodiscard]] const std::array<std::uint64_t, 4>& faults() const { return faults_; }  // task, softirq, hardirq, nmi
  [[nodiscard]] const std::map<Verdict, std::uint64_t>& verdicts() const { return verdicts_; }

 private:
  std::uint64_t trials_ = 0;
  LengthSeries remaps_, windows_, waits_, answers_;
  std::array<std::uint64_t, 4> faults_{};
  std::map<Verdict, std::uint64_t> verdicts_;
};

// What is measured of each strategy.
enum class Measure : std::uint8_t {
  remap,          // nothing injected: what a remap costs, and how long a reader on another vCPU waits
  answer,         // interrupts to the other vCPU while windows are open: how long it does not answer
  steal_idle,     // a vCPU that does nothing loses its processor
  steal_updater,  // the vCPU that remaps loses its processor in a window
};
inline constexpr std::array kMeasures = {Measure::remap, Measure::answer, Measure::steal_idle, Measure::steal_updater};
std::string_view measure_name(Measure measure);  // "remap", "steal-idle"

// `stolen`: of the last two. The verdict that it expects is clean: a long stall is a figure here, not a finding.
Scenario measuring_scenario(Measure measure, const std::string& strategy, Nanoseconds stolen);

}  // namespace remapstorm
