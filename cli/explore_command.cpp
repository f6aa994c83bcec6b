// SPDX-License-Identifier: Apache-2.0
// explore: every instruction boundary of a window x every injection.
#include "cli/explore_options.h"
#include "cli/explore_session.h"
#include "cli/words.h"

namespace remapstorm {

int explore_command(const CommandContext& context, const Arguments& arguments) {
  return with_words<ExploreWords>(context, arguments, [&](const ExploreOptions& options) {
    return run_session(context, ExploreSession(context, options));
  });
}

}  // namespace remapstorm
