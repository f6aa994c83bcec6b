// SPDX-License-Identifier: Apache-2.0
#include "results/census.h"

namespace remapstorm {

std::vector<std::string> not_seen(const Census& census) {
  std::vector<std::string> lines;
  if (census.sees_faults()) {
    lines.emplace_back(
        "touches by other vCPUs while the entry is present: only a touch that finds it absent faults, and "
        "each waits there, so it counts once per window and vCPU");
  } else {
    lines.emplace_back(
        "touches by other vCPUs: strategy inplace never makes an entry absent, so none of them faults; a "
        "bbm strategy shows them");
  }
  if (census.injections == 0) {
    lines.emplace_back(
        "interrupt handlers on other vCPUs: none was raised, for want of an idle vCPU or of an absent entry");
  }
  if (census.log_full) {
    lines.emplace_back("windows after number " + std::to_string(census.windows) + ": more events than are kept");
  }
  lines.emplace_back("what instructions do to memory without naming it: stacks, page walks, instruction fetches");
  lines.emplace_back("code that this guest's configuration and these workloads do not run");
  return lines;
}

}  // namespace remapstorm
