// SPDX-License-Identifier: Apache-2.0
#include "telemetry/metrics/trial_sink.h"

namespace remapstorm {
namespace {

constexpr Nanoseconds kPeriod = std::chrono::seconds(1);
// Looking at the clock costs as much as folding an event, so only every so many are timed.
constexpr std::uint64_t kTimedEvery = 16;

}  // namespace

void MetricsSink::on_event(const Event& event) {
  const bool timed = events_++ % kTimedEvery == 0;
  const Nanoseconds before = timed ? clock_.now() : Nanoseconds(0);
  fold_.fold(event);
  if (timed) spent_ += clock_.now() - before;
  if (event.time - handed_on_ < kPeriod) return;
  handed_on_ = event.time;
  hand_on();
}

void MetricsSink::finish() {
  fold_.finish();
  hand_on();
}

void MetricsSink::hand_on() {
  const Nanoseconds before = clock_.now();
  metrics_.take(fold_.gathered());
  const Nanoseconds spent = spent_ * kTimedEvery + (clock_.now() - before);
  spent_ = Nanoseconds(0);
  metrics_.add(Metric::cpu, fold_.labels().with({"metrics"}), in_seconds(spent));
}

}  // namespace remapstorm
