// SPDX-License-Identifier: Apache-2.0
// The small guests that a calibration runs: each architecture's code for them is in arch/*/kvm/calibration_guest.cpp.
#pragma once

#include <cstdint>

#include "base/address.h"
#include "base/result.h"
#include "vmm/devices/doorbell.h"
#include "vmm/vm.h"

namespace remapstorm::host_kvm {

enum class CalibrationCode : std::uint8_t {
  count,  // counts for ever in kernel mode, by two instructions a round
  count_in_user_mode,
  ring,  // rings the doorbell for ever
  two,   // does nothing with its first instruction and rings with its second
};

// Where that code will find `doorbell`, which must outlive the machine. Errors: those of Bus::attach.
Status attach_calibration_doorbell(Vm& vm, Doorbell& doorbell);
// The vCPU stands at the first instruction. Errors: internal if the code lies outside memory; host.
Status start_calibration(Vcpu& vcpu, GuestMemory& memory, CalibrationCode code);
// Rounds counted since then. Errors: host.
Result<std::uint64_t> calibration_rounds(Vcpu& vcpu);
// The second instruction of CalibrationCode::two.
Gva second_instruction();

}  // namespace remapstorm::host_kvm
