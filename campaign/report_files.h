// SPDX-License-Identifier: Apache-2.0
// Where results go besides standard output and the output folder: --junit FILE, --json FILE.
#pragma once

#include <string>

namespace remapstorm {

struct ReportFiles {
  std::string junit, json;  // empty: none
};

}  // namespace remapstorm
