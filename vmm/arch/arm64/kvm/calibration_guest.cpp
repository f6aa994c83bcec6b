// SPDX-License-Identifier: Apache-2.0
// With the MMU off: addresses are guest-physical ones.
#include "vmm/calibration_guest.h"

#include <vector>

#include "vmm/arch/arm64/boot.h"

namespace remapstorm::host_kvm {
namespace {

constexpr std::uint64_t kCode = arm64::kRamBase + 0x100000;
constexpr std::uint64_t kDoor = 0xcf000000;

// x0: the count, downwards; x1: the doorbell.
std::vector<std::uint32_t> code_of(CalibrationCode code) {
  switch (code) {
    case CalibrationCode::count:
    case CalibrationCode::count_in_user_mode:
      return {0xd1000400 /* sub x0, x0, #1 */, 0xb5ffffe0 /* cbnz x0, back */};
    case CalibrationCode::ring:
      return {0xb9000020 /* str w0, [x1] */, 0x17ffffff /* b back */};
    case CalibrationCode::two:
      return {0xd503201f /* nop */, 0xb9000020 /* str w0, [x1] */};
  }
  return {};
}

}  // namespace

Status attach_calibration_doorbell(Vm& vm, Doorbell& doorbell) {
  return vm.mmio().attach(kDoor, Doorbell::kSize, "calibration doorbell", doorbell);
}

Status start_calibration(Vcpu& vcpu, GuestMemory& memory, CalibrationCode code) {
  const std::vector<std::uint32_t> words = code_of(code);
  if (!memory.write(Gpa(kCode), std::as_bytes(std::span(words)))) {
    return internal_error("calibration code lies outside memory");
  }
  const bool user = code == CalibrationCode::count_in_user_mode;
  arm64::Registers registers;
  registers.pc = kCode;
  registers.x[0] = ~std::uint64_t{0};
  registers.x[1] = kDoor;
  registers.pstate = (user ? arm64::kPstateEl0t : arm64::kPstateEl1h) | arm64::kPstateD | arm64::kPstateA |
                     arm64::kPstateI | arm64::kPstateF;
  return vcpu.set_registers(registers);
}

Result<std::uint64_t> calibration_rounds(Vcpu& vcpu) {
  RS_ASSIGN(const arm64::Registers now, vcpu.registers());
  return ~now.x[0];
}

Gva second_instruction() { return Gva(kCode + 4); }

}  // namespace remapstorm::host_kvm
