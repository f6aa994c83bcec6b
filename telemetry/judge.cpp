// SPDX-License-Identifier: Apache-2.0
// Which finding decides, and why in this order:
//
//  1. error     the harness or the host failed, or the guest never came up: nothing that follows can be trusted. But an
//  error
//               after a deadlock was proven, or after the guest reported a fault of its own, takes nothing back:
//               stopping a dead guest may well look like trouble.
//  2. deadlock  proven; explains the soft lockups, timeouts and stalls that come with it. The guest's own lockdep
//  report,
//               usually printed just before, warns of what then happened: it is kept as a further finding.
//  3. oops, lockdep, bug   the guest's own reports. Among them the first in time decides: later ones are often its
//  consequences.
//  4. lost-update   a write that is gone.
//  5. hang      no progress and no proof.
//  6. timeout   the trial was still going on.
//  7. stall     it went on, but too long; the longest one decides.
//  8. clean     nothing found and nothing missing: every window closed, every injection delivered and answered, the
//  final
//               doorbell rung. If something is missing the trial proves nothing: error.
//
// A stall with something missing is an error too: whether the rest of the trial was sound is not known.
#include "telemetry/judge.h"

#include <algorithm>

#include "telemetry/detectors/deadlock.h"
#include "telemetry/detectors/guest_report.h"
#include "telemetry/detectors/injections.h"
#include "telemetry/detectors/lifecycle.h"
#include "telemetry/detectors/lost_update.h"
#include "telemetry/detectors/stall.h"
#include "telemetry/statistics_collector.h"

namespace remapstorm {
namespace {

bool is_guest_report(Verdict verdict) {
  return verdict == Verdict::oops || verdict == Verdict::lockdep || verdict == Verdict::bug;
}

int rank(Verdict verdict) {
  switch (verdict) {
    case Verdict::error:
      return 0;
    case Verdict::deadlock:
      return 1;
    case Verdict::oops:
    case Verdict::lockdep:
    case Verdict::bug:
      return 2;
    case Verdict::lost_update:
      return 3;
    case Verdict::hang:
      return 4;
    case Verdict::timeout:
      return 5;
    case Verdict::stall:
      return 6;
    case Verdict::clean:
      return 7;
  }
  return 0;
}

void order(std::vector<Finding>& findings) {
  std::stable_sort(findings.begin(), findings.end(), [](const Finding& a, const Finding& b) {
    if (rank(a.verdict) != rank(b.verdict)) return rank(a.verdict) < rank(b.verdict);
    if (a.verdict == Verdict::stall) return false;  // in the order of their detector
    return a.seen_at < b.seen_at;
  });
}

}  // namespace

struct Judge::Parts {
  explicit Parts(JudgeOptions options) : stall(options.stall_threshold) {}

  DeadlockDetector deadlock;
  GuestReportDetector guest_report;
  LifecycleDetector lifecycle;
  InjectionsDetector injections;
  LostUpdateDetector lost_update;
  StallDetector stall;
  StatisticsCollector statistics;

  std::vector<Detector*> detectors() {
    return {&deadlock, &guest_report, &lifecycle, &injections, &lost_update, &stall};
  }
};

Judge::Judge(JudgeOptions options) : parts_(std::make_unique<Parts>(options)) {}
Judge::~Judge() = default;

void Judge::on_event(const Event& event) {
  for (Detector* detector : parts_->detectors()) detector->fold(event);
  parts_->statistics.fold(event);
}

std::optional<Suspicion> Judge::suspicion() const { return parts_->deadlock.suspicion(); }

bool Judge::decided() const {
  return !parts_->deadlock.findings().empty() || parts_->lifecycle.dead() || parts_->guest_report.panicked();
}

bool Judge::guest_reported() const { return parts_->guest_report.reported(); }
bool Judge::guest_report_complete() const { return parts_->guest_report.complete(); }

Judgement Judge::judgement() const {
  Judgement judgement;
  judgement.statistics = parts_->statistics.statistics();
  std::vector<std::string> missing;
  for (Detector* detector : parts_->detectors()) {
    for (Finding& finding : detector->findings()) judgement.findings.push_back(std::move(finding));
    for (std::string& line : detector->missing()) missing.push_back(std::move(line));
    for (std::string& line : detector->notes()) judgement.notes.push_back(std::move(line));
  }
  auto& findings = judgement.findings;

  // Errors after the guest's fate was sealed become notes. What a panic at boot says of itself is an error and stays
  // one.
  std::optional<Nanoseconds> sealed;
  for (const Finding& finding : findings) {
    if (finding.verdict != Verdict::deadlock && !is_guest_report(finding.verdict)) continue;
    sealed = sealed ? std::min(*sealed, finding.proven_at) : finding.proven_at;
  }
  if (sealed) {
    std::erase_if(findings, [&](const Finding& finding) {
      if (finding.verdict != Verdict::error || finding.seen_at < *sealed) return false;
      judgement.notes.push_back("afterwards: " + finding.summary);
      return true;
    });
  }
  // What was not read takes nothing from what was.
  const auto stands = [](const Finding& one) { return one.verdict != Verdict::error && one.verdict != Verdict::stall; };
  if (std::any_of(findings.begin(), findings.end(), stands)) {
    std::erase_if(findings, [&](const Finding& finding) {
      if (finding.kind != FindingKind::console_cut && finding.kind != FindingKind::waits_cut) return false;
      judgement.notes.push_back(finding.summary);
      return true;
    });
  }
  order(findings);

  if (!findings.empty() && findings.front().verdict != Verdict::stall) {
    judgement.verdict = findings.front().verdict;
    judgement.reasons.push_back(findings.front().summary);
    return judgement;
  }
  if (!missing.empty()) {
    judgement.verdict = Verdict::error;
    judgement.reasons = std::move(missing);
    return judgement;
  }
  if (!findings.empty()) {
    judgement.verdict = Verdict::stall;
    judgement.reasons.push_back(findings.front().summary);
    return judgement;
  }
  judgement.verdict = Verdict::clean;
  judgement.reasons.emplace_back("every window closed, every injection answered, every workload done");
  return judgement;
}

Judgement judge(std::span<const Event> events, JudgeOptions options) {
  Judge one(options);
  for (const Event& event : events) one.on_event(event);
  return one.judgement();
}

}  // namespace remapstorm
