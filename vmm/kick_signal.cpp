// SPDX-License-Identifier: Apache-2.0
#include "vmm/kick_signal.h"

#include <sys/syscall.h>
#include <unistd.h>

namespace remapstorm {
namespace {

void on_kick(int) {}

}  // namespace

void install_kick_signal() {
  struct sigaction action = {};
  action.sa_handler = on_kick;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  ::sigaction(kKickSignal, &action, nullptr);
}

void signal_thread(pid_t thread) { ::syscall(SYS_tgkill, ::getpid(), thread, kKickSignal); }

}  // namespace remapstorm
