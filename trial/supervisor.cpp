// SPDX-License-Identifier: Apache-2.0
#include "trial/supervisor.h"

#include <algorithm>
#include <cstdio>
#include <string>

namespace remapstorm {
namespace {

using What = LifecycleEvent::What;
constexpr Nanoseconds kProgressEvery = std::chrono::milliseconds(100);
// A console that is emulated twice takes tens of milliseconds a line, and lockdep has a hundred of them to say.
constexpr Nanoseconds kConsoleQuiet = std::chrono::milliseconds(200);
constexpr Nanoseconds kConsoleLongest = std::chrono::seconds(10);

std::string seconds_text(Nanoseconds time) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.3g s", std::chrono::duration<double>(time).count());
  return text;
}

}  // namespace

void Supervisor::run(const std::function<void(const char*, Nanoseconds)>& progress) {
  Nanoseconds told = log_.now();
  while (!over()) {
    if (log_.now() - told >= kProgressEvery) {
      told = log_.now();
      progress(ready_at_ == Nanoseconds(0) ? "booting" : "running", told);
    }
  }
}

bool Supervisor::over() {
  state_ = machine_.turn(options_.turn);
  const Nanoseconds now = log_.now();
  look_at_console(state_);
  if (stop_) {
    interrupted_ = true;
    machine_.milestone(What::interrupted);
    return true;
  }
  if (state_.caught) return true;
  if (state_.ready && ready_at_ == Nanoseconds(0)) {
    ready_at_ = now;
    whole_.restart(state_.attended, state_.given);
  }
  if (state_.caught_ready) return true;
  if (state_.moves != moves_ || state_.held || !state_.ready) {
    moves_ = state_.moves;
    still_.restart(state_.attended, state_.given);
  }
  answer_suspicion();
  if (judge_decided() || state_.done || state_.dead || heard_report()) return true;
  return past_limits(now);
}

void Supervisor::look_at_console(const MachineState& state) {
  const std::uint64_t written = machine_.console_written();
  if (written == console_written_) return;
  console_written_ = written;
  console_spoke_ = true;
  console_.restart(state.attended, state.given);
}

bool Supervisor::finish_console() {
  const auto deadlocked = [this] {
    return machine_.locked([this] { return judge_.decided() && judge_.judgement().verdict == Verdict::deadlock; });
  };
  if (interrupted_ || state_.done || state_.dead || !deadlocked()) return true;
  Timeout longest;
  longest.restart(state_.attended, state_.given);
  look_at_console(state_);  // the looks at a suspect took their time
  const auto waits = [](const Timeout& timeout, Nanoseconds limit, const MachineState& state) {
    return timeout.check(limit, state.attended, state.given) == Timeout::State::waiting;
  };
  for (MachineState state = state_;
       !stop_ && console_spoke_ && waits(console_, kConsoleQuiet, state) && waits(longest, kConsoleLongest, state);) {
    state = machine_.turn(options_.turn);
    if (state.done || state.dead) break;
    look_at_console(state);
  }
  return deadlocked();
}

// The judge folds events under the machine's lock, so it is asked under it.
bool Supervisor::judge_decided() {
  return machine_.locked([this] { return judge_.decided(); });
}

bool Supervisor::heard_report() {
  if (!options_.wants_more) return false;
  ended_by_report_ = machine_.locked([&] {
    const ReportEnd::Seen seen{judge_.guest_reported(), judge_.guest_report_complete(), console_written_, state_.given};
    switch (report_.look(seen)) {
      case ReportEnd::State::listen:
        return false;
      case ReportEnd::State::heard:  // a deadlock that is suspected would say more
        return !judge_.suspicion() && !options_.wants_more(judge_.judgement());
      case ReportEnd::State::flood:
        return true;
    }
    return false;
  });
  return ended_by_report_;
}

void Supervisor::answer_suspicion() {
  const auto suspicion = machine_.locked([this] { return judge_.suspicion(); });
  if (!suspicion || suspicion->id <= answered_) return;
  answered_ = suspicion->id;
  machine_.sample("suspected deadlock", 2 * rounds_, suspicion->locks);
  const Nanoseconds until = log_.now() + options_.gap;
  while (log_.now() < until && !stop_) {
    const Nanoseconds ran = machine_.ran_since_sample(suspicion->vcpus);
    if (ran >= options_.enough) break;
    machine_.turn(std::min(options_.turn, options_.enough - ran));
  }
  machine_.sample("suspected deadlock", 2 * rounds_ + 1, suspicion->locks);
  ++rounds_;
}

bool Supervisor::past_limits(Nanoseconds now) {
  const Nanoseconds given = state_.given;
  const Nanoseconds attended = state_.attended;
  const bool ready = ready_at_ != Nanoseconds(0);
  const auto whole = whole_.check(ready ? options_.limits.timeout : options_.boot_limit, attended, given);
  const auto still = ready ? still_.check(options_.limits.progress, attended, given) : Timeout::State::waiting;
  if (whole == Timeout::State::over) {
    machine_.sample("timeout", 0, {});
    machine_.milestone(What::timeout, ready ? "the trial did not end" : "the guest did not become ready");
    return true;
  }
  if (still == Timeout::State::over) {
    machine_.sample("no progress", 0, {});
    machine_.milestone(What::no_progress);
    return true;
  }
  if (whole == Timeout::State::starved || still == Timeout::State::starved) {
    machine_.milestone(What::host_failure,
                       "this host is too busy: in " + seconds_text(now) + " it gave the guest " + seconds_text(given));
    return true;
  }
  return false;
}

}  // namespace remapstorm
