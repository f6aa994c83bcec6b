// SPDX-License-Identifier: Apache-2.0
// The wait-for graph. What the samples must show is in deadlock_proof.cpp.
#include "telemetry/detectors/deadlock.h"

#include <algorithm>

#include "telemetry/probe_names.h"

namespace remapstorm {
namespace {

// A hostile guest may log locks without end.
constexpr std::size_t kMaxHeld = 64;
constexpr std::size_t kMaxInjectionPoints = 65536;

bool is_vcpu(int vcpu) { return vcpu >= 0 && vcpu < static_cast<int>(RS_MAX_VCPUS); }

}  // namespace

void DeadlockDetector::fold(const Event& event) {
  clock_.observe(event);
  symbols_.observe(event);
  if (const auto* probe = std::get_if<ProbeEvent>(&event.body)) {
    if (is_vcpu(event.vcpu)) fold_probe(event, *probe);
  } else if (const auto* hit = std::get_if<HitEvent>(&event.body)) {
    // The disassembly is sent with the first hit of a rule only.
    HitEvent& last = last_hits_[hit->rule];
    std::vector<DisassembledLine> lines = last.pc == hit->pc ? last.disassembly : std::vector<DisassembledLine>{};
    last = *hit;
    if (last.disassembly.empty()) last.disassembly = std::move(lines);
  } else if (const auto* receipt = std::get_if<ReceiptEvent>(&event.body)) {
    fold_receipt(event, *receipt);
  } else if (const auto* sample = std::get_if<SampleEvent>(&event.body)) {
    if (is_vcpu(event.vcpu)) fold_sample(event, *sample);
  }
}

void DeadlockDetector::fold_receipt(const Event& event, const ReceiptEvent& receipt) {
  if (receipt.phase == ReceiptEvent::Phase::ended) {
    // A hold that kept a waiter from being believed is over: look again.
    if (case_ && !case_->proof) {
      case_->attempts = 0;
      ask_again();
    }
    return;
  }
  if (receipt.phase != ReceiptEvent::Phase::fired) return;
  InjectionPoint point;
  point.time = event.time;
  point.rule = receipt.rule;
  point.injector = receipt.injector;
  point.token = receipt.token;
  point.target_vcpu = receipt.target_vcpu;
  point.detail = receipt.detail;
  if (const auto hit = last_hits_.find(receipt.rule); hit != last_hits_.end()) {
    point.pc = hit->second.pc;
    point.where = hit->second.where;
    point.disassembly = hit->second.disassembly;
  }
  last_injection_ = point;
  if (injection_points_.size() < kMaxInjectionPoints) injection_points_[receipt.token] = std::move(point);
}

void DeadlockDetector::fold_probe(const Event& event, const ProbeEvent& probe) {
  VcpuState& state = vcpus_[static_cast<std::size_t>(event.vcpu)];
  const unsigned level = RS_CTX_LEVEL(probe.context);
  // Contexts nest on a vCPU: whoever speaks at this level shows that every level above it has returned.
  for (unsigned above = level + 1; above < kLevels; ++above) state.wants[above] = {};
  switch (probe.probe) {
    case RS_PROBE_LOCK_WANT:
    case RS_PROBE_LOCK_GOT:
    case RS_PROBE_LOCK_DROP:
      fold_lock(event, probe, level);
      break;
    case RS_PROBE_ANSWER_WANT:
      state.wants[level] = mark_of(event, probe);
      state.wants[level].asked = probe.args[1];
      state.wants[level].answerer = static_cast<int>(std::min<std::uint64_t>(probe.args[3], RS_MAX_VCPUS));
      break;
    case RS_PROBE_HOLD_BEGIN:
    case RS_PROBE_HOLD_END:
      // A soft hold spins inside the probe that was hit, lock.want among them: it says nothing about the wait.
      break;
    case RS_PROBE_INJECT_ENTER:
      state.wants[level] = {};
      if (state.injections.size() < kMaxHeld) state.injections.push_back(static_cast<std::uint32_t>(probe.args[1]));
      break;
    case RS_PROBE_INJECT_LEAVE:
      state.wants[level] = {};
      std::erase(state.injections, static_cast<std::uint32_t>(probe.args[1]));
      break;
    default:
      // A waiter for a spinlock logs nothing at its own level. Another task speaks: the one that asked was moved to
      // another vCPU between lock.want and the moment it turned preemption off.
      state.wants[level] = {};
      break;
  }
  if (case_) {
    const std::string why = broken(*case_);
    if (!why.empty()) close_case(why);
  }
  const bool waits = probe.probe == RS_PROBE_LOCK_WANT || probe.probe == RS_PROBE_ANSWER_WANT;
  if (!case_ && waits) look_for_cycle(event);
}

DeadlockDetector::Mark DeadlockDetector::mark_of(const Event& event, const ProbeEvent& probe) {
  Mark mark;
  mark.serial = next_serial_++;
  mark.lock = Gva(probe.args[0]);
  mark.lock_id = probe.args[1];
  mark.caller = Gva(probe.args[2]);
  mark.pc = probe.pc;
  mark.context = probe.context;
  mark.at = event;
  return mark;
}

void DeadlockDetector::fold_lock(const Event& event, const ProbeEvent& probe, unsigned level) {
  VcpuState& state = vcpus_[static_cast<std::size_t>(event.vcpu)];
  Mark mark = mark_of(event, probe);
  mark.task = probe.args[3];
  if (probe.probe == RS_PROBE_LOCK_WANT) {
    state.wants[level] = std::move(mark);
    return;
  }
  if (probe.probe == RS_PROBE_LOCK_DROP) {
    const auto mine =
        std::find_if(state.held.rbegin(), state.held.rend(), [&](const Mark& held) { return held.lock == mark.lock; });
    if (mine != state.held.rend()) {
      state.held.erase(std::next(mine).base());
    } else {
      release(mark.lock, -1);
    }
    return;
  }
  // Got it. Nobody else can still have it, whatever the log lacks; and whoever asked on another vCPU before it moved
  // here no longer waits there.
  if (state.wants[level].serial == 0) {
    for (VcpuState& other : vcpus_) {
      for (Mark& want : other.wants) {
        if (want.serial != 0 && want.lock == mark.lock && want.caller == mark.caller) want = {};
      }
    }
  }
  state.wants[level] = {};
  release(mark.lock, -1);
  if (state.held.size() < kMaxHeld) state.held.push_back(std::move(mark));
}

void DeadlockDetector::release(Gva lock, int except_vcpu) {
  for (int vcpu = 0; vcpu < static_cast<int>(vcpus_.size()); ++vcpu) {
    if (vcpu == except_vcpu) continue;
    std::erase_if(vcpus_[static_cast<std::size_t>(vcpu)].held, [&](const Mark& held) { return held.lock == lock; });
  }
}

// A waiter depends on the owner's context getting on, and that on every wait at its level or above on the owner's vCPU
// being over.
std::vector<DeadlockDetector::Edge> DeadlockDetector::edges_of(int vcpu, unsigned level) const {
  std::vector<Edge> edges;
  const Mark& want = vcpus_[static_cast<std::size_t>(vcpu)].wants[level];
  if (want.serial == 0) return edges;
  if (want.asked != 0) {
    if (!is_vcpu(want.answerer) || want.answerer == vcpu) return edges;
    for (const Mark& blocker : vcpus_[static_cast<std::size_t>(want.answerer)].wants) {
      if (keeps_from_answering(want, blocker)) edges.push_back({vcpu, level, want, want.answerer, blocker});
    }
    return edges;
  }
  for (int owner = 0; owner < static_cast<int>(vcpus_.size()); ++owner) {
    for (const Mark& held : vcpus_[static_cast<std::size_t>(owner)].held) {
      if (held.lock == want.lock) edges.push_back({vcpu, level, want, owner, held});
    }
  }
  return edges;
}

bool DeadlockDetector::keeps_from_answering(const Mark& want, const Mark& blocker) {
  if (blocker.serial == 0) return false;
  if ((want.asked & RS_ASK_BY_IPI) != 0) return (blocker.context & RS_CTX_IRQS_OFF) != 0;
  return RS_CTX_LEVEL(blocker.context) == RS_CTX_NMI;
}

bool DeadlockDetector::waits_for_itself(const Edge& edge) {
  return edge.want.task != 0 && edge.want.task == edge.held.task;
}

bool DeadlockDetector::search(int vcpu, unsigned level, std::vector<Edge>& path, unsigned& visited) const {
  const unsigned bit = static_cast<unsigned>(vcpu) * kLevels + level;
  if ((visited & (1U << bit)) != 0) return false;
  visited |= 1U << bit;
  for (const Edge& edge : edges_of(vcpu, level)) {
    path.push_back(edge);
    for (unsigned next = RS_CTX_LEVEL(edge.held.context); next < kLevels; ++next) {
      const Mark& wanted = vcpus_[static_cast<std::size_t>(edge.owner)].wants[next];
      if (wanted.serial == 0) continue;
      // Two tasks of one vCPU: what the other one waits for does not keep the owner.
      if (wanted.task != 0 && edge.held.task != 0 && wanted.task != edge.held.task) continue;
      if (edge.owner == path.front().vcpu && next == path.front().level) return true;
      if (search(edge.owner, next, path, visited)) return true;
    }
    path.pop_back();
  }
  return false;
}

void DeadlockDetector::look_for_cycle(const Event& event) {
  static_assert(RS_MAX_VCPUS * kLevels <= 32, "visited is a 32-bit set");
  for (unsigned level = 0; level < kLevels; ++level) {
    if (vcpus_[static_cast<std::size_t>(event.vcpu)].wants[level].serial == 0) continue;
    std::vector<Edge> path;
    unsigned visited = 0;
    if (!search(event.vcpu, level, path, visited)) continue;
    Case found;
    found.id = next_id_++;
    found.cycle = std::move(path);
    found.seen_at = event.time;
    found.obstacle = "the vCPUs were not looked at twice";
    found.injection = injection_behind(found.cycle);
    case_ = std::move(found);
    return;
  }
}

// Empty while every wait and every ownership of the cycle is as it was.
std::string DeadlockDetector::broken(const Case& open) const {
  for (const Edge& edge : open.cycle) {
    const Mark& want = vcpus_[static_cast<std::size_t>(edge.vcpu)].wants[edge.level];
    if (want.serial != edge.want.serial) {
      return "vCPU " + std::to_string(edge.vcpu) + " went on from its wait for " + name_of(edge);
    }
    const VcpuState& owner = vcpus_[static_cast<std::size_t>(edge.owner)];
    if (edge.want.asked != 0) {
      if (owner.wants[RS_CTX_LEVEL(edge.held.context)].serial == edge.held.serial) continue;
      return "vCPU " + std::to_string(edge.owner) + " went on, so it can answer";
    }
    const auto& held = owner.held;
    if (std::none_of(held.begin(), held.end(), [&](const Mark& one) { return one.serial == edge.held.serial; })) {
      return "vCPU " + std::to_string(edge.owner) + " let go of " + name_of(edge);
    }
  }
  return {};
}

std::string DeadlockDetector::name_of(const Edge& edge) {
  if (edge.want.asked == 0) return lock_name(edge.want.lock_id);
  return answer_name(edge.want.asked) + " of vCPU " + std::to_string(edge.owner);
}

void DeadlockDetector::close_case(const std::string& why) {
  if (notes_.size() < kMaxNotes) {
    notes_.push_back(std::string(case_->proof ? "a deadlock that looked proven dissolved: "
                                              : "a suspected deadlock came to nothing: ") +
                     why);
  }
  case_.reset();
}

std::optional<Suspicion> DeadlockDetector::suspicion() const {
  if (!case_ || case_->proof || case_->attempts >= kMaxAttempts) return std::nullopt;
  Suspicion suspicion;
  suspicion.id = case_->id;
  suspicion.since = case_->seen_at;
  for (const Edge& edge : case_->cycle) {
    if (std::find(suspicion.vcpus.begin(), suspicion.vcpus.end(), edge.vcpu) == suspicion.vcpus.end()) {
      suspicion.vcpus.push_back(edge.vcpu);
    }
    if (std::find(suspicion.locks.begin(), suspicion.locks.end(), edge.want.lock) == suspicion.locks.end()) {
      suspicion.locks.push_back(edge.want.lock);
    }
  }
  suspicion.reason = "suspected deadlock";
  return suspicion;
}

std::optional<InjectionPoint> DeadlockDetector::injection_behind(const std::vector<Edge>& cycle) const {
  // Best: an injected handler that itself waits in the cycle. Else the last thing we did.
  for (const Edge& edge : cycle) {
    const auto& running = vcpus_[static_cast<std::size_t>(edge.vcpu)].injections;
    if (running.empty()) continue;
    if (const auto found = injection_points_.find(running.back()); found != injection_points_.end())
      return found->second;
  }
  return last_injection_;
}

std::vector<std::string> DeadlockDetector::notes() const {
  std::vector<std::string> all = notes_;
  if (case_ && !case_->proof) all.push_back("a suspected deadlock is not proven: " + case_->obstacle);
  return all;
}

std::vector<Finding> DeadlockDetector::findings() const {
  if (!case_ || !case_->proof) return {};
  return {finding()};
}

}  // namespace remapstorm
