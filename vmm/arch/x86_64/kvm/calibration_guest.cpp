// SPDX-License-Identifier: Apache-2.0
#include "vmm/calibration_guest.h"

#include <vector>

#include "vmm/arch/x86_64/flags.h"
#include "vmm/arch/x86_64/long_mode.h"

namespace remapstorm::host_kvm {
namespace {

constexpr std::uint64_t kCode = 0x100000;
constexpr std::uint64_t kStack = 0x110000;
constexpr std::uint16_t kPort = 0x5250;

// rcx: the count, downwards; dx: the doorbell.
std::vector<std::uint8_t> code_of(CalibrationCode code) {
  switch (code) {
    case CalibrationCode::count:
    case CalibrationCode::count_in_user_mode:
      return {0x48, 0xff, 0xc9 /* dec rcx */, 0x75, 0xfb /* jnz back */};
    case CalibrationCode::ring:
      return {0xef /* out dx, eax */, 0xeb, 0xfd /* jmp back */};
    case CalibrationCode::two:
      return {0x90 /* nop */, 0xef /* out dx, eax */};
  }
  return {};
}

}  // namespace

Status attach_calibration_doorbell(Vm& vm, Doorbell& doorbell) {
  return vm.pio().attach(kPort, Doorbell::kSize, "calibration port", doorbell);
}

Status start_calibration(Vcpu& vcpu, GuestMemory& memory, CalibrationCode code) {
  const std::vector<std::uint8_t> bytes = code_of(code);
  if (!memory.write(Gpa(kCode), std::as_bytes(std::span(bytes)))) {
    return internal_error("calibration code lies outside memory");
  }
  const bool user = code == CalibrationCode::count_in_user_mode;
  RS_TRY(x86_64::enter_long_mode(vcpu, memory, user ? x86_64::Privilege::user : x86_64::Privilege::kernel));
  x86_64::Registers registers;
  registers.rip = kCode;
  registers.rsp = kStack;
  registers.rcx = ~std::uint64_t{0};
  registers.rdx = kPort;
  registers.rflags = x86_64::kFlagFixed;
  return vcpu.set_registers(registers);
}

Result<std::uint64_t> calibration_rounds(Vcpu& vcpu) {
  RS_ASSIGN(const x86_64::Registers now, vcpu.registers());
  return ~now.rcx;
}

Gva second_instruction() { return Gva(kCode + 1); }

}  // namespace remapstorm::host_kvm
