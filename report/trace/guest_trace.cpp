// SPDX-License-Identifier: Apache-2.0
#include "report/trace/guest_trace.h"

#include <utility>

#include "report/text.h"
#include "report/trace/labels.h"
#include "telemetry/kinds.h"
#include "telemetry/probe_names.h"

namespace remapstorm {
namespace {

// Rows of a process, then those of a vCPU, from above.
enum ProcessRow { kFindings, kPhases, kMilestones, kWindows, kAbsent, kDelays, kWorkloads, kConsole };
enum VcpuRow { kInjected, kHeld, kHostWait };
enum Kind : unsigned { kRemap, kWindow, kFlush, kWait, kLockHold, kFault, kHandler, kSoftHold };

int pid_of(const TracedGuest& guest) { return static_cast<int>((guest.number + 1) * 16); }

bool is_interrupt(const ReceiptEvent& receipt) { return is_answered(injector_kind(receipt.injector)); }

}  // namespace

GuestTrace::GuestTrace(PacketWriter& writer, TracedGuest guest, const TraceScan& scan)
    : writer_(writer),
      guest_(std::move(guest)),
      scan_(scan),
      process_(writer.process(pid_of(guest_), guest_.name)),
      findings_(writer, process_, "findings", kFindings, repairs_),
      phases_(writer, process_, "phase", kPhases, repairs_),
      milestones_(writer, process_, "milestones", kMilestones, repairs_),
      absent_(writer, process_, "absent entries", kAbsent, repairs_),
      delays_(writer, process_, "stage-2 delays", kDelays, repairs_),
      workloads_(writer, process_, "workloads", kWorkloads, repairs_),
      console_(writer, process_, "console", kConsole, repairs_),
      spans_([this](const Span& span) { span_found(span); }) {
  for (unsigned i = 0; i < std::min(guest_.vcpus, RS_MAX_VCPUS); ++i) vcpu(static_cast<int>(i));
}

GuestTrace::Vcpu& GuestTrace::vcpu(int number) {
  Vcpu& one = vcpus_.at(static_cast<std::size_t>(number));
  if (one.guest) return one;
  const std::string name = "vCPU " + std::to_string(number);
  const int pid = pid_of(guest_);
  const TrackId thread = writer_.thread(process_, pid, pid + 1 + number, name);
  one.guest = std::make_unique<NestedTrack>(writer_, thread, repairs_);
  one.injected = std::make_unique<FlatTrack>(writer_, thread, name + " injected", kInjected, repairs_);
  one.held = std::make_unique<FlatTrack>(writer_, thread, name + " held", kHeld, repairs_);
  return one;
}

std::uint64_t GuestTrace::flow(std::uint64_t token) const {
  return (std::uint64_t{guest_.number} + 1) << 32 | (token & 0xffffffff);
}

void GuestTrace::remember(Open& open, std::uint64_t key, Begun begun) {
  if (open.size() < kMostOpen || open.contains(key)) {
    open.insert_or_assign(key, std::move(begun));
  } else {
    ++repairs_.not_drawn;
  }
}

void GuestTrace::instant(const Event& event, const TraceLabel& label) {
  const Nanoseconds at = scan_.clock.when(event);
  if (event.vcpu >= 0) {
    vcpu(event.vcpu).guest->instant(at, label);
  } else {
    milestones_.instant(at, label);
  }
}

void GuestTrace::on_event(const Event& event) {
  spans_.fold(event);
  if (const auto* probe = std::get_if<ProbeEvent>(&event.body)) fold(event, *probe);
  if (const auto* receipt = std::get_if<ReceiptEvent>(&event.body)) fold(event, *receipt);
  if (const auto* lifecycle = std::get_if<LifecycleEvent>(&event.body)) fold(event, *lifecycle);
  if (const auto* wait = std::get_if<HostWaitEvent>(&event.body)) fold(event, *wait);
  if (const auto* hit = std::get_if<HitEvent>(&event.body)) instant(event, label_of(*hit));
  if (const auto* sample = std::get_if<SampleEvent>(&event.body)) instant(event, label_of(*sample));
  if (const auto* console = std::get_if<ConsoleEvent>(&event.body)) {
    console_.instant(scan_.clock.when(event), {kConsoleCategory, printable(console->line), {}});
  }
  if (const auto* reset = std::get_if<ResetEvent>(&event.body)) {
    milestones_.instant(scan_.clock.when(event),
                        {kHarnessCategory,
                         "set back to a snapshot",
                         {{"pages", reset->pages}, {"took", human_length(GuestClock::bounded(reset->took))}}});
  }
  if (const auto* cut = std::get_if<TruncatedEvent>(&event.body)) {
    milestones_.instant(scan_.clock.when(event), {kHarnessCategory,
                                                  "events missing: the recording reached its size limit",
                                                  {{"dropped", cut->dropped}, {"limit, bytes", cut->limit_bytes}}});
  }
}

void GuestTrace::fold(const Event& event, const ProbeEvent& probe) {
  if (event.vcpu < 0) return;
  const Nanoseconds at = scan_.clock.when(event);
  Vcpu& on = vcpu(event.vcpu);
  const unsigned level = RS_CTX_LEVEL(probe.context);
  on.guest->runs_at(level, at);
  const auto begins = [&](Kind kind, std::uint64_t key) {
    on.guest->begin(kind, key, level, at, label_of(probe, scan_.symbols));
  };
  switch (probe.probe) {
    case RS_PROBE_REMAP_BEGIN:
      return begins(kRemap, probe.args[0]);
    case RS_PROBE_REMAP_END:
      return ends(on, kRemap, probe.args[0], probe, at);
    case RS_PROBE_BBM_BREAK:
      return begins(kWindow, probe.args[1]);
    case RS_PROBE_BBM_MAKE:
      return ends(on, kWindow, probe.args[1], probe, at);
    case RS_PROBE_BBM_WINDOW:
      return;  // span_found()
    case RS_PROBE_FLUSH_BEGIN:
      return begins(kFlush, probe.args[0]);
    case RS_PROBE_FLUSH_END:
      return ends(on, kFlush, probe.args[0], probe, at);
    case RS_PROBE_LOCK_WANT:
      return begins(kWait, probe.args[0]);
    case RS_PROBE_LOCK_GOT:
      on.guest->end(kWait, probe.args[0], at);  // none: it was free, and taken without asking
      return begins(kLockHold, probe.args[0]);
    case RS_PROBE_LOCK_DROP:
      return ends(on, kLockHold, probe.args[0], probe, at);
    case RS_PROBE_FAULT_ENTER:
      return begins(kFault, probe.args[0]);
    case RS_PROBE_FAULT_DONE:
      return ends(on, kFault, probe.args[0], probe, at);
    case RS_PROBE_INJECT_ENTER:
      return handler_begins(on, probe, at);
    case RS_PROBE_INJECT_LEAVE:
      return ends(on, kHandler, probe.args[1], probe, at);
    case RS_PROBE_HOLD_BEGIN:
      return begins(kSoftHold, probe.args[0]);
    case RS_PROBE_HOLD_END:
      return ends(on, kSoftHold, probe.args[0], probe, at);
    case RS_PROBE_WORK_BEGIN:
      return remember(works_, probe.args[0], {&workloads_, at, label_of(probe, scan_.symbols)});
    case RS_PROBE_WORK_END:
      if (const auto work = works_.find(probe.args[0]); work != works_.end()) {
        workloads_.slice(work->second.at, at, work->second.label,
                         {{"status", probe.args[1]}, {"count", probe.args[2]}});
        works_.erase(work);
      } else {
        ++repairs_.never_begun;
      }
      return;
    default:
      on.guest->instant(at, label_of(probe, scan_.symbols));
  }
}

void GuestTrace::ends(Vcpu& on, unsigned kind, std::uint64_t key, const ProbeEvent& probe, Nanoseconds at) {
  std::vector<TraceNote> notes;
  if (probe.probe == RS_PROBE_BBM_MAKE) notes = {{"new_entry", Gva{probe.args[2]}}};
  if (probe.probe == RS_PROBE_REMAP_END) notes = {{"result", probe.args[3]}};
  if (probe.probe == RS_PROBE_FAULT_DONE) notes = {{"handled", probe.args[2]}};
  if (probe.probe == RS_PROBE_HOLD_END) notes = {{"spins", probe.args[1]}};
  if (!on.guest->end(kind, key, at, notes)) ++repairs_.never_begun;
}

void GuestTrace::span_found(const Span& span) {
  const bool told = span.kind == SpanKind::window;  // by the guest, from store to store
  if (!told && span.kind != SpanKind::break_to_make) return;
  // A guest may tell any time.
  const Nanoseconds from = std::max(Nanoseconds{0}, scan_.clock.to_host(span.begin));
  const Nanoseconds to = std::max(from, span.open ? scan_.end : scan_.clock.to_host(span.end));
  if (!windows_) {
    windows_.emplace(writer_, writer_.counter(process_, "open windows", PacketWriter::Unit::count, kWindows));
  }
  if (from != to || span.open) windows_->change(from, 1);
  if (from != to && !span.open) windows_->change(to, -1);
  if (!told) return;
  TraceLabel label{kWindowCategory, absent_name(span.detail), {{"addr", Gva{span.key}}}};
  label.notes.push_back({"vCPU", static_cast<std::uint64_t>(std::max(span.vcpu, 0))});
  std::vector<TraceNote> at_end;
  if (span.open)
    at_end.push_back({"never ended", std::string("not set when the recording ends; drawn from bbm.break")});
  absent_.slice(from, to, label, at_end);
}

void GuestTrace::handler_begins(Vcpu& on, const ProbeEvent& probe, Nanoseconds at) {
  TraceLabel label = label_of(probe, scan_.symbols);
  const std::uint64_t token = probe.args[1] & 0xffffffff;
  label.flow = flow(token);
  on.guest->begin(kHandler, probe.args[1], RS_CTX_LEVEL(probe.context), at, std::move(label));
  if (const auto sent = injections_.find(token); sent != injections_.end()) {
    sent->second.track->slice(sent->second.at, at, sent->second.label);
    injections_.erase(sent);
  } else if (early_handlers_.size() < kMostOpen) {
    early_handlers_[token] = at;
  }
}

void GuestTrace::fold(const Event& event, const ReceiptEvent& receipt) {
  if (receipt.phase == ReceiptEvent::Phase::fired) {
    fired(event, receipt);
  } else {
    ended(event, receipt);
  }
}

void GuestTrace::fired(const Event& event, const ReceiptEvent& receipt) {
  const Nanoseconds at = scan_.clock.when(event);
  TraceLabel label = label_of(receipt);
  const int target = receipt.target_vcpu >= 0 ? receipt.target_vcpu : event.vcpu;
  const InjectorKind kind = injector_kind(receipt.injector);
  if (kind == InjectorKind::stage2_delay) return remember(injections_, receipt.token, {&delays_, at, std::move(label)});
  if (kind == InjectorKind::hold && target >= 0) {
    return remember(injections_, receipt.token, {vcpu(target).held.get(), at, std::move(label)});
  }
  if (!is_interrupt(receipt) || target < 0) return instant(event, label);
  FlatTrack& track = *vcpu(target).injected;
  if (injections_.contains(receipt.token)) {
    label.name = receipt.injector + ", merged with the one under way";
    return track.instant(at, label);
  }
  label.flow = flow(receipt.token);
  if (const auto handler = early_handlers_.find(receipt.token); handler != early_handlers_.end()) {
    track.slice(at, handler->second, label);
    early_handlers_.erase(handler);
    return;
  }
  remember(injections_, receipt.token, {&track, at, std::move(label)});
}

void GuestTrace::ended(const Event& event, const ReceiptEvent& receipt) {
  const Nanoseconds at = scan_.clock.when(event);
  const bool failed = receipt.phase == ReceiptEvent::Phase::failed;
  const auto found = injections_.find(receipt.token);
  if (found == injections_.end()) {
    if (!failed) {
      ++repairs_.never_begun;
      return;
    }
    TraceLabel label = label_of(receipt);
    label.name = receipt.injector + " failed";
    return instant(event, label);
  }
  const Begun& begun = found->second;
  std::vector<TraceNote> notes;
  if (failed) notes.push_back({"failed", receipt.detail});
  Nanoseconds from = begun.at;
  if (receipt.measured) {
    notes.push_back({"measured", human_length(GuestClock::bounded(*receipt.measured))});
    // A delay lies armed until somebody touches its page: what it imposed is the last part.
    const Nanoseconds served = std::max(begun.at, at - GuestClock::bounded(*receipt.measured));
    if (injector_kind(receipt.injector) == InjectorKind::stage2_delay && served > begun.at) {
      TraceLabel armed = begun.label;
      armed.name += ", nobody touches the page yet";
      begun.track->slice(begun.at, served, armed);
      from = served;
    }
  }
  begun.track->slice(from, at, begun.label, notes);
  injections_.erase(found);
}

void GuestTrace::fold(const Event& event, const LifecycleEvent& milestone) {
  using What = LifecycleEvent::What;
  const Nanoseconds at = scan_.clock.when(event);
  milestones_.instant(at, label_of(milestone));
  if (milestone.what == What::boot) phase("boot", at);
  if (milestone.what == What::ready) phase("workloads", at);
  if (milestone.what == What::done || milestone.what == What::end) phase({}, at);
}

void GuestTrace::phase(const std::string& name, Nanoseconds at) {
  if (!phase_.empty()) phases_.slice(phase_began_, at, {kHarnessCategory, phase_, {}});
  phase_ = name;
  phase_began_ = at;
}

void GuestTrace::fold(const Event& event, const HostWaitEvent& wait) {
  if (event.vcpu < 0) return;
  Vcpu& on = vcpu(event.vcpu);
  if (!on.host_wait) {
    on.host_wait = writer_.counter(on.guest->id(), "vCPU " + std::to_string(event.vcpu) + " kept waiting by the host",
                                   PacketWriter::Unit::nanoseconds, kHostWait);
  }
  constexpr std::int64_t kMost = std::int64_t{1} << 62;
  on.waited_ns = std::min(kMost, on.waited_ns + GuestClock::bounded(wait.waited).count());
  writer_.count(*on.host_wait, scan_.clock.when(event), on.waited_ns);
}

void GuestTrace::never_ended(Open& open) {
  for (const auto& [key, begun] : open) {
    ++repairs_.never_ended;
    begun.track->slice(begun.at, scan_.end, begun.label,
                       {{"never ended", std::string("open when the recording ends")}});
  }
  open.clear();
}

void GuestTrace::finish(const std::vector<Finding>& findings) {
  for (const Finding& finding : findings) {
    const Nanoseconds at = finding.proven_at > Nanoseconds{0} ? finding.proven_at : finding.seen_at;
    findings_.instant(GuestClock::bounded(at), label_of(finding));
  }
  phase({}, scan_.end);
  never_ended(injections_);
  never_ended(works_);
  for (Vcpu& one : vcpus_) {
    if (one.guest) one.guest->finish(scan_.end);
  }
  spans_.finish();
  if (windows_) windows_->finish();
}

}  // namespace remapstorm
