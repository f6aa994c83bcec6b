// SPDX-License-Identifier: Apache-2.0
// The architecture this binary runs guests of: `arch` names its namespace, kHostIsa its name.
#pragma once

#include "vmm/kernel_image.h"

#if defined(__x86_64__)
#include "vmm/arch/x86_64/platform.h"
#include "vmm/arch/x86_64/registers.h"
namespace remapstorm {
namespace arch = x86_64;
inline constexpr Isa kHostIsa = Isa::x86_64;
}  // namespace remapstorm
#elif defined(__aarch64__)
#include "vmm/arch/arm64/platform.h"
#include "vmm/arch/arm64/registers.h"
namespace remapstorm {
namespace arch = arm64;
inline constexpr Isa kHostIsa = Isa::arm64;
}  // namespace remapstorm
#else
#error "remapstorm runs guests on x86-64 and arm64 only"
#endif
