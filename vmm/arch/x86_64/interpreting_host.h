// SPDX-License-Identifier: Apache-2.0
// What a guest on an interpreting host must be told on its kernel command line. CPUID cannot do it: there the host's
// bits reach the guest whatever KVM_SET_CPUID2 says.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace remapstorm::x86_64 {

// Names for clearcpuid=: instructions KVM's emulator lacks, and string features that make the kernel choose REP loops
// that are interpreted one iteration at a time.
std::span<const std::string_view> interpreting_host_cleared_features();
// The parameters, separated by spaces: "noxsave clearcpuid=...".
std::string interpreting_host_parameters();

}  // namespace remapstorm::x86_64
