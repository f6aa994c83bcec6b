// SPDX-License-Identifier: Apache-2.0
#include "telemetry/statistics_collector.h"

#include <algorithm>
#include <utility>

#include "guest/abi/remapstorm_abi.h"
#include "telemetry/open_spans.h"
#include "telemetry/probe_names.h"

namespace remapstorm {
namespace {

constexpr std::size_t kMaxKept = 8192;
constexpr std::size_t kMaxFunctions = 64;

}  // namespace

void LengthSeries::add(Nanoseconds length) {
  if (count_ % stride_ == 0) {
    kept_.push_back(length);
    if (kept_.size() >= kMaxKept) {
      for (std::size_t i = 0; 2 * i < kept_.size(); ++i) kept_[i] = kept_[2 * i];
      kept_.resize(kept_.size() / 2);
      stride_ *= 2;
    }
  }
  min_ = count_ == 0 ? length : std::min(min_, length);
  ++count_;
  max_ = std::max(max_, length);
}

LengthSummary LengthSeries::summary() const {
  LengthSummary summary;
  summary.count = count_;
  summary.min = min_;
  summary.max = max_;
  if (kept_.empty()) return summary;
  std::vector<Nanoseconds> sorted = kept_;
  std::sort(sorted.begin(), sorted.end());
  // Nearest rank.
  const auto at = [&](std::size_t percent) { return sorted[(sorted.size() * percent + 99) / 100 - 1]; };
  summary.p50 = at(50);
  if (count_ >= kEnoughForP99) summary.p99 = at(99);
  return summary;
}

void StatisticsCollector::fold(const Event& event) {
  spans_.fold(event);
  deliveries_.fold(event);
  symbols_.observe(event);
  const auto* wait = std::get_if<HostWaitEvent>(&event.body);
  if (wait != nullptr && event.vcpu < 0) delay_late_ = GuestClock::bounded(wait->waited);
  if (const auto* receipt = std::get_if<ReceiptEvent>(&event.body)) fold_receipt(*receipt);
  if (const auto* probe = std::get_if<ProbeEvent>(&event.body)) fold_probe(*probe);
}

void StatisticsCollector::fold_receipt(const ReceiptEvent& receipt) {
  if (receipt.phase == ReceiptEvent::Phase::fired) {
    ++sums_.rule_firings[receipt.rule];
    // A second receipt with this token merged with an interrupt that was still pending: the guest sees one.
    if (!deliveries_.merged()) ++sums_.injections[receipt.injector];
  }
  if (receipt.phase == ReceiptEvent::Phase::ended && receipt.measured && receipt.requested > Nanoseconds{0}) {
    LengthError& error = sums_.injector_lengths[receipt.injector];
    const Nanoseconds measured = GuestClock::bounded(*receipt.measured);
    const Nanoseconds requested = GuestClock::bounded(receipt.requested);
    const Nanoseconds by_host = std::exchange(delay_late_, Nanoseconds(0));
    ++error.count;
    error.requested_max = std::max(error.requested_max, requested);
    error.measured_max = std::max(error.measured_max, measured);
    const Nanoseconds off =
        measured > requested ? std::max(Nanoseconds(0), measured - requested - by_host) : requested - measured;
    error.error_max = std::max(error.error_max, off);
  }
}

void StatisticsCollector::fold_probe(const ProbeEvent& probe) {
  if (probe.probe < probes_.size()) ++probes_[probe.probe];
  switch (probe.probe) {
    case RS_PROBE_FAULT_ENTER: {
      ++sums_.faults[RS_CTX_LEVEL(probe.context)];
      const std::string function = symbols_.function(Gva(probe.args[1]));
      if (!function.empty() && sums_.fault_functions.size() < kMaxFunctions) ++sums_.fault_functions[function];
      break;
    }
    case RS_PROBE_BBM_BREAK:
      ++sums_.windows_opened;
      if (broken_.size() < kMaxOpen) broken_.insert(probe.args[1]);
      break;
    case RS_PROBE_BBM_MAKE:
      sums_.windows_closed += broken_.erase(probe.args[1]);
      break;
    default:
      break;
  }
}

void StatisticsCollector::add(const Span& span) {
  if (span.open) return;
  switch (span.kind) {
    case SpanKind::window:
      return windows_.add(span.length());
    case SpanKind::break_to_make:
      return break_to_make_.add(span.length());
    case SpanKind::fault:
      return fault_waits_.add(span.length());
    case SpanKind::lock_wait:
      return lock_waits_.add(span.length());
    case SpanKind::lock_held:
      return lock_holds_.add(span.length());
    case SpanKind::handler:
    case SpanKind::hold:
    case SpanKind::delay:
      break;
  }
}

TrialStatistics StatisticsCollector::statistics() const {
  TrialStatistics result = sums_;
  for (const ProbeInfo& probe : all_probes()) {
    if (probes_[probe.number] != 0) result.probes[std::string(probe.name)] = probes_[probe.number];
  }
  result.windows = windows_.summary();
  result.break_to_make = break_to_make_.summary();
  result.fault_waits = fault_waits_.summary();
  result.lock_waits = lock_waits_.summary();
  result.lock_holds = lock_holds_.summary();
  LengthSeries delivery;
  for (const Delivery& one : deliveries_.delivered(spans_.clock())) {
    delivery.add(one.took);
    if (one.answered) ++result.injections_answered;
  }
  result.delivery = delivery.summary();
  return result;
}

}  // namespace remapstorm
