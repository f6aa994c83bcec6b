// SPDX-License-Identifier: Apache-2.0
// Calibration: what kind of KVM host this is, measured with throw-away guests in less than 250 ms.
#pragma once

#include "base/clock.h"
#include "base/host_kind.h"
#include "base/result.h"
#include "vmm/kvm.h"

namespace remapstorm {

struct Calibration {
  HostKind kind = HostKind::hardware;  // or interpreting
  double kernel_instructions_per_second = 0;
  double user_instructions_per_second = 0;
  Nanoseconds port_round_trip{0};  // one OUT from guest to run() and back
  bool breakpoints = true;         // an execution breakpoint stops the vCPU; not where QEMU emulates SVM (docs/lab.md)
};

// Pure. Interpreting: kernel mode below a twentieth of user mode. Speed alone says nothing: under software emulation on
// a busy machine both are slow.
HostKind classify(double kernel_instructions_per_second, double user_instructions_per_second);

// Errors: those of Vm::create; host if a calibration guest does something unexpected.
Result<Calibration> calibrate(const Kvm& kvm, const Clock& clock);

}  // namespace remapstorm
