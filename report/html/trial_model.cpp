// SPDX-License-Identifier: Apache-2.0
#include "report/html/trial_model.h"

#include <algorithm>

#include "guest/abi/remapstorm_abi.h"
#include "telemetry/kinds.h"

namespace remapstorm {
namespace {

constexpr Nanoseconds kAroundMoment{2'000'000'000};

TimelineMark::Kind mark_kind(const std::string& injector) {
  switch (injector_kind(injector)) {
    case InjectorKind::nmi:
    case InjectorKind::serror:
    case InjectorKind::external_abort:
      return TimelineMark::Kind::nmi;
    case InjectorKind::hold:
      return TimelineMark::Kind::hold;
    case InjectorKind::stage2_delay:
      return TimelineMark::Kind::delay;
    default:
      return TimelineMark::Kind::irq;
  }
}

// Shown with a margin on both sides, within the trial; how long it was is told without.
Focus focus_on(TimeRange range, const Timeline& timeline, const char* title) {
  const Nanoseconds margin = std::max(range.length() / 8, Nanoseconds(20'000));
  const TimeRange shown{std::max(range.begin - margin, timeline.range().begin),
                        std::min(range.end + margin, timeline.range().end)};
  return Focus{shown, title, range.length()};
}

std::optional<Nanoseconds> moment_of(const std::optional<TimeRange>& focus) {
  return focus ? std::optional(focus->end) : std::nullopt;
}

}  // namespace

void ConsoleFold::add(Nanoseconds time, const std::string& text) {
  ConsoleLine line{++count_, time, text};
  if (line.text.size() > 4096) line.text.resize(4096);
  if (head_.size() < kHead) {
    head_.push_back(std::move(line));
    return;
  }
  tail_.push_back(std::move(line));
  if (tail_.size() <= kTail) return;
  ConsoleLine& oldest = tail_.front();
  const bool near = moment_ && oldest.time > *moment_ - kAroundMoment && oldest.time < *moment_ + kAroundMoment;
  if (near && around_.size() < kAround) around_.push_back(std::move(oldest));
  tail_.pop_front();
}

std::vector<ConsoleLine> ConsoleFold::lines() const {
  std::vector<ConsoleLine> all = head_;
  all.insert(all.end(), around_.begin(), around_.end());
  all.insert(all.end(), tail_.begin(), tail_.end());
  return all;
}

TrialPicture::TrialPicture(std::optional<TimeRange> focus, Nanoseconds offset)
    : timeline(focus, offset), console(moment_of(focus)), spans_(nullptr) {}

void TrialPicture::on_event(const Event& event) {
  // Not bound in the constructor: a fold may be moved while it is empty.
  if (events == 0) spans_ = SpanFinder([this](const Span& span) { on_span(span); });
  ++events;
  timeline.reach(event.time);
  vcpus = std::max(vcpus, event.vcpu + 1);
  spans_.fold(event);
  deliveries_.fold(event);
  if (const auto* hit = std::get_if<HitEvent>(&event.body)) {
    if (!sites.contains(hit->rule) && sites.size() < kMostSites) sites[hit->rule] = {*hit, event.time, event.vcpu, {}};
    if (const auto site = sites.find(hit->rule); site != sites.end()) ++site->second.hits;
  } else if (const auto* receipt = std::get_if<ReceiptEvent>(&event.body)) {
    on_receipt(event, *receipt);
  } else if (const auto* sample = std::get_if<SampleEvent>(&event.body)) {
    looks[event.vcpu] = {event.time, *sample};
    timeline.add(TimelineMark{TimelineMark::Kind::look, event.time, event.vcpu, sample->reason});
  } else if (const auto* line = std::get_if<ConsoleEvent>(&event.body)) {
    console.add(event.time, line->line);
  } else if (const auto* lifecycle = std::get_if<LifecycleEvent>(&event.body)) {
    if (milestones.size() < kMostMilestones) milestones.push_back({event.time, *lifecycle});
  } else if (const auto* truncated = std::get_if<TruncatedEvent>(&event.body)) {
    dropped += truncated->dropped;
  }
}

void TrialPicture::on_receipt(const Event& event, const ReceiptEvent& receipt) {
  const auto site = sites.find(receipt.rule);
  if (receipt.phase == ReceiptEvent::Phase::failed && site != sites.end()) ++site->second.failed;
  if (receipt.phase != ReceiptEvent::Phase::fired) return;
  if (site != sites.end()) {
    ++site->second.fired;
    if (!site->second.receipt) site->second.receipt = receipt;
  }
  const TimelineMark::Kind kind = mark_kind(receipt.injector);
  const int where = receipt.target_vcpu >= 0 ? receipt.target_vcpu : event.vcpu;
  timeline.add(TimelineMark{kind, event.time, where, receipt.injector});
}

void TrialPicture::on_span(const Span& span) {
  timeline.add(span);
  if (!span.open) lengths[span.kind].add(span.begin, span.length());
}

void TrialPicture::finish() {
  if (events == 0) return;
  spans_.finish();
  timeline.finish(spans_);
  for (const Delivery& one : deliveries_.delivered(spans_.clock())) delivery.add(one.took);
}

std::optional<Focus> focus_of(const Judgement& judgement, const Timeline& timeline) {
  const Finding* finding = judgement.findings.empty() ? nullptr : &judgement.findings.front();
  if (finding != nullptr && finding->verdict == Verdict::deadlock && !finding->cycle.empty()) {
    Nanoseconds begin = finding->proven_at;
    for (const WaitEdge& edge : finding->cycle) begin = std::min({begin, edge.owned_since, edge.waiting_since});
    return focus_on({begin, finding->proven_at}, timeline, "From the first lock of the cycle to the proof");
  }
  const Span* longest = nullptr;
  if (finding != nullptr && finding->verdict == Verdict::stall) {
    for (const SpanKind kind :
         {SpanKind::window, SpanKind::break_to_make, SpanKind::lock_held, SpanKind::lock_wait, SpanKind::fault}) {
      const Span* one = timeline.longest(kind);
      if (one != nullptr && (longest == nullptr || one->length() > longest->length())) longest = one;
    }
    if (longest != nullptr) return focus_on({longest->begin, longest->end}, timeline, "The stall");
  }
  if (finding != nullptr && finding->seen_at > Nanoseconds{0}) {
    const TimeRange around{finding->seen_at - Nanoseconds(50'000'000), finding->seen_at + Nanoseconds(10'000'000)};
    return focus_on(around, timeline, "Around the guest's report");
  }
  longest = timeline.longest(SpanKind::window);
  if (longest != nullptr) return focus_on({longest->begin, longest->end}, timeline, "The longest window");
  longest = timeline.longest(SpanKind::break_to_make);
  if (longest == nullptr) return std::nullopt;
  return focus_on({longest->begin, longest->end}, timeline, "The longest time from break to make");
}

Result<TrialModel> read_trial_model(const std::string& events_path) {
  TrialModel model;
  RS_ASSIGN(model.replayed, replay(events_path, &model.whole));
  model.whole.finish();
  std::optional<Focus> focus = focus_of(model.replayed.result.judgement, model.whole.timeline);
  if (!focus || focus->range.length() <= Nanoseconds{0}) return model;
  model.focus = focus->range;
  model.focus_title = focus->title;
  model.focus_length = focus->length;
  if (!model.whole.timeline.coarse() && !model.whole.console.has_gaps()) return model;
  model.close.emplace(focus->range, model.whole.guest_offset());
  RS_TRY(replay(events_path, &*model.close));
  model.close->finish();
  return model;
}

}  // namespace remapstorm
