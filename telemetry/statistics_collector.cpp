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
  ++count_;
  max_ = std::max(max_, length);
}

LengthSummary LengthSeries::summary() const {
  LengthSummary summary;
  summary.count = count_;
  summary.max = max_;
  if (kept_.empty()) return summary;
  std::vector<Nanoseconds> sorted = kept_;
  std::sort(sorted.begin(), sorted.end());
  // Nearest rank.
  const auto at = [&](std::size_t percent) { return sorted[(sorted.size() * percent + 99) / 100 - 1]; };
  summary.p50 = at(50);
  summary.p99 = at(99);
  return summary;
}

void StatisticsCollector::fold(const Event& event) {
  clock_.observe(event);
  symbols_.observe(event);
  const auto* wait = std::get_if<HostWaitEvent>(&event.body);
  if (wait != nullptr && event.vcpu < 0) delay_late_ = GuestClock::bounded(wait->waited);
  if (const auto* receipt = std::get_if<ReceiptEvent>(&event.body)) fold_receipt(event, *receipt);
  if (const auto* probe = std::get_if<ProbeEvent>(&event.body)) fold_probe(event, *probe);
}

void StatisticsCollector::fold_receipt(const Event& event, const ReceiptEvent& receipt) {
  if (receipt.phase == ReceiptEvent::Phase::fired) {
    ++sums_.rule_firings[receipt.rule];
    const bool interrupt = is_answered(receipt.injector);
    Injected* one = interrupt && injected_.size() < kMaxOpen ? &injected_[receipt.token] : nullptr;
    // A second receipt with this token merged with an interrupt that was still pending: the guest sees one.
    if (one == nullptr || !one->fired) ++sums_.injections[receipt.injector];
    if (one != nullptr && !one->fired) {
      one->at = GuestClock::bounded(event.time);
      one->fired = true;
    }
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

void StatisticsCollector::fold_probe(const Event& event, const ProbeEvent& probe) {
  if (probe.probe < probes_.size()) ++probes_[probe.probe];
  const Place place{event.vcpu, RS_CTX_LEVEL(probe.context)};
  if (probe.probe == RS_PROBE_FAULT_ENTER) {
    ++sums_.faults[place.second];
    const std::string function = symbols_.function(Gva(probe.args[1]));
    if (!function.empty() && sums_.fault_functions.size() < kMaxFunctions) ++sums_.fault_functions[function];
  }
  if (probe.probe == RS_PROBE_BBM_BREAK) ++sums_.windows_opened;
  if (probe.probe == RS_PROBE_BBM_MAKE && open_windows_.contains(probe.args[1])) ++sums_.windows_closed;
  const auto token = static_cast<std::uint32_t>(probe.args[1]);
  if (probe.probe == RS_PROBE_INJECT_ENTER && injected_.size() < kMaxOpen) {
    injected_[token].entered = event.guest_time;
  }
  if (probe.probe == RS_PROBE_INJECT_LEAVE) {
    if (const auto found = injected_.find(token); found != injected_.end()) found->second.answered = true;
  }
  if (event.guest_time) fold_lengths(probe, place, GuestClock::bounded(*event.guest_time));
}

void StatisticsCollector::fold_lengths(const ProbeEvent& probe, Place place, Nanoseconds now) {
  switch (probe.probe) {
    case RS_PROBE_BBM_BREAK:
      open_span(open_windows_, probe.args[1], now);
      break;
    case RS_PROBE_BBM_MAKE:
      if (const auto length = close_span(open_windows_, probe.args[1], now)) windows_.add(*length);
      break;
    case RS_PROBE_FAULT_ENTER:
      open_span(open_faults_, place, now);
      break;
    case RS_PROBE_FAULT_DONE:
      if (const auto length = close_span(open_faults_, place, now)) fault_waits_.add(*length);
      break;
    case RS_PROBE_LOCK_WANT:
      open_span(open_waits_, place, now);
      break;
    case RS_PROBE_LOCK_GOT:
      if (const auto length = close_span(open_waits_, place, now)) lock_waits_.add(*length);
      open_span(open_holds_, probe.args[0], now);
      break;
    case RS_PROBE_LOCK_DROP:
      if (const auto length = close_span(open_holds_, probe.args[0], now)) lock_holds_.add(*length);
      break;
    default:
      break;
  }
}

TrialStatistics StatisticsCollector::statistics() const {
  TrialStatistics result = sums_;
  for (const ProbeInfo& probe : all_probes()) {
    if (probes_[probe.number] != 0) result.probes[std::string(probe.name)] = probes_[probe.number];
  }
  result.windows = windows_.summary();
  result.fault_waits = fault_waits_.summary();
  result.lock_waits = lock_waits_.summary();
  result.lock_holds = lock_holds_.summary();
  // At the end, when the clocks' offset is known best.
  LengthSeries delivery;
  for (const auto& [token, one] : injected_) {
    if (!one.fired || !one.entered) continue;
    delivery.add(std::max(Nanoseconds{0}, clock_.to_host(*one.entered) - one.at));
    if (one.answered) ++result.injections_answered;
  }
  result.delivery = delivery.summary();
  return result;
}

}  // namespace remapstorm
