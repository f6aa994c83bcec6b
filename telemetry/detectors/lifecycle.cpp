// SPDX-License-Identifier: Apache-2.0
#include "telemetry/detectors/lifecycle.h"

namespace remapstorm {
namespace {

constexpr std::size_t kMostTroubles = 32;

std::string with(const std::string& text, const std::string& detail) {
  return detail.empty() ? text : text + ": " + detail;
}

}  // namespace

void LifecycleDetector::add(const Event& event, Verdict verdict, std::string summary, std::string_view fingerprint) {
  if (findings_.size() >= kMostTroubles) return;
  Finding finding;
  finding.verdict = verdict;
  finding.summary = std::move(summary);
  finding.fingerprint = fingerprint;
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
    case LifecycleEvent::What::end:
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
        add(event, Verdict::error, detail + " of the guest's workloads failed", "workload-failure");
      }
      break;
    case LifecycleEvent::What::triple_fault:
      dead_ = true;
      if (ready_) {
        add(event, Verdict::oops, with("the guest triple-faulted", detail), "triple-fault");
      } else {
        add(event, Verdict::error, with("the guest triple-faulted while booting", detail), "boot-triple-fault");
      }
      break;
    case LifecycleEvent::What::power_off:
      dead_ = true;
      if (!done_) add(event, Verdict::error, with("the guest powered itself off", detail), "power-off");
      break;
    case LifecycleEvent::What::emulation_failure:
      dead_ = true;
      add(event, Verdict::error, with("KVM could not emulate an instruction", detail), "emulation-failure");
      break;
    case LifecycleEvent::What::host_failure:
      add(event, Verdict::error, with("the harness or the host failed", detail), kHostFailureFingerprint);
      break;
    case LifecycleEvent::What::ring_corrupt:
      add(event, Verdict::error, with("the guest's log is corrupt", detail), "ring-corrupt");
      break;
    case LifecycleEvent::What::interrupted:
      add(event, Verdict::error, with("interrupted", detail), kInterruptedFingerprint);
      break;
    case LifecycleEvent::What::timeout:
      if (ready_) {
        add(event, Verdict::timeout, with("no verdict before the hard timeout", detail), "timeout");
      } else {
        add(event, Verdict::error, with("the guest was not ready before the hard timeout", detail), "boot-timeout");
      }
      break;
    case LifecycleEvent::What::no_progress:
      if (ready_) {
        add(event, Verdict::hang, with("the guest made no progress, and nothing proves why", detail), "no-progress");
      } else {
        add(event, Verdict::error, with("the guest made no progress while booting", detail), "boot-no-progress");
      }
      break;
  }
}

std::vector<std::string> LifecycleDetector::missing() const {
  if (!ready_) return {"the guest never rang its ready doorbell"};
  if (!done_) return {"the guest never rang its final doorbell"};
  return {};
}

}  // namespace remapstorm
