// SPDX-License-Identifier: Apache-2.0
// soak: random control trials.
#include "cli/soak_session.h"
#include "cli/words.h"

namespace remapstorm {

int soak_command(const CommandContext& context, const Arguments& arguments) {
  return with_words<SoakWords>(context, arguments, [&](const SoakOptions& options) {
    return run_session(context, SoakSession(context, options));
  });
}

}  // namespace remapstorm
