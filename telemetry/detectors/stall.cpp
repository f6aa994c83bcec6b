// SPDX-License-Identifier: Apache-2.0
#include "telemetry/detectors/stall.h"

#include <algorithm>
#include <cstdio>

#include "guest/abi/remapstorm_abi.h"
#include "telemetry/kinds.h"
#include "telemetry/probe_names.h"

namespace remapstorm {
namespace {

constexpr std::size_t kMostStarved = 1 << 16;
constexpr std::size_t kMostStalls = 1 << 12;  // that may be some: then the shortest is dropped
constexpr std::size_t kMostWatched = 4096;    // a hostile guest may open windows without end

std::string milliseconds(Nanoseconds length) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.1f ms", static_cast<double>(length.count()) / 1e6);
  return text;
}

// What of a stall is not the host's.
Nanoseconds own(const Finding& stall) { return stall.length - stall.starved; }

// What keeps others waiting is told before who waits.
int rank(FindingKind kind) {
  switch (kind) {
    case FindingKind::lock_held:
      return 0;
    case FindingKind::pause:
      return 1;
    case FindingKind::window:
      return 2;
    case FindingKind::fault:
      return 3;
    default:
      return 4;
  }
}

// Time that several intervals cover together.
class Covered {
 public:
  using Interval = std::pair<Nanoseconds, Nanoseconds>;
  explicit Covered(std::vector<Interval> parts) {
    std::sort(parts.begin(), parts.end());
    for (const Interval& part : parts) {
      if (!parts_.empty() && part.first <= parts_.back().second) {
        parts_.back().second = std::max(parts_.back().second, part.second);
      } else if (part.second > part.first) {
        parts_.push_back(part);
      }
    }
    Nanoseconds sum{0};
    for (const Interval& part : parts_) {
      before_.push_back(sum);
      sum += part.second - part.first;
    }
  }
  // Of [from, until].
  [[nodiscard]] Nanoseconds within(Nanoseconds from, Nanoseconds until) const {
    return until > from ? up_to(until) - up_to(from) : Nanoseconds(0);
  }

 private:
  [[nodiscard]] Nanoseconds up_to(Nanoseconds time) const {
    const auto behind = std::upper_bound(parts_.begin(), parts_.end(), time,
                                         [](Nanoseconds at, const Interval& part) { return at < part.first; });
    if (behind == parts_.begin()) return Nanoseconds(0);
    const auto last = static_cast<std::size_t>(behind - parts_.begin()) - 1;
    return before_[last] + std::min(time, parts_[last].second) - parts_[last].first;
  }

  std::vector<Interval> parts_;      // ascending, apart
  std::vector<Nanoseconds> before_;  // lengths of those before
};

}  // namespace

void StallDetector::fold(const Event& event) {
  clock_.observe(event);
  symbols_.observe(event);
  if (const auto* receipt = std::get_if<ReceiptEvent>(&event.body)) return note_imposed(*receipt, event.time);
  if (const auto* wait = std::get_if<HostWaitEvent>(&event.body)) return note_starved(wait->waited, event.time);
  if (const auto* work = std::get_if<HarnessWorkEvent>(&event.body)) return note_starved(work->took, event.time);
  if (const auto* plan = std::get_if<PlanEvent>(&event.body)) tells_windows_ = plan->version >= kWindowSchema;
  const auto* probe = std::get_if<ProbeEvent>(&event.body);
  if (probe == nullptr || !event.guest_time) return;
  on_probe(*probe, {GuestClock::bounded(*event.guest_time), event.vcpu, probe->context, probe->pc});
}

void StallDetector::note_imposed(const ReceiptEvent& receipt, Nanoseconds at) {
  const InjectorKind kind = injector_kind(receipt.injector);
  if (kind != InjectorKind::hold && kind != InjectorKind::stage2_delay) return;
  const Nanoseconds time = GuestClock::bounded(at);
  if (receipt.phase == ReceiptEvent::Phase::fired && imposed_.size() < kMostWatched) {
    imposed_[receipt.token] = {time, time, false};
  }
  if (receipt.phase == ReceiptEvent::Phase::ended) {
    const auto found = imposed_.find(receipt.token);
    if (found == imposed_.end()) return;
    found->second.until = time;
    found->second.ended = true;
    if (!receipt.measured) return;
    // A delay is armed when it fires and begins when the guest touches the page, and a busy host tells late that a hold
    // has begun: its own measurement is the truth.
    const Nanoseconds measured = GuestClock::bounded(*receipt.measured);
    found->second.from = std::max(Nanoseconds(0), time - measured);
    // Nobody asked for what is longer than asked for: the host did not run who was to end it. A hold until something
    // happens asks for no length.
    const Nanoseconds late = measured - GuestClock::bounded(receipt.requested);
    if (receipt.requested > Nanoseconds(0) && late > Nanoseconds(0)) {
      found->second.until = std::max(found->second.from, time - late);
      note_starved(late, time);
    }
  }
}

void StallDetector::on_probe(const ProbeEvent& probe, const Open& here) {
  const std::pair<int, std::uint64_t> place{here.vcpu, RS_CTX_LEVEL(probe.context)};
  switch (probe.probe) {
    case RS_PROBE_FAULT_ENTER:
      if (faults_.size() < kMostWatched) faults_[place] = here;
      break;
    case RS_PROBE_FAULT_DONE:
      if (const auto open = faults_.find(place); open != faults_.end()) {
        close(FindingKind::fault, "a fault on the vmemmap waited", open->second, here.since, Gva(probe.args[0]));
        faults_.erase(open);
      }
      break;
    case RS_PROBE_BBM_WINDOW: {
      Open window = here;
      const auto at = [&](std::size_t arg) { return std::min(GuestClock::bounded(probe.args[arg]), here.since); };
      window.since = at(1);
      close(FindingKind::window, "a remap window stayed open", window, std::max(window.since, at(2)),
            Gva(probe.args[0]));
      break;
    }
    case RS_PROBE_BBM_BREAK:
      if (tells_windows_) break;
      if (windows_.size() < kMostWatched) windows_[probe.args[1]] = here;
      break;
    case RS_PROBE_BBM_MAKE:
      if (const auto open = windows_.find(probe.args[1]); open != windows_.end()) {
        close(FindingKind::window, "from break to make it took", open->second, here.since, Gva(probe.args[0]));
        windows_.erase(open);
      }
      break;
    case RS_PROBE_LOCK_WANT: {
      // In a fault the wait is over with the lock: what comes between lock.drop and fault.done may be the guest's
      // scheduler giving the vCPU to somebody else.
      const auto fault = faults_.find(place);
      if (waits_.size() < kMostWatched) {
        waits_[place] = fault != faults_.end() ? Wait{fault->second, true} : Wait{here, false};
      }
      if (fault != faults_.end()) faults_.erase(fault);
      break;
    }
    case RS_PROBE_LOCK_GOT:
      if (const auto wait = waits_.find(place); wait != waits_.end()) {
        close(
            wait->second.in_fault ? FindingKind::fault : FindingKind::lock_wait,
            wait->second.in_fault ? "a fault on the vmemmap waited" : "somebody waited for " + lock_name(probe.args[1]),
            wait->second.open, here.since, Gva(probe.args[0]));
        waits_.erase(wait);
      }
      if (locks_.size() < kMostWatched) locks_[probe.args[0]] = here;
      break;
    case RS_PROBE_LOCK_DROP:
      if (const auto open = locks_.find(probe.args[0]); open != locks_.end()) {
        close(FindingKind::lock_held, lock_name(probe.args[1]) + " was held", open->second, here.since,
              Gva(probe.args[0]));
        locks_.erase(open);
      }
      break;
    case RS_PROBE_PAUSE_BEGIN:
      if (pauses_.size() < kMostWatched) pauses_[here.vcpu] = here;
      break;
    case RS_PROBE_PAUSE_END:
      if (const auto open = pauses_.find(here.vcpu); open != pauses_.end()) {
        close(FindingKind::pause, "the others stood still, or were waited for,", open->second, here.since, Gva(0));
        pauses_.erase(open);
      }
      break;
    default:
      break;
  }
}

void StallDetector::note_starved(Nanoseconds length, Nanoseconds until) {
  until = GuestClock::bounded(until);
  Interval added{std::max(Nanoseconds(0), until - GuestClock::bounded(length)), until};
  // Several vCPUs wait at a time, and one again and again: what overlaps is one interval.
  while (!starved_.empty() && starved_.back().second >= added.first && starved_.back().first <= added.second) {
    added = {std::min(starved_.back().first, added.first), std::max(starved_.back().second, added.second)};
    starved_.pop_back();
  }
  if (starved_.size() < kMostStarved) starved_.push_back(added);
}

void StallDetector::close(FindingKind kind, const std::string& what, const Open& open, Nanoseconds until, Gva addr) {
  if (until - open.since <= threshold_) return;
  // A heap with the shortest in front: a hostile guest makes up as many as it likes.
  const auto longer = [](const Stall& a, const Stall& b) { return a.until - a.open.since > b.until - b.open.since; };
  stalls_.push_back({kind, what, open, until, addr});
  std::push_heap(stalls_.begin(), stalls_.end(), longer);
  if (stalls_.size() <= kMostStalls) return;
  dropped_ = true;
  std::pop_heap(stalls_.begin(), stalls_.end(), longer);
  stalls_.pop_back();
}

std::vector<StallDetector::Interval> StallDetector::imposed() const {
  std::vector<Interval> parts;
  for (const auto& [token, interval] : imposed_) {
    // One that never ended still weighed on a stall that did.
    parts.emplace_back(interval.from, interval.ended ? interval.until : Nanoseconds::max());
  }
  return parts;
}

std::vector<Finding> StallDetector::findings() const {
  std::vector<Finding> all;
  std::vector<Interval> parts = imposed();
  const Covered by_us(parts);
  parts.insert(parts.end(), starved_.begin(), starved_.end());
  const Covered by_anyone(std::move(parts));
  for (const Stall& stall : stalls_) {
    Finding finding;
    finding.verdict = Verdict::stall;
    finding.kind = stall.kind;
    finding.length = stall.until - stall.open.since;
    const Nanoseconds from = clock_.to_host(stall.open.since);
    finding.seen_at = from;
    finding.proven_at = clock_.to_host(stall.until);
    finding.imposed = std::min(finding.length, by_us.within(from, finding.proven_at));
    finding.starved = std::min(finding.length, by_anyone.within(from, finding.proven_at)) - finding.imposed;
    // A wait that is long only because host or harness was busy says nothing about the guest.
    if (own(finding) <= threshold_) continue;
    finding.fingerprint = symbols_.function(stall.open.pc);
    finding.summary = stall.what + " for " + milliseconds(finding.length) + " on vCPU " +
                      std::to_string(stall.open.vcpu) + ", " + milliseconds(finding.imposed) +
                      " of it imposed by the harness";
    if (finding.starved >= std::chrono::milliseconds(1)) {
      finding.summary += ", " + milliseconds(finding.starved) + " by a busy host or harness";
    }
    finding.detail.push_back(std::string("in ") + context_name(context_of(stall.open.context)) + " context" +
                             (finding.fingerprint.empty() ? "" : ", in " + symbols_.place(stall.open.pc)));
    all.push_back(std::move(finding));
  }
  // Which they are is known only now: on a busy host the longest may be none.
  std::sort(all.begin(), all.end(), [](const Finding& a, const Finding& b) {
    return std::pair(own(b), a.proven_at) < std::pair(own(a), b.proven_at);
  });
  // Of one stall there are several sides, inside each other, and which is the longest by a hair is chance.
  const auto shorter = std::find_if(
      all.begin(), all.end(), [&](const Finding& one) { return own(one) < own(all.front()) - own(all.front()) / 10; });
  std::stable_sort(all.begin(), shorter,
                   [](const Finding& a, const Finding& b) { return rank(a.kind) < rank(b.kind); });
  if (all.empty() && dropped_) {
    Finding cut;
    cut.verdict = Verdict::error;
    cut.kind = FindingKind::waits_cut;
    cut.fingerprint = finding_kind_name(cut.kind);
    cut.summary =
        "more waits than are kept were long, and those kept are the host's: whether one was a stall is not known";
    all.push_back(std::move(cut));
  }
  if (const std::size_t count = all.size(); count > kMostFindings) {
    all.resize(kMostFindings);
    all.front().detail.push_back((dropped_ ? "at least " : "") + std::to_string(count) +
                                 " stalls in all; the longest " + std::to_string(kMostFindings) + " are told");
  }
  return all;
}

}  // namespace remapstorm
