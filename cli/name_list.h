// SPDX-License-Identifier: Apache-2.0
// "A,B" or "all": the value of options that take several names.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "plan/host_info.h"

namespace remapstorm {

// The parts between commas, in their order, each once. Error: usage for an empty list or part.
Result<std::vector<std::string>> split_names(const std::string& option, const std::string& text);

// The same, each of which must be one of `known`; "all": all of `known`. Error: usage, with near names.
Result<std::vector<std::string>> parse_names(const std::string& option, const std::string& text,
                                             const std::vector<std::string>& known);

// --hosts: "kvm" and "lab:KIND", for kinds that the source tree has.
Result<std::vector<std::string>> parse_hosts(const std::string& option, const std::string& text,
                                             const std::string& source_dir);

}  // namespace remapstorm
