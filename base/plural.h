// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

namespace remapstorm {

// "1 vCPU", "2 vCPUs".
std::string plural(std::size_t count, const char* one);

}  // namespace remapstorm
