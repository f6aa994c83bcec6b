// SPDX-License-Identifier: Apache-2.0
#include "telemetry/spans.h"

#include <algorithm>

#include "guest/abi/remapstorm_abi.h"
#include "telemetry/kinds.h"
#include "telemetry/open_spans.h"

namespace remapstorm {
namespace {

constexpr std::string_view kSpanNames[] = {"window",  "lock held",       "lock wait",    "fault",
                                           "handler", "held by harness", "delayed page", "break to make"};
static_assert(std::size(kSpanNames) == kSpanKinds);

}  // namespace

std::string_view span_kind_name(SpanKind kind) { return kSpanNames[static_cast<std::size_t>(kind)]; }

void SpanFinder::fold(const Event& event) {
  clock_.observe(event);
  last_host_ = std::max(last_host_, GuestClock::bounded(event.time));
  if (event.guest_time) last_guest_ = std::max(last_guest_, GuestClock::bounded(*event.guest_time));
  if (const auto* plan = std::get_if<PlanEvent>(&event.body)) tells_windows_ = plan->version >= kWindowSchema;
  if (const auto* probe = std::get_if<ProbeEvent>(&event.body); probe != nullptr && event.guest_time) {
    fold_probe(event, *probe);
  }
  if (const auto* receipt = std::get_if<ReceiptEvent>(&event.body)) fold_receipt(event, *receipt);
}

void SpanFinder::open(const Key& key, Span span) {
  if (open_.size() < kMaxOpen) open_[key] = span;
}

void SpanFinder::close(const Key& key, Nanoseconds now) {
  const auto found = open_.find(key);
  if (found == open_.end()) return;
  Span span = found->second;
  open_.erase(found);
  // vCPU counters may differ by some ticks.
  span.end = std::max(span.begin, now);
  span.injected = in_guest_time(span.kind) && injected_since(span.begin);
  found_(span);
}

bool SpanFinder::injected_since(Nanoseconds guest) const {
  return imposing_ != 0 || (last_injection_ && *last_injection_ >= clock_.to_host(guest));
}

// The only source of a window's length. What bbm.break told of it is who opened it, and that it is open.
void SpanFinder::close_window(const Event& event, const ProbeEvent& probe, Nanoseconds now) {
  Span span{SpanKind::window, event.vcpu, now, now, false, probe.context, probe.args[0]};
  if (const auto made = made_.find(probe.args[0]); made != made_.end()) {
    span = made->second;
    made_.erase(made);
  }
  open_.erase({SpanKind::window, 0, 0, probe.args[0]});
  const auto time = [&](std::size_t arg) { return std::min(GuestClock::bounded(probe.args[arg]), now); };
  span.begin = time(1);
  span.end = std::max(span.begin, time(2));
  span.detail = probe.args[3];
  span.injected = injected_since(span.begin);
  found_(span);
}

void SpanFinder::fold_probe(const Event& event, const ProbeEvent& probe) {
  const Nanoseconds now = GuestClock::bounded(*event.guest_time);
  const std::uint32_t level = RS_CTX_LEVEL(probe.context);
  const auto begins = [&](SpanKind kind, const Key& key, std::uint64_t what) {
    const bool of_entry = kind == SpanKind::window || kind == SpanKind::break_to_make;
    open(key, {kind, event.vcpu, now, now, false, probe.context, what, of_entry ? probe.args[3] : probe.args[1]});
  };
  const std::uint64_t first = probe.args[0], second = probe.args[1];
  // Windows and held locks may end on another vCPU; waits and faults belong to one context of one vCPU.
  const Key window{SpanKind::window, 0, 0, first};
  const Key broken{SpanKind::break_to_make, 0, 0, second};
  const Key held{SpanKind::lock_held, 0, 0, first};
  const Key wait{SpanKind::lock_wait, event.vcpu, level, 0};
  const Key fault{SpanKind::fault, event.vcpu, level, 0};
  const Key handler{SpanKind::handler, event.vcpu, 0, second};
  switch (probe.probe) {
    case RS_PROBE_BBM_BREAK:
      return tells_windows_ ? begins(SpanKind::window, window, first) : begins(SpanKind::break_to_make, broken, second);
    case RS_PROBE_BBM_MAKE:
      if (!tells_windows_) return close(broken, now);
      // inplace logs no bbm.window behind it: it never was one.
      if (const auto found = open_.find(window); found != open_.end()) {
        if (made_.size() < kMaxOpen) made_[first] = found->second;
        open_.erase(found);
      }
      return;
    case RS_PROBE_BBM_WINDOW:
      return close_window(event, probe, now);
    case RS_PROBE_FAULT_ENTER:
      return begins(SpanKind::fault, fault, first);
    case RS_PROBE_FAULT_DONE:
      return close(fault, now);
    case RS_PROBE_LOCK_WANT:
      return begins(SpanKind::lock_wait, wait, first);
    case RS_PROBE_LOCK_GOT:
      close(wait, now);
      return begins(SpanKind::lock_held, held, first);
    case RS_PROBE_LOCK_DROP:
      return close(held, now);
    case RS_PROBE_INJECT_ENTER:
      return begins(SpanKind::handler, handler, second);
    case RS_PROBE_INJECT_LEAVE:
      return close(handler, now);
    default:
      return;
  }
}

void SpanFinder::fold_receipt(const Event& event, const ReceiptEvent& receipt) {
  if (receipt.phase != ReceiptEvent::Phase::failed) last_injection_ = GuestClock::bounded(event.time);
  const InjectorKind injector = injector_kind(receipt.injector);
  const bool hold = injector == InjectorKind::hold;
  if (!hold && injector != InjectorKind::stage2_delay) return;
  const SpanKind kind = hold ? SpanKind::hold : SpanKind::delay;
  const Key key{kind, 0, 0, receipt.token};
  const Nanoseconds now = GuestClock::bounded(event.time);
  if (receipt.phase == ReceiptEvent::Phase::fired) {
    const int vcpu = receipt.target_vcpu >= 0 ? receipt.target_vcpu : event.vcpu;
    open(key, {kind, vcpu, now, now, false, 0, receipt.token});
    ++imposing_;
    return;
  }
  // What waits for the guest to touch something begins when it does, not when it was armed.
  if (const auto found = open_.find(key); found != open_.end() && receipt.measured) {
    found->second.begin = std::max(found->second.begin, now - GuestClock::bounded(*receipt.measured));
  }
  if (imposing_ != 0 && open_.contains(key)) --imposing_;
  close(key, now);
}

void SpanFinder::finish() {
  for (auto& [key, span] : open_) {
    // In guest time the end is that of the trial, too, which the guest may not have lived to log.
    const Nanoseconds last = in_guest_time(span.kind) ? last_host_ - clock_.to_host(Nanoseconds{0}) : last_host_;
    span.end = std::max({span.begin, last, in_guest_time(span.kind) ? last_guest_ : Nanoseconds{0}});
    span.open = true;
    found_(span);
  }
  open_.clear();
}

Span SpanFinder::on_host_line(Span span) const {
  if (!in_guest_time(span.kind)) return span;
  span.begin = clock_.to_host(span.begin);
  span.end = clock_.to_host(span.end);
  return span;
}

}  // namespace remapstorm
