// SPDX-License-Identifier: Apache-2.0
// From suspicion to proof. A cycle in the log alone is not enough: the log may be incomplete, and a vCPU that we hold
// ourselves waits as well. Two looks at the vCPUs, between which they ran, must both show it:
//  - in every look since the suspicion each lock word of the cycle is non-zero (0 is an unlocked Linux spinlock);
//  - in both looks no waiter is halted, in user mode or kept still by the harness;
//  - between them each waiter used CPU time (proof_standard.h), and nobody logged that it got or dropped a lock of the
//  cycle;
//  - where a waiter's backtrace has symbols, one of the two goes through the function that asked for the lock. One
//    suffices: the other may have been taken inside an interrupt whose entry stops the unwinder.
// A task that waits for what it holds itself needs neither to run nor to be seen: only the word and the log count.
#include <algorithm>

#include "telemetry/detectors/deadlock.h"
#include "telemetry/probe_names.h"
#include "telemetry/proof_standard.h"

namespace remapstorm {
namespace {

constexpr std::size_t kMaxRounds = 64;

FindingKind self_kind(Context waiter) {
  switch (waiter) {
    case Context::softirq:
      return FindingKind::self_softirq;
    case Context::hardirq:
      return FindingKind::self_hardirq;
    case Context::nmi:
      return FindingKind::self_nmi;
    case Context::task:
      break;
  }
  return FindingKind::self_task;
}

std::string vcpu_name(int vcpu) { return "vCPU " + std::to_string(vcpu); }

}  // namespace

void DeadlockDetector::ask_again() {
  case_->id = next_id_++;
  case_->rounds_of_this_id = 0;
}

bool DeadlockDetector::complete(const Round& round) const {
  // The lock words come with vCPU 0.
  return round.samples.contains(0) && std::all_of(case_->cycle.begin(), case_->cycle.end(),
                                                  [&](const Edge& edge) { return round.samples.contains(edge.vcpu); });
}

void DeadlockDetector::fold_sample(const Event& event, const SampleEvent& sample) {
  if (!case_) return;
  auto& rounds = case_->rounds;
  const bool same = !rounds.empty() && rounds.back().number == sample.round && rounds.back().reason == sample.reason &&
                    !rounds.back().samples.contains(event.vcpu);
  if (!same) {
    if (rounds.size() >= kMaxRounds) return;
    rounds.push_back({sample.round, sample.reason, event.time, {}});
  }
  Round& round = rounds.back();
  const bool was_complete = complete(round);
  round.time = std::max(round.time, event.time);
  round.samples[event.vcpu] = sample;
  if (was_complete || !complete(round)) return;
  ++case_->rounds_of_this_id;
  if (!case_->proof) evaluate();
  if (!case_->proof && case_->rounds_of_this_id >= 2) {
    ++case_->attempts;
    ask_again();
  }
}

void DeadlockDetector::evaluate() {
  const auto& rounds = case_->rounds;
  // An unlocked word in any look refutes the whole chain of events behind it.
  for (const Round& round : rounds) {
    for (const Edge& edge : case_->cycle) {
      if (lock_word(round, edge.want.lock) == 0U) {
        case_->obstacle = name_of(edge) + " was free when it was looked at";
        return;
      }
    }
  }
  const std::size_t second = rounds.size() - 1;
  case_->obstacle = check_round(rounds[second]);
  if (!case_->obstacle.empty()) return;
  case_->obstacle = "the vCPUs were not looked at twice";
  for (std::size_t first = 0; first < second; ++first) {
    if (!complete(rounds[first]) || !check_round(rounds[first]).empty()) continue;
    const std::string why = check_pair(rounds[first], rounds[second]);
    if (why.empty()) {
      case_->proof = {first, second};
      case_->proven_at = rounds[second].time;
      case_->obstacle.clear();
      return;
    }
    case_->obstacle = why;
  }
}

std::optional<std::uint32_t> DeadlockDetector::lock_word(const Round& round, Gva lock) const {
  for (const auto& [vcpu, sample] : round.samples) {
    for (const auto& [address, word] : sample.lock_words) {
      if (address == lock) return word;
    }
  }
  return std::nullopt;
}

std::string DeadlockDetector::check_round(const Round& round) const {
  for (const Edge& edge : case_->cycle) {
    const SampleEvent& sample = round.samples.at(edge.vcpu);
    if (sample.held_by_harness) return vcpu_name(edge.vcpu) + " was held by the harness";
    if (!lock_word(round, edge.want.lock)) return "the word of " + name_of(edge) + " could not be read";
    if (waits_for_itself(edge)) continue;
    if (sample.halted) return vcpu_name(edge.vcpu) + " was halted, so it did not spin";
    if (sample.user_mode) return vcpu_name(edge.vcpu) + " was in user mode";
  }
  return {};
}

bool DeadlockDetector::passes_through_waiter(const SampleEvent& sample, const Edge& edge) const {
  const std::string asked = asking_function(edge);
  return !asked.empty() && std::any_of(sample.backtrace.begin(), sample.backtrace.end(),
                                       [&](const Frame& frame) { return frame.symbol == asked; });
}

std::string DeadlockDetector::asking_function(const Edge& edge) const {
  const std::string asked = symbols_.function(edge.want.pc);
  return asked.empty() ? symbols_.function(edge.want.caller) : asked;
}

std::string DeadlockDetector::check_pair(const Round& first, const Round& second) const {
  constexpr auto least = static_cast<std::uint64_t>(kProofRun.count());
  for (const Edge& edge : case_->cycle) {
    if (waits_for_itself(edge)) continue;
    const SampleEvent& before = first.samples.at(edge.vcpu);
    const SampleEvent& after = second.samples.at(edge.vcpu);
    if (after.cpu_time_ns < before.cpu_time_ns || after.cpu_time_ns - before.cpu_time_ns < least) {
      return vcpu_name(edge.vcpu) + " hardly ran between the two looks";
    }
    const std::string asked = asking_function(edge);
    const auto has_symbols = [](const SampleEvent& sample) {
      return std::any_of(sample.backtrace.begin(), sample.backtrace.end(),
                         [](const Frame& frame) { return !frame.symbol.empty(); });
    };
    if (!asked.empty() && (has_symbols(before) || has_symbols(after)) && !passes_through_waiter(before, edge) &&
        !passes_through_waiter(after, edge)) {
      return "the backtrace of " + vcpu_name(edge.vcpu) + " does not go through " + asked +
             ", which asked for the lock";
    }
  }
  return {};
}

Finding DeadlockDetector::finding() const {
  const Case& proven = *case_;
  const Round& last = proven.rounds[(*proven.proof)[1]];
  Finding result;
  result.verdict = Verdict::deadlock;
  const auto self =
      std::find_if(proven.cycle.begin(), proven.cycle.end(), [](const Edge& edge) { return edge.vcpu == edge.owner; });
  result.kind = self == proven.cycle.end() ? FindingKind::cross_vcpu : self_kind(context_of(self->want.context));
  result.seen_at = proven.seen_at;
  result.proven_at = proven.proven_at;
  result.injection = proven.injection;
  if (result.injection) result.injection->symbol = symbols_.place(result.injection->pc);
  for (const Edge& edge : proven.cycle) {
    WaitEdge wait;
    wait.lock = edge.want.lock;
    wait.lock_name = name_of(edge);
    wait.answer = edge.want.asked != 0;
    wait.lock_word = lock_word(last, edge.want.lock).value_or(0);
    wait.waiter_vcpu = edge.vcpu;
    wait.waiter_context = context_of(edge.want.context);
    wait.waiter_pc = edge.want.pc;
    wait.waiter_symbol = symbols_.place(edge.want.pc);
    wait.waiter_caller = symbols_.place(edge.want.caller);
    wait.waiting_since = clock_.when(edge.want.at);
    wait.owner_vcpu = edge.owner;
    wait.owner_context = context_of(edge.held.context);
    wait.owner_irqs_off = (edge.held.context & RS_CTX_IRQS_OFF) != 0;
    wait.owner_pc = edge.held.pc;
    wait.owner_symbol = symbols_.place(edge.held.pc);
    wait.owner_caller = symbols_.place(edge.held.caller);
    wait.owned_since = clock_.when(edge.held.at);
    const auto or_address = [](const std::string& symbol, Gva pc) {
      return symbol.empty() ? describe(Frame{pc, {}, 0}) : symbol;
    };
    result.detail.push_back(vcpu_name(wait.owner_vcpu) + " " + std::string(owner_verb(wait)) + " " + wait.lock_name +
                            (wait.answer ? ", and waits itself since " : ", taken at ") +
                            or_address(wait.owner_symbol, wait.owner_pc) + " in " + context_name(wait.owner_context) +
                            " context with IRQs " + (wait.owner_irqs_off ? "off" : "on"));
    result.detail.push_back(vcpu_name(wait.waiter_vcpu) + " waits for it in " + context_name(wait.waiter_context) +
                            " context, asked at " + or_address(wait.waiter_symbol, wait.waiter_pc));
    if (std::find(result.sample_vcpus.begin(), result.sample_vcpus.end(), edge.vcpu) == result.sample_vcpus.end()) {
      // Of the two looks the one whose backtrace shows the wait; the last if both do.
      const SampleEvent& after = last.samples.at(edge.vcpu);
      const SampleEvent& before = proven.rounds[(*proven.proof)[0]].samples.at(edge.vcpu);
      const bool use_before = !passes_through_waiter(after, edge) && passes_through_waiter(before, edge);
      result.sample_vcpus.push_back(edge.vcpu);
      result.samples.push_back(use_before ? before : after);
    }
    result.cycle.push_back(std::move(wait));
  }
  const WaitEdge& first = result.cycle.front();
  if (result.cycle.size() == 1 && first.waiter_vcpu == first.owner_vcpu) {
    result.summary = vcpu_name(first.waiter_vcpu) + " waits in " + context_name(first.waiter_context) +
                     " context for " + first.lock_name + ", which it holds itself";
  } else {
    result.summary = "a cycle of " + std::to_string(result.cycle.size()) +
                     (result.cycle.size() == 1 ? " wait" : " waits") + " through " + first.lock_name;
  }
  // Cause of the wait rather than the addresses of this build. It begins at the function that asked for the lock: what
  // that function was just calling while it spun differs from look to look.
  const std::vector<Frame>& frames = result.samples.front().backtrace;
  auto start = std::find_if(frames.begin(), frames.end(), [&](const Frame& frame) {
    return !frame.symbol.empty() && frame.symbol == symbols_.function(first.waiter_pc);
  });
  if (start == frames.end()) start = frames.begin();
  for (; start != frames.end(); ++start) {
    const Frame& frame = *start;
    if (frame.symbol.empty()) continue;
    if (std::count(result.fingerprint.begin(), result.fingerprint.end(), ':') >= 4) break;
    result.fingerprint += (result.fingerprint.empty() ? "" : ":") + frame.symbol;
  }
  return result;
}

}  // namespace remapstorm
