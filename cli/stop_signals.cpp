// SPDX-License-Identifier: Apache-2.0
#include "cli/stop_signals.h"

#include <unistd.h>

#include <chrono>
#include <ctime>

#include "results/exit_code.h"

namespace remapstorm {
namespace {

constexpr auto kSameWish = std::chrono::milliseconds(250);

}  // namespace

StopSignals::StopSignals() {
  ::sigemptyset(&set_);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction now = {};
    ::sigaction(number, nullptr, &now);
    if (now.sa_handler != SIG_IGN) ::sigaddset(&set_, number);
  }
  ::pthread_sigmask(SIG_BLOCK, &set_, &before_);
  waiter_ = std::thread([this] { wait(); });
}

StopSignals::~StopSignals() {
  over_ = true;
  waiter_.join();
  ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

void StopSignals::wait() {
  std::chrono::steady_clock::time_point first;
  while (!over_) {
    const timespec tick{0, 50'000'000};
    const int number = ::sigtimedwait(&set_, nullptr, &tick);
    if (number < 0) continue;
    const auto now = std::chrono::steady_clock::now();
    if (stop_.exchange(true)) {
      // timeout(1) signals its child and then the child's whole group: that is one wish, told twice.
      if (now - first < kSameWish) continue;
      // The second time the person means it. What was unfinished is removed by the next run.
      ::_exit(exit_by_signal(number));
    }
    first = now;
    signal_ = number;
  }
}

}  // namespace remapstorm
