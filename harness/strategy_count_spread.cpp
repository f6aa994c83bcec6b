// SPDX-License-Identifier: Apache-2.0
// Whether the runs of a count agree.
#include <algorithm>
#include <cstdlib>
#include <map>

#include "harness/strategy_count.h"

namespace remapstorm {
namespace {

void differ(const std::string& what, const StepSums& a, const StepSums& b, std::vector<std::string>& lines) {
  std::map<std::string, std::int64_t> change;
  for (const auto& [function, count] : a.functions) change[function] -= static_cast<std::int64_t>(count);
  for (const auto& [function, count] : b.functions) change[function] += static_cast<std::int64_t>(count);
  for (const auto& [function, by] : change) {
    if (by == 0) continue;
    lines.push_back(what + ": " + std::to_string(std::abs(by)) + (by > 0 ? " more" : " fewer") + " in " + function);
  }
}

}  // namespace

bool RemapCount::operator==(const RemapCount& other) const {
  return sums.all.kernel == other.sums.all.kernel && sums.windows.size() == other.sums.windows.size() &&
         sums.flush.kernel == other.sums.flush.kernel && interrupts == other.interrupts && nmis == other.nmis &&
         std::equal(sums.windows.begin(), sums.windows.end(), other.sums.windows.begin(),
                    [](const InstructionSum& a, const InstructionSum& b) { return a.kernel == b.kernel; });
}

bool StrategyCount::steady() const { return spread().empty(); }

std::vector<std::string> StrategyCount::spread() const {
  std::vector<std::string> lines;
  const auto remaps = [&](const char* what, const std::optional<RemapCount>& a, const std::optional<RemapCount>& b) {
    if (!a || !b || *a == *b) return;
    const std::size_t before = lines.size();
    differ(what, a->sums, b->sums, lines);
    if (lines.size() == before) lines.push_back(std::string(what) + ": the same instructions, otherwise placed");
  };
  for (std::size_t i = 1; i < runs.size(); ++i) {
    remaps("optimize", runs[0].optimize, runs[i].optimize);
    remaps("restore", runs[0].restore, runs[i].restore);
    if (runs[0].fault.sums && runs[i].fault.sums) differ("fault", *runs[0].fault.sums, *runs[i].fault.sums, lines);
  }
  std::sort(lines.begin(), lines.end());
  lines.erase(std::unique(lines.begin(), lines.end()), lines.end());
  return lines;
}

}  // namespace remapstorm
