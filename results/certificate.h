// SPDX-License-Identifier: Apache-2.0
// Certificate: what an exploration of a window has shown. N instruction boundaries x M injections, and pairs of them at
// two boundaries if asked for; each point was executed or is listed as skipped, with the reason. Plain data; report/
// turns it into text, JSON and a picture.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/address.h"
#include "base/clock.h"
#include "plan/guest_info.h"
#include "plan/host_info.h"
#include "telemetry/finding.h"

namespace remapstorm {

// Whether the entry under remap was valid at a boundary, read through the page tables by the host.
enum class EntryState : std::uint8_t { unknown, clear, present };
std::string_view entry_state_name(EntryState state);  // "unknown", "clear", "present"
std::optional<EntryState> entry_state_from_name(std::string_view name);

// Whose code an instruction is: the kernel's own, that of the strategy under test (how an entry is changed, a lock
// taken, the TLB flushed), or the harness's instrumentation (probes and their tests).
enum class CodeOwner : std::uint8_t { kernel, strategy, harness };
std::string_view code_owner_name(CodeOwner owner);  // "kernel", "strategy", "harness"
std::optional<CodeOwner> code_owner_from_name(std::string_view name);

// What makes a window.
enum class WindowKind : std::uint8_t {
  triggers,  // from one probe or place to another
  absent,    // an entry is absent: from behind the store that clears it to the store that sets it
  replaced,  // an entry was never absent: the boundaries before and behind the one store that replaces it
};
std::string_view window_kind_name(WindowKind kind);  // "triggers", "entry-absent", "entry-replaced"
std::optional<WindowKind> window_kind_from_name(std::string_view name);

// A moment before an instruction that execution of the window visited.
struct Boundary {
  Gva pc;
  std::string symbol;  // empty if unknown
  std::uint64_t offset = 0;
  std::uint64_t visit = 1;  // of this pc within the window, from 1
  std::uint64_t steps = 0;  // instructions from the opening of the window to here, those inside calls included
  bool interrupts_on = false;
  EntryState entry = EntryState::unknown;
  CodeOwner code = CodeOwner::kernel;
  std::string text;  // the instruction that has not run yet
  std::string bytes;
  bool in_sequence = false;  // behind a load-exclusive, up to its store (arm64): a vCPU that stops there begins anew
  bool operator==(const Boundary&) const = default;
};
// "rs_log+0x1c", "rs_log+0x1c (2nd visit)", or the bare address.
std::string name_of(const Boundary& boundary);
std::string place_of(const std::string& symbol, std::uint64_t offset, Gva pc);

// Where the guest took an injection: the instruction its handler was entered in front of.
//
// Exact: the host stood there and saw the vCPU enter the handler instead of the instruction; or saw that it did not up
// to the end of the window. Otherwise it is the handler's word, which tells an instruction but not which visit of it.
struct TakenAt {
  Gva pc;
  std::string symbol;
  std::uint64_t offset = 0;
  std::optional<std::size_t> boundary;  // of the window; none: outside it, or inside a handler
  std::string context;                  // task | softirq | hardirq | nmi that was entered
  bool exact = false;
  bool operator==(const TakenAt&) const = default;
};

// Where something is injected: at one boundary, or, a pair at two, its second half at a later one.
struct ExplorePoint {
  std::size_t boundary = 0;
  std::string inject;  // "irq", or "irq+nmi" for a pair
  std::optional<std::size_t> second = std::nullopt;
  bool operator==(const ExplorePoint&) const = default;
};

// What is said of a pair whose second half was not raised.
inline constexpr std::string_view kNeverCame =
    "after the first injection execution did not come to the second boundary";

struct ExploredTrial : ExplorePoint {
  Verdict verdict = Verdict::error;
  std::vector<TakenAt> taken;  // one for each injection that the guest took, in that order
  std::string reason;          // of the verdict, one line
  std::string fingerprint;     // of the finding that decided, or empty
  Nanoseconds duration{0};
  std::string repeat;  // one command that repeats it
  std::string events;  // file of its events, relative to the output folder, or empty
  // With --repeat: what each further execution of the point came to. Those that came to something else.
  std::size_t repetitions = 0;
  std::vector<std::string> differing;  // "clean, taken at rs_log+0x10", one for each
  // Of a pair at two boundaries: after the first injection execution came to the second boundary, and the second
  // injection was raised there. False is a result, too: until its verdict the guest did not come there.
  bool second_raised = false;
  bool operator==(const ExploredTrial&) const = default;
};

// A further execution of the same point: counted, and named if it came to another verdict or was taken elsewhere.
void note_repetition(ExploredTrial& trial, const ExploredTrial& again);

struct SkippedPoint : ExplorePoint {
  std::string reason;
  bool operator==(const SkippedPoint&) const = default;
};

struct Certificate {
  std::string window;
  WindowKind kind = WindowKind::triggers;
  std::string window_opens, window_closes;  // "bbm.break level=pte"
  std::uint64_t nth = 1;                    // which opening of the window, counted from the ready doorbell
  unsigned vcpu = 0;                        // on which it opened
  std::string strategy;
  std::string flavour;
  bool calls_followed = true;
  std::vector<std::string> injections;
  std::vector<std::string> injection_notes;  // parallel: what exactly was injected
  std::vector<std::string> pairs;            // injected at two boundaries each: "irq+nmi"
  std::size_t stride = 1;                    // of the boundaries of pairs: more than 1 is a sample of them
  std::vector<std::string> workloads;
  unsigned cpus = 0;
  std::uint64_t memory = 0;  // bytes
  std::string append;        // words that were added to the guest's command line
  GuestImageInfo guest;
  HostInfo host;
  std::string harness;         // version
  std::string harness_build;   // build-id of the program
  std::string made_at;         // RFC 3339, UTC
  std::string repeat;          // the command that makes this certificate again
  std::size_t executions = 1;  // of each point
  bool interrupted = false;
  bool one_point = false;   // explore --at: no more was asked for
  std::size_t resumed = 0;  // trials taken over from a session before
  Nanoseconds took{0};      // this session

  std::vector<Boundary> boundaries;
  std::vector<ExploredTrial> trials;  // in the order of all_points(), see sort()
  std::vector<SkippedPoint> skipped;

  // Every point there is, pairs as far as `stride` asks for them: by boundary, as `injections`, as `pairs`, by the
  // second boundary.
  [[nodiscard]] std::vector<ExplorePoint> all_points() const;
  [[nodiscard]] std::size_t points() const;  // how many
  // Every boundary met every injection, and every two boundaries every pair, each as often as asked for and with one
  // outcome. What was skipped, for whatever reason, and a stride make it incomplete.
  [[nodiscard]] bool complete() const;
  // The trial of a point at one boundary, or null.
  [[nodiscard]] const ExploredTrial* trial(std::size_t boundary, std::string_view inject) const;
  [[nodiscard]] const SkippedPoint* skip(std::size_t boundary, std::string_view inject) const;
  // Trials whose repetitions did not come to the same.
  [[nodiscard]] std::vector<const ExploredTrial*> unsteady() const;
  [[nodiscard]] std::size_t count_code(CodeOwner owner) const;  // boundaries
  // Of one boundary; of `pairs`.
  [[nodiscard]] std::map<Verdict, std::size_t> count(std::string_view inject) const;
  [[nodiscard]] std::map<Verdict, std::size_t> count_pairs(std::string_view pair) const;
  // Trials of `pairs` whose second injection was not raised.
  [[nodiscard]] std::size_t count_never_came(std::string_view pair) const;
  void sort();
};

// The points of `wanted` that neither `trials` nor `skipped` have, in the order of `wanted`.
std::vector<ExplorePoint> points_left(const Certificate& certificate, std::vector<ExplorePoint> wanted);

// "rs_log+0x1c, irq", "rs_log+0x1c then rs_log+0x40, irq+nmi".
std::string name_of(const Certificate& certificate, const ExplorePoint& point);

// Boundaries next to each other in the same function, with the same verdicts, IRQ flag and entry state.
struct BoundaryRange {
  std::size_t first = 0, last = 0;
};
std::vector<BoundaryRange> ranges_of(const Certificate& certificate);

// The boundaries in one function, all visits together, in the order first visited.
struct FunctionPart {
  std::string symbol;
  CodeOwner code = CodeOwner::kernel;
  std::size_t boundaries = 0;
  std::vector<std::map<Verdict, std::size_t>> verdicts;  // as `injections`
};
std::vector<FunctionPart> by_function(const Certificate& certificate);

// What such a certificate never covers, a sentence each.
std::vector<std::string> not_covered(const Certificate& certificate);

// Two certificates of the same window: points whose verdicts differ, a line each. Empty: the same.
std::vector<std::string> differing_verdicts(const Certificate& a, const Certificate& b);

}  // namespace remapstorm
