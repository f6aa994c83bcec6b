// SPDX-License-Identifier: Apache-2.0
#include "vmm/guest_context.h"

#include <array>
#include <cstring>

#include "vmm/arch/x86_64/register_names.h"
#include "vmm/page_walk.h"

namespace remapstorm {

Result<RegisterValue> register_values(const Vcpu& vcpu) {
  RS_ASSIGN(const x86_64::Registers registers, vcpu.registers());
  RS_ASSIGN(const x86_64::SystemRegisters system, vcpu.system_registers());
  return RegisterValue(
      [registers, system](std::string_view name) { return x86_64::value_of(name, registers, system); });
}

std::optional<std::uint32_t> linux_preempt_count(const Vcpu& vcpu, const Symbols& symbols, const GuestMemory& memory) {
  // struct pcpu_hot (arch/x86/include/asm/current.h): the task, then preempt_count. Per-CPU symbols are offsets from
  // the GS base while in the kernel.
  constexpr std::uint64_t kPreemptCount = 8;
  const auto hot = symbols.find("pcpu_hot");
  const Result<CpuState> state = vcpu.state();
  const Result<x86_64::SystemRegisters> system = vcpu.system_registers();
  if (!hot || !state || !system || state->user_mode) return std::nullopt;
  std::array<std::byte, 4> bytes{};
  const Gva address(system->gs.base + hot->value + kPreemptCount);
  if (!read_virtual(kHostIsa, state->space, memory, address, bytes)) return std::nullopt;
  std::uint32_t count = 0;
  std::memcpy(&count, bytes.data(), sizeof(count));
  return count;
}

}  // namespace remapstorm
