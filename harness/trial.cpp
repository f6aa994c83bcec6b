// SPDX-License-Identifier: Apache-2.0
#include "harness/trial.h"

#include "harness/machine.h"
#include "telemetry/symbol_namer.h"

namespace remapstorm {
namespace {

using What = LifecycleEvent::What;
constexpr Nanoseconds kTurn = std::chrono::milliseconds(5);
constexpr Nanoseconds kSecond = std::chrono::seconds(1);
constexpr Nanoseconds kProgressEvery = std::chrono::milliseconds(100);

// Watches one machine; the members are what it has seen so far.
class Watch {
 public:
  Watch(const TrialEnvironment& environment, const Plan& plan, Machine& machine, Judge& judge, EventLog& log)
      : environment_(environment), plan_(plan), machine_(machine), judge_(judge), log_(log) {}

  void run(const std::function<void(const char*, Nanoseconds)>& progress) {
    Nanoseconds told{0};
    while (!over()) {
      if (log_.now() - told >= kProgressEvery) {
        told = log_.now();
        progress(ready_at_ == Nanoseconds(0) ? "booting" : "running", told);
      }
    }
  }

  [[nodiscard]] bool interrupted() const { return interrupted_; }
  [[nodiscard]] Nanoseconds ready_at() const { return ready_at_; }

 private:
  bool over() {
    const MachineState state = machine_.turn(kTurn);
    const Nanoseconds now = log_.now();
    if (environment_.stop) {
      interrupted_ = true;
      machine_.milestone(What::interrupted);
      return true;
    }
    if (state.ready && ready_at_ == Nanoseconds(0)) {
      ready_at_ = now;
      whole_.restart(now, state.given);
    }
    if (state.moves != moves_ || state.held || !state.ready) {
      moves_ = state.moves;
      still_.restart(now, state.given);
    }
    answer_suspicion();
    if (judge_decided() || state.done || state.dead) return true;
    return past_limits(now, state.given);
  }

  // The judge folds events under the machine's lock, so it is asked under it.
  bool judge_decided() {
    return machine_.locked([this] { return judge_.decided(); });
  }

  void answer_suspicion() {
    const auto suspicion = machine_.locked([this] { return judge_.suspicion(); });
    if (!suspicion || suspicion->id <= answered_) return;
    answered_ = suspicion->id;
    machine_.sample("suspected deadlock", 2 * rounds_, suspicion->locks);
    const Nanoseconds until = log_.now() + kSampleGap;
    while (log_.now() < until && !environment_.stop) machine_.turn(kTurn);
    machine_.sample("suspected deadlock", 2 * rounds_ + 1, suspicion->locks);
    ++rounds_;
  }

  bool past_limits(Nanoseconds now, Nanoseconds given) {
    const bool ready = ready_at_ != Nanoseconds(0);
    const auto whole = whole_.check(ready ? plan_.limits.timeout : environment_.boot_limit, now, given);
    const auto still = ready ? still_.check(plan_.limits.progress, now, given) : Patience::State::waiting;
    if (whole == Patience::State::over) {
      machine_.sample("timeout", 0, {});
      machine_.milestone(What::timeout, ready ? "the trial did not end" : "the guest did not become ready");
      return true;
    }
    if (still == Patience::State::over) {
      machine_.sample("no progress", 0, {});
      machine_.milestone(What::no_progress);
      return true;
    }
    if (whole == Patience::State::starved || still == Patience::State::starved) {
      machine_.milestone(What::host_failure, "this host is too busy: in " + std::to_string(now / kSecond) +
                                                 " s it gave the guest " + std::to_string(given / kSecond) + " s");
      return true;
    }
    return false;
  }

  const TrialEnvironment& environment_;
  const Plan& plan_;
  Machine& machine_;
  Judge& judge_;
  EventLog& log_;
  Nanoseconds ready_at_{0};
  Patience whole_;  // of the boot, then of the trial
  Patience still_;  // since the last move
  std::uint64_t moves_ = 0;
  std::uint64_t answered_ = 0;
  unsigned rounds_ = 0;
  bool interrupted_ = false;
};

MachineConfig machine_config(const TrialEnvironment& environment, const Plan& plan) {
  MachineConfig config;
  config.cpus = plan.cpus;
  config.memory = plan.memory;
  config.initramfs_path = environment.initramfs_path;
  config.command_line = environment.command_line + " remapstorm.strategy=" + plan.strategy;
  if (!plan.append.empty()) config.command_line += " " + plan.append;
  config.workload_text = plan.workload_text;
  config.breakpoints = plan.breakpoints();
  const auto armed = plan.armed_probes();
  for (std::uint16_t probe = 0; probe < RS_PROBE_LIMIT; ++probe) {
    if (((armed[probe / 64] >> (probe % 64)) & 1) != 0) config.armed_probes.push_back(probe);
  }
  for (const Rule& rule : plan.rules) {
    if (rule.action.injector == "stage2-delay") config.stage2_delays = true;
  }
  return config;
}

}  // namespace

Result<TrialOutcome> run_trial(const TrialEnvironment& environment, const Plan& plan, std::uint64_t trial,
                               std::vector<EventSink*> sinks,
                               const std::function<void(const char* phase, Nanoseconds since_start)>& progress) {
  Judge judge(JudgeOptions{plan.limits.stall_threshold});
  sinks.push_back(&judge);
  // Whoever reads the events, the judge included, gets the names of addresses from them.
  SymbolNamer namer(
      [&](Gva pc) {
        const auto at = environment.symbols.lookup(pc);
        return at ? Frame{pc, std::string(at->name), at->offset} : Frame{pc, {}, 0};
      },
      std::move(sinks));
  EventLog log(environment.clock, {&namer});
  log.add(-1, PlanEvent{plan_json(plan, trial)});
  RS_ASSIGN(const std::unique_ptr<RuleEngine> rules, RuleEngine::create(plan, trial, log));
  RS_ASSIGN(const std::unique_ptr<Machine> machine,
            Machine::create(environment.kvm, environment.kernel, environment.symbols, environment.clock, log, *rules,
                            machine_config(environment, plan)));
  machine->start();
  Watch watch(environment, plan, *machine, judge, log);
  watch.run(progress);
  machine->stop();
  machine->milestone(What::end);

  TrialOutcome outcome;
  outcome.judgement = judge.judgement();
  outcome.interrupted = watch.interrupted();
  outcome.boot_time = watch.ready_at();
  if (watch.ready_at() != Nanoseconds(0)) outcome.duration = log.now() - watch.ready_at();
  return outcome;
}

}  // namespace remapstorm
