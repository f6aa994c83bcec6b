// SPDX-License-Identifier: Apache-2.0
// What is known of the machine that guests run on.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/host_kind.h"

namespace remapstorm {

struct HostInfo {
  std::string kind;          // base/host_kind.h
  std::string kvm;           // e.g. "KVM API 12"
  std::string kernel;        // uname release
  std::string cpu;           // model name
  std::string architecture;  // "x86_64"
  // How far beyond the usual ordinary things may take on this host, 1 to 4: what a scenario says of stalls, and how
  // exact lengths must be, is stretched by it. See slowness_of().
  double slowness = 1;
  Nanoseconds port_round_trip{0};  // one VM exit and back (vmm/calibrate.h); 0: not known
  bool breakpoints = true;         // execution breakpoints work (vmm/calibrate.h)
  std::string processors{};        // of a host that is a guest: where its machine's /proc/PID/task is seen; or empty
  std::string line_begin{};        // how a line begins that repeats something here, see repeat.h
};
constexpr const char* kKvmHost = "kvm";  // in lists of hosts: this machine
// A host whose VM exits take longer than 100 us is slow in proportion: software emulation, above all.
double slowness_of(Nanoseconds port_round_trip);

}  // namespace remapstorm
