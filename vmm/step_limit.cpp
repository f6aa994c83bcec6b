// SPDX-License-Identifier: Apache-2.0
#include "vmm/step_limit.h"

#include <signal.h>
#include <unistd.h>

#include <ctime>

#include "vmm/kick_signal.h"

#ifndef sigev_notify_thread_id  // of older C libraries
#define sigev_notify_thread_id _sigev_un._tid
#endif

namespace remapstorm {
namespace {

Nanoseconds thread_time() {
  timespec now = {};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return std::chrono::seconds(now.tv_sec) + Nanoseconds(now.tv_nsec);
}

// A thread's own. Where timer_create() fails (RLIMIT_SIGPENDING) a step has no limit.
class ThreadTimer {
 public:
  ThreadTimer() {
    sigevent event = {};
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = kKickSignal;
    event.sigev_notify_thread_id = ::gettid();
    made_ = ::timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &timer_) == 0;
  }
  ~ThreadTimer() {
    if (made_) ::timer_delete(timer_);
  }
  ThreadTimer(const ThreadTimer&) = delete;
  ThreadTimer& operator=(const ThreadTimer&) = delete;

  // Again and again: one signal may come just before the thread enters the guest. Zero: never.
  void set(Nanoseconds first) const {
    if (!made_) return;
    constexpr Nanoseconds kAgain = std::chrono::milliseconds(10);
    itimerspec times = {};
    times.it_value.tv_sec = std::chrono::floor<std::chrono::seconds>(first).count();
    times.it_value.tv_nsec = (first % std::chrono::seconds(1)).count();
    times.it_interval.tv_nsec = first == Nanoseconds(0) ? 0 : kAgain.count();
    ::timer_settime(timer_, 0, &times, nullptr);
  }

 private:
  timer_t timer_{};
  bool made_ = false;
};

const ThreadTimer& own_timer() {
  thread_local const ThreadTimer timer;
  return timer;
}

}  // namespace

StepLimit::StepLimit() : began_(thread_time()) { own_timer().set(kLongest); }
StepLimit::~StepLimit() { own_timer().set(Nanoseconds(0)); }

bool StepLimit::passed() const { return thread_time() - began_ >= kLongest; }

}  // namespace remapstorm
