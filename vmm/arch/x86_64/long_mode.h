// SPDX-License-Identifier: Apache-2.0
// Puts a vCPU into 64-bit mode with flat segments and the identity map: the start of Linux, and all there is for the
// small guests of calibration and tests.
#pragma once

#include "base/address.h"
#include "base/result.h"
#include "vmm/arch/x86_64/boot_layout.h"
#include "vmm/vcpu.h"

namespace remapstorm::x86_64 {

// Writes page tables and descriptors into low memory (boot_layout.h) and sets the system registers. Errors: host.
Status enter_long_mode(Vcpu& vcpu, GuestMemory& memory, Privilege privilege = Privilege::kernel);

}  // namespace remapstorm::x86_64
