// SPDX-License-Identifier: Apache-2.0
// Stop: why Vcpu::run() gave the vCPU back. What the guest did wrong (triple fault, an instruction KVM cannot emulate)
// is data here, never an Error of the call.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/address.h"
#include "base/result.h"

namespace remapstorm {

// The guest rang the doorbell (guest/abi). The instruction has completed: pc is behind it.
struct DoorbellStop {
  std::uint32_t value = 0;
};

// A hardware execution breakpoint; the instruction at pc has not run yet. Each logical occurrence stops once, see
// breakpoint_resume.h.
struct BreakpointStop {
  Gva pc;
};

// Vcpu::step() executed one instruction (or entered one interrupt or fault handler).
struct StepStop {
  Gva pc;
};

// An access to a range that was attached as an AccessTrap. It has completed: reads gave all-ones, writes went nowhere.
struct MmioStop {
  Gpa address;
  unsigned size = 0;  // bytes, 1..8
  bool is_write = false;
  std::uint64_t value = 0;  // written value; 0 for a read
};

// HLT in a machine without an in-kernel interrupt controller. With one, KVM waits by itself and this never appears.
struct HaltStop {};

struct ShutdownStop {
  enum class Why : std::uint8_t {
    triple_fault,  // KVM_EXIT_SHUTDOWN
    reset,         // the guest pulsed the reset line (keyboard controller)
    system_event,  // KVM_EXIT_SYSTEM_EVENT
  } why = Why::triple_fault;
};

// KVM cannot go on. error.kind is host. The vCPU's registers can still be read.
struct HostErrorStop {
  Error error;
  std::vector<std::uint8_t> instruction;  // bytes at pc if KVM gave them
  Gva pc;
  bool emulation_failure = false;  // the guest ran an instruction this host's KVM does not emulate
};

// Somebody called kick().
struct InterruptedStop {};

using Stop = std::variant<DoorbellStop, BreakpointStop, StepStop, MmioStop, HaltStop, ShutdownStop, HostErrorStop,
                          InterruptedStop>;

// One line for logs: "doorbell 0x00000002", "breakpoint at 0xffffffff81000000", ...
std::string describe(const Stop& stop);

}  // namespace remapstorm
