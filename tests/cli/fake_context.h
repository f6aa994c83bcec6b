// SPDX-License-Identifier: Apache-2.0
// A command's surroundings made of strings.
#pragma once

#include <map>
#include <sstream>
#include <string>

#include "cli/command.h"

namespace remapstorm {

struct FakeContext {
  std::ostringstream out;
  std::ostringstream err;
  std::map<std::string, std::string> variables;
  Log log{err};
  CommandContext context;

  explicit FakeContext(ScenarioCatalogue shipped = {"/nowhere", {"control-inplace", "irq-same-cpu", "irqsafe-irq"}})
      : context{{[this](const std::string& name) -> std::optional<std::string> {
                   const auto found = variables.find(name);
                   if (found == variables.end()) return std::nullopt;
                   return found->second;
                 },
                 "/nowhere/home", std::move(shipped), "", "1.2.3", "./run"},
                out,
                log} {}
};

}  // namespace remapstorm
