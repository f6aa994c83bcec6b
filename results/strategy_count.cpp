// SPDX-License-Identifier: Apache-2.0
// Whether the runs of a count agree.
#include "results/strategy_count.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace remapstorm {
namespace {

constexpr std::size_t kMostNamed = 8;

// The functions that differ most, first.
void differ(const std::string& what, const StepSums& a, const StepSums& b, std::vector<std::string>& lines) {
  std::map<std::string, std::int64_t> change;
  for (const auto& [function, count] : a.functions) change[function] -= static_cast<std::int64_t>(count);
  for (const auto& [function, count] : b.functions) change[function] += static_cast<std::int64_t>(count);
  std::vector<std::pair<std::int64_t, std::string>> differing;
  for (const auto& [function, by] : change) {
    if (by != 0) differing.emplace_back(by, function);
  }
  std::stable_sort(differing.begin(), differing.end(),
                   [](const auto& x, const auto& y) { return std::abs(x.first) > std::abs(y.first); });
  for (std::size_t i = 0; i < std::min(differing.size(), kMostNamed); ++i) {
    const auto& [by, function] = differing[i];
    lines.push_back(what + ": " + std::to_string(std::abs(by)) + (by > 0 ? " more" : " fewer") + " in " + function);
  }
  if (differing.size() > kMostNamed) {
    lines.push_back(what + ": and in " + std::to_string(differing.size() - kMostNamed) + " other functions");
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
    if (a.has_value() != b.has_value()) lines.push_back(std::string(what) + ": counted in one run, and not in another");
    if (!a || !b || *a == *b) return;
    const std::size_t before = lines.size();
    differ(what, a->sums, b->sums, lines);
    if (lines.size() == before) lines.push_back(std::string(what) + ": the same instructions, otherwise placed");
  };
  for (std::size_t i = 1; i < runs.size(); ++i) {
    remaps("optimize", runs[0].optimize, runs[i].optimize);
    remaps("restore", runs[0].restore, runs[i].restore);
    const FaultCount &first = runs[0].fault, &other = runs[i].fault;
    if (first.sums.has_value() != other.sums.has_value()) {
      lines.push_back("fault: counted in one run, and not in another: " + (first.sums ? other.why : first.why));
    }
    if (first.sums && other.sums) differ("fault", *first.sums, *other.sums, lines);
  }
  std::set<std::string> told;
  std::erase_if(lines, [&](const std::string& line) { return !told.insert(line).second; });
  return lines;
}

}  // namespace remapstorm
