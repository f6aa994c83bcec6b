// SPDX-License-Identifier: Apache-2.0
// explore: every instruction boundary of a window x every injection.
#include "cli/explore_options.h"
#include "cli/explore_session.h"
#include "report/exit_code.h"

namespace remapstorm {

int explore_command(const CommandContext& context, const Arguments& arguments) {
  const Result<std::optional<ExploreOptions>> options = parse_explore_options(context, arguments);
  if (!options.ok()) return report_error(context, options.error());
  if (!options->has_value()) {
    context.out << explore_help(context);
    return kExitOk;
  }
  ExploreSession session(context, **options);
  const Status prepared = session.prepare();
  if (!prepared.ok()) return report_error(context, prepared.error());
  return session.execute();
}

}  // namespace remapstorm
