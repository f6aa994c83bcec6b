// SPDX-License-Identifier: Apache-2.0
// Proves deadlocks: a cycle in the wait-for graph, seen in the events and confirmed twice in the guest itself.
//
// Spinlocks only. Whoever holds a spinlock has preemption off, so it stays on its vCPU, and "owner = the vCPU that
// logged lock.got" is sound. A waiter in interrupt or NMI context occupies its vCPU at that level until it gets the
// lock; one in task context may be preempted while it spins and then waits nowhere in particular: its wait is forgotten
// as soon as another task of that vCPU logs anything, which can only lose a proof, never make one up.
//
// Of a sleeping lock (an rtmutex on PREEMPT_RT, where page_table_lock is one) owner and waiter are tasks, which the
// probes name: another task of the owner's vCPU says nothing about the owner. Proven is only the task that waits for
// what it holds itself; nobody else can let go of it, whether it spins or sleeps.
//
// Not only locks are waited for: a vCPU that was asked to flush its TLB or to stand still (answer.want) cannot answer
// while it waits itself with interrupts off, or, if it was asked by NMI, in an NMI handler.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "guest/abi/remapstorm_abi.h"
#include "telemetry/detector.h"
#include "telemetry/guest_clock.h"
#include "telemetry/symbol_map.h"

namespace remapstorm {

class DeadlockDetector final : public Detector {
 public:
  static constexpr unsigned kMaxAttempts = 20;  // pairs of looks per suspicion before it is left alone

  [[nodiscard]] std::string_view name() const override { return "deadlock"; }
  void fold(const Event& event) override;
  [[nodiscard]] std::optional<Suspicion> suspicion() const override;
  [[nodiscard]] std::vector<Finding> findings() const override;
  [[nodiscard]] std::vector<std::string> notes() const override;

 private:
  static constexpr unsigned kLevels = 4;  // task, softirq, hardirq, nmi

  // A lock.want, a lock.got or an answer.want.
  struct Mark {
    std::uint64_t serial = 0;  // 0: none
    Gva lock;                  // or the word that says whether the answer came
    std::uint64_t lock_id = 0;
    std::uint64_t task = 0;   // 0: none, or not known
    std::uint64_t asked = 0;  // RS_ASK_* if an answer is waited for
    int answerer = -1;        // then: whose
    Gva pc;
    Gva caller;
    std::uint32_t context = 0;
    Event at;
  };
  struct VcpuState {
    std::array<Mark, kLevels> wants;  // by context level
    std::vector<Mark> held;
    std::vector<std::uint32_t> injections;  // tokens whose handler runs, innermost last
  };
  // The waiter at `level` of `vcpu` waits for `held`, which `owner` has; or for an answer of `owner`, which waits for
  // `held` meanwhile.
  struct Edge {
    int vcpu = 0;
    unsigned level = 0;
    Mark want;
    int owner = 0;
    Mark held;
  };
  struct Round {
    unsigned number = 0;
    std::string reason;
    Nanoseconds time{0};
    std::map<int, SampleEvent> samples;
  };
  struct Case {
    std::uint64_t id = 0;
    std::vector<Edge> cycle;
    Nanoseconds seen_at{0};
    std::vector<Round> rounds;
    unsigned rounds_of_this_id = 0;
    unsigned attempts = 0;
    std::string obstacle;                             // why it is not proven yet
    std::optional<std::array<std::size_t, 2>> proof;  // indices into rounds
    Nanoseconds proven_at{0};
    std::optional<InjectionPoint> injection;
  };

  void fold_probe(const Event& event, const ProbeEvent& probe);
  Mark mark_of(const Event& event, const ProbeEvent& probe);
  void fold_lock(const Event& event, const ProbeEvent& probe, unsigned level);
  void fold_receipt(const Event& event, const ReceiptEvent& receipt);
  void fold_sample(const Event& event, const SampleEvent& sample);
  void release(Gva lock, int except_vcpu);
  void look_for_cycle(const Event& event);
  [[nodiscard]] std::vector<Edge> edges_of(int vcpu, unsigned level) const;
  [[nodiscard]] static bool keeps_from_answering(const Mark& want, const Mark& blocker);
  [[nodiscard]] static bool waits_for_itself(const Edge& edge);
  [[nodiscard]] static std::string name_of(const Edge& edge);  // what is waited for
  bool search(int vcpu, unsigned level, std::vector<Edge>& path, unsigned& visited) const;
  [[nodiscard]] std::string broken(const Case& open) const;
  void close_case(const std::string& why);
  void ask_again();
  [[nodiscard]] bool complete(const Round& round) const;
  void evaluate();
  [[nodiscard]] std::string check_round(const Round& round) const;
  [[nodiscard]] std::string check_pair(const Round& first, const Round& second) const;
  [[nodiscard]] std::optional<std::uint32_t> lock_word(const Round& round, Gva lock) const;
  [[nodiscard]] bool passes_through_waiter(const SampleEvent& sample, const Edge& edge) const;
  [[nodiscard]] std::string asking_function(const Edge& edge) const;
  [[nodiscard]] std::optional<InjectionPoint> injection_behind(const std::vector<Edge>& cycle) const;
  [[nodiscard]] Finding finding() const;

  std::array<VcpuState, RS_MAX_VCPUS> vcpus_;
  std::map<std::string, HitEvent> last_hits_;                 // by rule
  std::map<std::uint32_t, InjectionPoint> injection_points_;  // by token
  std::optional<InjectionPoint> last_injection_;
  GuestClock clock_;
  SymbolMap symbols_;
  std::uint64_t next_serial_ = 1;
  std::uint64_t next_id_ = 1;
  std::optional<Case> case_;
  std::vector<std::string> notes_;
};

}  // namespace remapstorm
