// SPDX-License-Identifier: Apache-2.0
// The user's own kernel, in place of the guest image's: absolute paths.
#pragma once

#include <string>

namespace remapstorm {

struct KernelFiles {
  std::string image;    // empty: the guest image's
  std::string symbols;  // where its symbols are; empty: in itself
};

}  // namespace remapstorm
