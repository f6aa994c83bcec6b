// SPDX-License-Identifier: Apache-2.0
// Event: everything that happened in a trial, in the order the host learned of it. An append-only JSON-lines file of
// Events is the truth; detectors, reports and replay read nothing else.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/address.h"
#include "base/clock.h"

namespace remapstorm {

// 4: bbm.window probes, which alone tell how long an entry was invalid. Recordings of version 3 are read as well; of
// each version that is read there is one in tests/results/recorded.
inline constexpr int kEventSchema = 4;
inline constexpr int kWindowSchema = 4;
inline constexpr int kOldestEventSchema = 3;

// Event 0. `json` is the whole resolved plan, one line.
struct PlanEvent {
  std::string json;
  int version = kEventSchema;  // of the recording
};

// A ring entry the guest wrote (guest/abi). Its time is the guest's: see Event::guest_time.
struct ProbeEvent {
  std::uint16_t probe = 0;
  std::uint64_t sequence = 0;  // per vCPU, from 1, without gaps
  Gva pc;
  std::uint32_t context = 0;  // RS_CTX_*
  // As the guest logged them; but cleared_at and set_at of bbm.window are nanoseconds, like Event::guest_time.
  std::array<std::uint64_t, 4> args{};
};

// One frame of a backtrace, innermost first.
struct Frame {
  Gva pc;
  std::string symbol;  // empty if unknown
  std::uint64_t offset = 0;
};

struct DisassembledLine {
  Gva pc;
  std::string bytes;  // hex
  std::string text;   // mnemonic and operands
  bool current = false;
};

// A rule's trigger fired.
struct HitEvent {
  std::string rule;
  std::uint64_t count = 0;  // which hit of this rule, from 1
  Gva pc;
  std::string where;  // probe name or symbol+offset
  // Around pc, if the runner took it (once per rule is enough): shows the point of injection in the report.
  std::vector<DisassembledLine> disassembly{};
};

// An injector did something, or something it had begun ended. An injection is a `fired` receipt; holds and stage-2
// delays also send `ended`. What the guest made of it comes as probe events that carry the same token.
struct ReceiptEvent {
  std::string rule;
  std::string injector;  // irq | nmi | hold | stage2-delay
  enum class Phase : std::uint8_t { fired, ended, failed } phase = Phase::fired;
  std::uint32_t token = 0;              // identifies this injection within the trial, from 1
  int target_vcpu = -1;                 // -1: none
  std::string detail;                   // "msi", "line 5", "hard", "pte page at GPA 0x..."
  Nanoseconds requested{0};             // length asked for; 0: none, or until a condition
  std::optional<Nanoseconds> measured;  // length measured, on `ended`
};

// "on", "off", "unknown".
constexpr std::string_view interrupts_word(std::optional<bool> enabled) {
  return !enabled ? "unknown" : *enabled ? "on" : "off";
}

// A look at one vCPU while it was out of KVM_RUN.
struct SampleEvent {
  std::string reason;  // "suspected deadlock", "no progress", "timeout", "guest died"
  unsigned round = 0;  // samples of one look share it; a second look has the next number
  Gva pc;
  std::uint64_t flags = 0;                 // RFLAGS / PSTATE
  std::optional<bool> interrupts_enabled;  // nothing: could not be read
  bool user_mode = false;
  bool halted = false;
  bool held_by_harness = false;   // an injector keeps this vCPU from running, or a stage-2 delay keeps it waiting
  std::uint64_t cpu_time_ns = 0;  // CPU time the vCPU thread has used since it started
  std::vector<Frame> backtrace;
  std::vector<DisassembledLine> disassembly;  // around pc
  // Lock words read from guest memory at this look (address, value). On the sample of vCPU 0 only.
  std::vector<std::pair<Gva, std::uint32_t>> lock_words;
};

// The host let other work run while this vCPU's thread was ready to run: so long in all since the line before it.
// Comes soon after the time it tells of.
struct HostWaitEvent {
  Nanoseconds waited{0};
};

// The harness was long busy with what stopped this vCPU, which stood still meanwhile; until about now. No hold: nobody
// asked for that.
struct HarnessWorkEvent {
  Nanoseconds took{0};
};

// What a vCPU's thread used since the trial began; with Event::vcpu -1, what the thread that watches the trial used.
struct UsageEvent {
  Nanoseconds cpu{0};                          // processor time
  Nanoseconds guest{0};                        // elapsed time inside Vcpu::run()
  Nanoseconds harness{0};                      // elapsed time spent on what stopped it, waiting for locks included
  Nanoseconds parked{0};                       // elapsed time in which it was kept out of the guest
  std::map<std::string, std::uint64_t> exits;  // returns of KVM_RUN, by reason (vmm/exit.h)
};

// The machine was set back to a snapshot in place; the trial goes on from there.
struct ResetEvent {
  Nanoseconds took{0};
  std::uint64_t pages = 0;  // copied back
};

struct ConsoleEvent {
  std::string line;
  // newline: the line is whole. more: it is longer, the next console event goes on with it. cut: the guest wrote more
  // than the console keeps; nothing comes behind, and `line` says so.
  enum class End : std::uint8_t { newline, more, cut } end = End::newline;
};

// Milestones of the guest and the trial.
struct LifecycleEvent {
  enum class What : std::uint8_t {
    boot,               // vCPUs start
    ready,              // agent is up
    done,               // every workload ended; detail: how many failed
    panic,              // panic notifier rang
    triple_fault,       // KVM_EXIT_SHUTDOWN
    power_off,          // guest powered itself off
    emulation_failure,  // KVM could not emulate an instruction; detail shows it disassembled
    host_failure,       // anything else of ours or the host's; detail
    ring_corrupt,       // the guest wrote nonsense into its ring; detail
    interrupted,        // Ctrl-C, SIGTERM
    timeout,            // the trial's hard limit passed
    no_progress,        // nothing moved for the progress limit while nothing of ours held it
    end,                // last event of a trial
  } what = What::boot;
  std::string detail;
};

// The name of a code address that events mention. Sent once per address, before or soon after its first use, so that a
// recorded run can be read without its vmlinux.
struct SymbolEvent {
  Frame frame;
};

// Written by the recording itself: a sink stopped recording at its size limit; `dropped` events are missing before this
// one. Milestones (receipts, samples, lifecycle) are still recorded.
struct TruncatedEvent {
  std::uint64_t dropped = 0;
  std::uint64_t limit_bytes = 0;
};

using EventBody = std::variant<PlanEvent, ProbeEvent, HitEvent, ReceiptEvent, SampleEvent, ConsoleEvent, LifecycleEvent,
                               SymbolEvent, TruncatedEvent, HostWaitEvent, UsageEvent, ResetEvent, HarnessWorkEvent>;

struct Event {
  Nanoseconds time{0};  // host, since the trial began
  // Of a probe event: guest counter at the probe, converted to nanoseconds since the counter's zero. Differences
  // between probe events of one trial are meaningful, also across vCPUs.
  std::optional<Nanoseconds> guest_time;
  int vcpu = -1;  // -1: none
  EventBody body;
};

class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void on_event(const Event& event) = 0;
};

}  // namespace remapstorm
