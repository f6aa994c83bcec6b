// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace remapstorm {

// Of an interrupt line (KVM api.rst, KVM_IRQ_LINE).
enum class LineLevel : std::uint8_t { low, high };

}  // namespace remapstorm
