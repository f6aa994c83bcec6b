// SPDX-License-Identifier: Apache-2.0
#include "telemetry/metrics/trial_fold.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "guest/abi/remapstorm_abi.h"
#include "telemetry/event_names.h"
#include "telemetry/kinds.h"
#include "telemetry/open_spans.h"
#include "telemetry/probe_names.h"

namespace remapstorm {
namespace {

// Words that may become label values; what is not among them is "other" and has the last slot.
struct Word {
  std::size_t slot = 0;
  std::string_view text;
};
Word known(std::string_view text, std::span<const std::string_view> words) {
  const auto found = std::find(words.begin(), words.end(), text);
  const auto slot = static_cast<std::size_t>(found - words.begin());
  return {slot, found == words.end() ? std::string_view("other") : *found};
}

constexpr std::string_view kKinds[] = {"irq", "nmi", "call", "hold", "stage2-delay", "serror", "external-abort"};
constexpr std::string_view kExits[] = {"io",
                                       "mmio",
                                       "debug",
                                       "hlt",
                                       "shutdown",
                                       "interrupted",
                                       "dirty-ring-full",
                                       "system-event",
                                       "fail-entry",
                                       "emulation-failure",
                                       "internal-error"};
constexpr std::string_view kVcpus[] = {"0", "1", "2", "3", "4", "5", "6", "7"};
static_assert(std::size(kVcpus) == RS_MAX_VCPUS);

Word vcpu_word(int vcpu) {
  const bool exists = vcpu >= 0 && static_cast<std::size_t>(vcpu) < std::size(kVcpus);
  return exists ? Word{static_cast<std::size_t>(vcpu), kVcpus[vcpu]} : Word{std::size(kVcpus), "other"};
}

Word level_word(std::uint64_t level) {
  if (level == RS_LEVEL_PTE) return {0, "pte"};
  if (level == RS_LEVEL_PMD) return {1, "pmd"};
  return {2, "other"};
}

constexpr std::size_t kLockWords = 3;
Word lock_word(std::uint64_t lock_id) {
  static const std::string kPageTable = lock_name(RS_LOCK_INIT_MM_PAGE_TABLE), kZone = lock_name(RS_LOCK_ZONE);
  if (lock_id == RS_LOCK_INIT_MM_PAGE_TABLE) return {0, kPageTable};
  if (lock_id == RS_LOCK_ZONE) return {1, kZone};
  return {2, "other"};
}

std::string_view yes_or_no(bool yes) { return yes ? "yes" : "no"; }

// A slot for each probe, and one behind them for what is none.
std::size_t probe_slot(const ProbeInfo* probe) {
  return probe != nullptr ? std::size_t{probe->number} : std::size_t{RS_PROBE_LIMIT};
}

}  // namespace

LabelValues TrialLabels::with(std::initializer_list<std::string_view> more) const {
  return with_all(std::span(more.begin(), more.size()));
}

LabelValues TrialLabels::with_all(std::span<const std::string_view> more) const {
  LabelValues values = {scenario, strategy, flavour, host};
  for (const std::string_view one : more) values.emplace_back(one);
  return values;
}

TrialFold::TrialFold(TrialLabels labels)
    : labels_(std::move(labels)),
      cached_(all_metrics().size()),
      spans_([this](const Span& span) { fold_span(span); }) {}

MetricSeries& TrialFold::series(Metric metric, std::size_t slot, std::span<const std::string_view> more) {
  auto& slots = cached_[static_cast<std::size_t>(metric)];
  if (slots.size() <= slot) slots.resize(slot + 1);
  if (slots[slot] == nullptr) slots[slot] = &gathered_.series(metric, labels_.with_all(more));
  return *slots[slot];
}

void TrialFold::count(Metric metric, std::size_t slot, std::initializer_list<std::string_view> more, double by) {
  series(metric, slot, std::span(more.begin(), more.size())).value += by;
}

void TrialFold::observe(Metric metric, std::size_t slot, std::initializer_list<std::string_view> more,
                        Nanoseconds length) {
  remapstorm::observe(metric_info(metric), series(metric, slot, std::span(more.begin(), more.size())),
                      in_seconds(length));
}

void TrialFold::fold(const Event& event) {
  spans_.fold(event);
  deliveries_.fold(event);
  count(Metric::events, event.body.index(), {event_type_name(event)});
  std::visit([&](const auto& body) { fold_body(body, event); }, event.body);
}

void TrialFold::fold_body(const HitEvent& hit, const Event&) {
  const ProbeInfo* probe = probe_by_name(hit.where);
  trigger_ = probe != nullptr ? probe->name : kInstruction;
}

void TrialFold::fold_body(const ReceiptEvent& receipt, const Event&) {
  const Word kind = known(receipt.injector, kKinds);
  switch (receipt.phase) {
    case ReceiptEvent::Phase::fired:
      return fold_fired(receipt);
    case ReceiptEvent::Phase::ended:
      return fold_ended(receipt);
    case ReceiptEvent::Phase::failed:
      return count(Metric::injections_failed, kind.slot, {kind.text});
  }
}

void TrialFold::fold_fired(const ReceiptEvent& receipt) {
  const Word kind = known(receipt.injector, kKinds);
  // The guest sees one of the two.
  if (deliveries_.merged()) return count(Metric::injections_merged, kind.slot, {kind.text});
  // A receipt follows its hit.
  const std::string_view trigger = trigger_.empty() ? kInstruction : trigger_;
  const std::size_t slot = kind.slot * (RS_PROBE_LIMIT + 1) + probe_slot(probe_by_name(trigger));
  count(Metric::injections, slot, {kind.text, trigger});
  if (receipt.requested <= Nanoseconds{0}) return;
  const Nanoseconds requested = GuestClock::bounded(receipt.requested);
  const InjectorKind injector = injector_kind(receipt.injector);
  if (injector == InjectorKind::stage2_delay) observe(Metric::delay_requested, 0, {}, requested);
  if (injector == InjectorKind::hold) {
    const Word vcpu = vcpu_word(receipt.target_vcpu);
    observe(Metric::hold_requested, vcpu.slot, {vcpu.text}, requested);
  }
}

void TrialFold::fold_ended(const ReceiptEvent& receipt) {
  if (!receipt.measured) return;
  const Nanoseconds measured = GuestClock::bounded(*receipt.measured);
  const InjectorKind injector = injector_kind(receipt.injector);
  if (injector == InjectorKind::hold) {
    const Word vcpu = vcpu_word(receipt.target_vcpu);
    observe(Metric::hold_served, vcpu.slot, {vcpu.text}, measured);
  }
  if (injector == InjectorKind::stage2_delay) {
    observe(Metric::delay_served, 0, {}, measured);
    const Nanoseconds requested = GuestClock::bounded(receipt.requested);
    observe(Metric::delay_error, 0, {}, measured > requested ? measured - requested : requested - measured);
  }
}

void TrialFold::fold_body(const ProbeEvent& probe, const Event& event) {
  const ProbeInfo* info = probe_by_number(probe.probe);
  count(Metric::probe_events, probe_slot(info), {info != nullptr ? info->name : "unknown"});
  const Place place{event.vcpu, RS_CTX_LEVEL(probe.context)};
  if (probe.probe == RS_PROBE_FAULT_ENTER)
    count(Metric::faults, place.second, {context_name(context_of(probe.context))});
  if (probe.probe == RS_PROBE_BBM_BREAK) {
    const Word level = level_word(probe.args[3]);
    count(Metric::windows_opened, level.slot, {level.text});
  }
  if (event.guest_time) fold_lengths(probe, place, GuestClock::bounded(*event.guest_time));
}

void TrialFold::fold_span(const Span& span) {
  if (span.open) return;
  const std::uint32_t context = RS_CTX_LEVEL(span.context);
  const std::string_view context_word = context_name(context_of(span.context));
  const Word lock = lock_word(span.detail), level = level_word(span.detail);
  switch (span.kind) {
    case SpanKind::window:
      return observe_guest(Metric::window, level.slot, {level.text}, span.length(), Injected{span.injected});
    case SpanKind::fault:
      return observe_guest(Metric::fault_duration, context, {context_word}, span.length(), Injected{span.injected});
    case SpanKind::lock_wait:
    case SpanKind::lock_held: {
      const Metric metric = span.kind == SpanKind::lock_wait ? Metric::lock_wait : Metric::lock_hold;
      return observe_guest(metric, kLockWords * std::size_t{context} + lock.slot, {context_word, lock.text},
                           span.length(), Injected{span.injected});
    }
    case SpanKind::break_to_make:  // no window, and not counted as one
    case SpanKind::handler:
    case SpanKind::hold:
    case SpanKind::delay:
      return;
  }
}

void TrialFold::observe_guest(Metric metric, std::size_t slot, std::initializer_list<std::string_view> more,
                              Nanoseconds length, Injected injected) {
  std::vector<std::string_view> labels(more);
  labels.push_back(yes_or_no(injected == Injected::yes));
  remapstorm::observe(metric_info(metric), series(metric, 2 * slot + static_cast<std::size_t>(injected), labels),
                      in_seconds(length));
}

void TrialFold::fold_lengths(const ProbeEvent& probe, Place place, Nanoseconds now) {
  if (const auto remap = remaps_.fold(place.first, probe, now)) {
    const std::string_view direction = remap->restore ? "restore" : "optimize";
    const std::pair<std::string_view, Nanoseconds> phases[] = {{"total", remap->total},
                                                               {"lock-wait", remap->lock_wait},
                                                               {"flush", remap->flush},
                                                               {"window", remap->window},
                                                               {"other", remap->other()}};
    std::size_t slot = remap->restore ? std::size(phases) : 0;
    const Injected injected{spans_.injected_since(remap->began)};
    for (const auto& [phase, length] : phases) {
      observe_guest(Metric::remap, slot++, {direction, phase}, length, injected);
    }
  }
  switch (probe.probe) {
    case RS_PROBE_FAULT_ENTER:
      open_span(stalls_, place, now);
      break;
    case RS_PROBE_LOCK_WANT:
      if (!stalls_.contains(place)) open_span(stalls_, place, now);
      break;
    case RS_PROBE_FAULT_DONE:
    case RS_PROBE_LOCK_GOT: {
      const auto since = stalls_.find(place);
      const Injected injected{since != stalls_.end() && spans_.injected_since(since->second)};
      if (const auto length = close_span(stalls_, place, now)) stalled(place.first, *length, injected);
      break;
    }
    default:
      break;
  }
}

void TrialFold::stalled(int vcpu, Nanoseconds length, Injected injected) {
  const Word word = vcpu_word(vcpu);
  observe_guest(Metric::vcpu_stall, word.slot, {word.text}, length, injected);
  MetricSeries& longest = series(Metric::vcpu_longest_stall, 2 * word.slot + static_cast<std::size_t>(injected),
                                 std::array{word.text, yes_or_no(injected == Injected::yes)});
  longest.value = std::max(longest.value, in_seconds(length));
}

void TrialFold::fold_body(const LifecycleEvent& lifecycle, const Event&) {
  const bool restored = lifecycle.what == LifecycleEvent::What::boot && lifecycle.detail == kFromSnapshot;
  if (restored) count(Metric::resets, 0, {"restored"});
}

void TrialFold::fold_body(const ResetEvent& reset, const Event&) {
  count(Metric::resets, 1, {"in-place"});
  observe(Metric::reset_duration, 0, {}, GuestClock::bounded(reset.took));
}

void TrialFold::fold_body(const HostWaitEvent& wait, const Event& event) {
  if (event.vcpu < 0) return;  // of a thread of the harness
  const Word vcpu = vcpu_word(event.vcpu);
  count(Metric::vcpu_host_wait, vcpu.slot, {vcpu.text}, in_seconds(GuestClock::bounded(wait.waited)));
}

void TrialFold::fold_body(const UsageEvent& usage, const Event& event) {
  const Nanoseconds cpu_time = GuestClock::bounded(usage.cpu);
  const auto cpu = [&](std::size_t slot, std::string_view where, Nanoseconds time) {
    count(Metric::cpu, slot, {where}, in_seconds(time));
  };
  if (event.vcpu < 0) return cpu(2, "watch", cpu_time);
  const Word vcpu = vcpu_word(event.vcpu);
  const std::pair<std::string_view, Nanoseconds> spent[] = {
      {"guest", usage.guest}, {"harness", usage.harness}, {"parked", usage.parked}};
  std::size_t slot = vcpu.slot * std::size(spent);
  for (const auto& [where, time] : spent) {
    count(Metric::vcpu_time, slot++, {vcpu.text, where}, in_seconds(GuestClock::bounded(time)));
  }
  const Nanoseconds outside = std::min(cpu_time, GuestClock::bounded(usage.harness));
  cpu(0, "guest", cpu_time - outside);
  cpu(1, "harness", outside);
  for (const auto& [reason, times] : usage.exits) {
    const Word word = known(reason, kExits);
    count(Metric::vm_exits, word.slot, {word.text}, static_cast<double>(times));
  }
}

void TrialFold::finish() {
  // Now the clocks' offset is known best.
  for (const Delivery& one : deliveries_.delivered(spans_.clock())) {
    const Word kind = known(one.injector, kKinds);
    observe(Metric::delivery, kind.slot, {kind.text}, one.took);
    if (one.answered) count(Metric::injections_answered, kind.slot, {kind.text});
  }
  deliveries_ = {};
}

}  // namespace remapstorm
