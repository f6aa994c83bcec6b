// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace remapstorm {

// A device that a guest finds by the description of its machine, where there is one: a node of arm64's device tree.
struct DescribedDevice {
  std::string name;                       // of the node
  std::string compatible;                 // what a driver looks for
  std::vector<std::uint32_t> interrupts;  // cells of its "interrupts" property; none: it has none
};

}  // namespace remapstorm
