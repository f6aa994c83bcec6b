// SPDX-License-Identifier: Apache-2.0
// What a vCPU that stands still is doing, as far as its registers and Linux's own counters tell. Each architecture has
// its own way: vmm/arch/*/kvm/guest_context.cpp.
#pragma once

#include <cstdint>
#include <optional>

#include "base/result.h"
#include "vmm/memory_access.h"
#include "vmm/symbols.h"
#include "vmm/vcpu.h"

namespace remapstorm {

// The registers by the names a disassembly has, as of now. Outside run(). Errors: host.
Result<RegisterValue> register_values(const Vcpu& vcpu);

enum class LinuxContext : std::uint8_t { task, softirq, hardirq, nmi };
// From a Linux preempt_count (include/linux/preempt.h).
LinuxContext context_of_preempt_count(std::uint32_t count);
// Of the CPU; nothing if the kernel does not have the variable where this looks for it.
std::optional<std::uint32_t> linux_preempt_count(const Vcpu& vcpu, const Symbols& symbols, const GuestMemory& memory);

}  // namespace remapstorm
