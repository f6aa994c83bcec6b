// SPDX-License-Identifier: Apache-2.0
// compare: what remap strategies cost, side by side.
#include "cli/compare_session.h"
#include "cli/words.h"

namespace remapstorm {

int compare_command(const CommandContext& context, const Arguments& arguments) {
  return with_words<CompareWords>(context, arguments, [&](const CompareOptions& options) {
    return run_session(context, CompareSession(context, options));
  });
}

}  // namespace remapstorm
