// SPDX-License-Identifier: Apache-2.0
// Finding: what a detector concluded from events, with the evidence that proves it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "telemetry/event.h"
#include "telemetry/finding_kind.h"
#include "telemetry/kinds.h"

namespace remapstorm {

enum class Verdict : std::uint8_t { clean, deadlock, stall, oops, lockdep, bug, lost_update, hang, timeout, error };

std::string_view verdict_name(Verdict verdict);  // "clean", "lost-update", ...
std::optional<Verdict> verdict_from_name(std::string_view name);

// One edge of a wait-for cycle: `waiter_vcpu` waits for `lock`, which `owner_vcpu` holds; or for an answer of
// `owner_vcpu`, which cannot give it while it waits itself (owner_...: where, since when).
struct WaitEdge {
  Gva lock;
  std::string lock_name;  // "init_mm.page_table_lock"; "the TLB flush (by IPI) of vCPU 1"
  bool answer = false;
  std::uint32_t lock_word = 0;
  int waiter_vcpu = -1;
  Context waiter_context = Context::task;
  Gva waiter_pc;              // where it asked
  std::string waiter_symbol;  // "function+0x12", or empty if the events do not name it
  std::string waiter_caller;  // who asked for it: the caller, or the instruction that faulted; or empty
  Nanoseconds waiting_since{0};
  int owner_vcpu = -1;
  Context owner_context = Context::task;
  bool owner_irqs_off = false;
  Gva owner_pc;  // where it took the lock
  std::string owner_symbol;
  std::string owner_caller;
  Nanoseconds owned_since{0};
};

inline std::string_view owner_verb(const WaitEdge& edge) { return edge.answer ? "owes" : "holds"; }

// The injection that a finding is put down to.
struct InjectionPoint {
  Nanoseconds time{0};  // receipt, host time
  std::string rule;
  std::string injector;
  std::uint32_t token = 0;
  int target_vcpu = -1;
  std::string detail;
  Gva pc;  // of the hit that fired it
  std::string where;
  std::string symbol;
  std::vector<DisassembledLine> disassembly;
};

struct Finding {
  Verdict verdict = Verdict::error;
  FindingKind kind = FindingKind::other;
  std::string summary;                      // one line
  std::vector<std::string> detail;          // lines of proof, plain text
  std::string fingerprint;                  // top five frames joined by ':', or a class name
  std::vector<WaitEdge> cycle;              // deadlock; edge i waits for what the waiter of edge i+1 owns
  std::optional<InjectionPoint> injection;  // the last injection before it
  Nanoseconds seen_at{0};                   // deadlock: the cycle closed; others: first event of it (host time)
  Nanoseconds proven_at{0};                 // deadlock: the second look confirmed it
  std::vector<SampleEvent> samples;         // with the vCPU index parallel in sample_vcpus
  std::vector<int> sample_vcpus;
  Nanoseconds length{0};        // stall
  Nanoseconds imposed{0};       // stall: how much of it the harness imposed
  Nanoseconds starved{0};       // stall: how much of the rest a vCPU was ready and the host did not run it
  std::string console_excerpt;  // oops, lockdep, bug
};

}  // namespace remapstorm
