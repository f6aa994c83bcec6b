// SPDX-License-Identifier: Apache-2.0
#include "vmm/guest_context.h"

#include <array>
#include <cstring>

#include "vmm/arch/arm64/register_names.h"
#include "vmm/page_walk.h"

namespace remapstorm {

Result<RegisterValue> register_values(const Vcpu& vcpu) {
  RS_ASSIGN(const arm64::Registers registers, vcpu.registers());
  return RegisterValue([registers](std::string_view name) { return arm64::value_of(name, registers); });
}

std::optional<std::uint32_t> linux_preempt_count(const Vcpu& vcpu, const Symbols& /*symbols*/,
                                                 const GuestMemory& memory) {
  // In the kernel SP_EL0 holds the task, which begins with its struct thread_info
  // (arch/arm64/include/asm/thread_info.h): flags, then the count. With CONFIG_ARM64_SW_TTBR0_PAN there is a word
  // between, which our kernels do not have.
  constexpr std::uint64_t kPreemptCount = 8;
  const Result<CpuState> state = vcpu.state();
  const Result<arm64::Registers> registers = vcpu.registers();
  if (!state || !registers || state->user_mode) return std::nullopt;
  std::array<std::byte, 4> bytes{};
  if (!read_virtual(kHostIsa, state->space, memory, Gva(registers->sp + kPreemptCount), bytes)) return std::nullopt;
  std::uint32_t count = 0;
  std::memcpy(&count, bytes.data(), sizeof(count));
  return count;
}

}  // namespace remapstorm
