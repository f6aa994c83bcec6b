// SPDX-License-Identifier: Apache-2.0
// What a kernel configuration has that another one does not.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace remapstorm {

// By symbol: "+LOCKDEP" is set only in `config`, "-SYSFS" only in `base`, "HZ=100" has another value. Lines that set
// nothing are skipped, whatever they hold.
std::vector<std::string> config_difference(std::string_view base, std::string_view config);

}  // namespace remapstorm
