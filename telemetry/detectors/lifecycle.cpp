// SPDX-License-Identifier: Apache-2.0
#include "telemetry/detectors/lifecycle.h"

namespace remapstorm {
namespace {

constexpr std::size_t kMostTroubles = 32;

std::string with(const std::string& text, const std::string& detail) {
  return detail.empty() ? text : text + ": " + detail;
}

}  // namespace

void LifecycleDetector::add(const Event& event, Verdict verdict, FindingKind kind, std::string summary) {
  if (findings_.size() >= kMostTroubles) return;
  Finding finding;
  finding.verdict = verdict;
  finding.kind = kind;
  finding.summary = std::move(summary);
  finding.fingerprint = finding_kind_name(kind);
  finding.seen_at = event.time;
  finding.proven_at = event.time;
  findings_.push_back(std::move(finding));
}

void LifecycleDetector::fold(const Event& event) {
  const auto* lifecycle = std::get_if<LifecycleEvent>(&event.body);
  if (lifecycle == nullptr) return;
  const std::string& detail = lifecycle->detail;
  switch (lifecycle->what) {
    case LifecycleEvent::What::boot:
      break;
    case LifecycleEvent::What::end:
      ended_ = detail;
      break;
    case LifecycleEvent::What::panic:  // guest_report tells what it was
      dead_ = true;
      break;
    case LifecycleEvent::What::ready:
      ready_ = true;
      break;
    case LifecycleEvent::What::done:
      done_ = true;
      // A workload that fails has not tested what it was to test.
      if (!detail.empty() && detail != "0") {
        add(event, Verdict::error, FindingKind::workload_failure, detail + " of the guest's workloads failed");
      }
      break;
    case LifecycleEvent::What::triple_fault:
      dead_ = true;
      if (ready_) {
        add(event, Verdict::oops, FindingKind::triple_fault, with("the guest triple-faulted", detail));
      } else {
        add(event, Verdict::error, FindingKind::boot_triple_fault,
            with("the guest triple-faulted while booting", detail));
      }
      break;
    case LifecycleEvent::What::power_off:
      dead_ = true;
      if (!done_) add(event, Verdict::error, FindingKind::power_off, with("the guest powered itself off", detail));
      break;
    case LifecycleEvent::What::emulation_failure:
      dead_ = true;
      add(event, Verdict::error, FindingKind::emulation_failure, with("KVM could not emulate an instruction", detail));
      break;
    case LifecycleEvent::What::host_failure:
      add(event, Verdict::error, FindingKind::host_failure, with("the harness or the host failed", detail));
      break;
    case LifecycleEvent::What::ring_corrupt:
      add(event, Verdict::error, FindingKind::ring_corrupt, with("the guest's log is corrupt", detail));
      break;
    case LifecycleEvent::What::interrupted:
      add(event, Verdict::error, FindingKind::interrupted, with("interrupted", detail));
      break;
    case LifecycleEvent::What::timeout:
      if (ready_) {
        add(event, Verdict::timeout, FindingKind::timeout, with("no verdict before the hard timeout", detail));
      } else {
        add(event, Verdict::error, FindingKind::boot_timeout,
            with("the guest was not ready before the hard timeout", detail));
      }
      break;
    case LifecycleEvent::What::no_progress:
      if (ready_) {
        add(event, Verdict::hang, FindingKind::no_progress,
            with("the guest made no progress, and nothing proves why", detail));
      } else {
        add(event, Verdict::error, FindingKind::boot_no_progress,
            with("the guest made no progress while booting", detail));
      }
      break;
  }
}

std::vector<std::string> LifecycleDetector::notes() const {
  if (ended_.empty()) return {};
  return {"the trial was ended " + ended_};
}

std::vector<std::string> LifecycleDetector::missing() const {
  if (!ready_) return {"the guest never rang its ready doorbell"};
  if (!done_) return {"the guest never rang its final doorbell"};
  return {};
}

}  // namespace remapstorm
