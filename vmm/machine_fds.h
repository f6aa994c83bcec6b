// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

namespace remapstorm {

// File descriptors of one virtual machine. They are the Vm's: it must outlive this.
struct MachineFds {
  int vm = -1;
  int interrupt_controller = -1;  // arm64: of its vGIC; -1: without one, or part of the VM's (x86)
  std::span<const int> vcpus;
};

// Of one vCPU.
struct VcpuFds {
  int vcpu = -1;
  unsigned index = 0;
  int interrupt_controller = -1;
};

}  // namespace remapstorm
