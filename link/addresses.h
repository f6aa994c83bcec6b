// SPDX-License-Identifier: Apache-2.0
// Where the devices of the guest's driver answer: on a bus of the architecture, link/*/addresses.cpp.
#pragma once

#include <cstdint>

namespace remapstorm {

extern const std::uint64_t kDoorbellAddress;
extern const std::uint64_t kWorkloadAddress;

}  // namespace remapstorm
