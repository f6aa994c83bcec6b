// SPDX-License-Identifier: Apache-2.0
// needs: the flavours of the guest images that a command line will boot, one a line. ./run asks this before it builds.
#include "cli/command.h"
#include "results/exit_code.h"

namespace remapstorm {

int needs_command(const CommandContext& context, const Arguments& arguments) {
  Arguments words = arguments;
  if (!words.empty() && words.front() == "--") words.erase(words.begin());
  const Meant meant = what_is_meant(words);
  if (meant.command == nullptr || meant.command->needs == nullptr) return kExitOk;
  for (const std::string& flavour : meant.command->needs(context, meant.arguments)) context.out << flavour << '\n';
  return kExitOk;
}

}  // namespace remapstorm
