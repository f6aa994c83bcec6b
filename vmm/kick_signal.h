// SPDX-License-Identifier: Apache-2.0
// The signal that pulls a thread out of KVM_RUN. Its handler does nothing: the interruption is the message.
#pragma once

#include <signal.h>
#include <sys/types.h>

namespace remapstorm {

inline constexpr int kKickSignal = SIGUSR1;

// Restarting other system calls. Cheap to call again.
void install_kick_signal();
// A thread that has gone meanwhile is no error.
void signal_thread(pid_t thread);

}  // namespace remapstorm
