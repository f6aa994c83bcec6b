// SPDX-License-Identifier: Apache-2.0
// What `compare --count` counted, as tables. The figures are those of the first run; where another one differs that is
// told below the tables.
#include <algorithm>

#include "base/plural.h"
#include "report/comparison_tables.h"
#include "report/plain_lines.h"

namespace remapstorm {
namespace {

std::string figure(std::uint64_t value) { return std::to_string(value); }

std::vector<std::string> remap_row(const std::string& name, const char* way, const RemapCount& count) {
  const StepSums& sums = count.sums;
  std::uint64_t longest = 0, all = 0;
  for (const InstructionSum& window : sums.windows) {
    longest = std::max(longest, window.kernel);
    all += window.kernel;
  }
  const bool none = sums.windows.empty();
  return {name,
          way,
          figure(sums.all.kernel),
          none ? "none" : figure(sums.windows.size()),
          none ? kNoFigure : figure(longest),
          none ? kNoFigure : figure(all),
          figure(sums.flush.kernel),
          figure(count.interrupts),
          figure(count.nmis),
          figure(sums.all.harness)};
}

}  // namespace

std::vector<ComparisonTable> count_tables(const Comparison& comparison) {
  ComparisonTable remaps{"Guest instructions of one remap of 2 MiB, on the vCPU that remaps",
                         "window: the entry is invalid, its flush included; turns of waiting loops are not counted",
                         {"strategy", "way", "remap", "windows", "longest", "all", "flush", "IPIs", "NMIs", "probes"},
                         {}};
  ComparisonTable faults{"Guest instructions of a fault of another vCPU on an entry that is invalid",
                         "from the exception's entry until the faulting instruction is executed again",
                         {"strategy", "fault", "probes", ""},
                         {}};
  for (const ComparedStrategy& one : comparison.strategies) {
    if (one.count.runs.empty()) continue;
    const CountRun& run = one.count.runs.front();
    if (run.optimize) remaps.rows.push_back(remap_row(one.name, "optimize", *run.optimize));
    if (run.restore) remaps.rows.push_back(remap_row(one.name, "restore", *run.restore));
    if (!run.optimize && !run.restore) remaps.rows.push_back({one.name, "not counted: " + run.trouble});
    const auto& fault = run.fault;
    faults.rows.push_back({one.name,
                           fault.sums         ? figure(fault.sums->all.kernel)
                           : fault.impossible ? "none"
                                              : "not counted",
                           fault.sums ? figure(fault.sums->all.harness) : kNoFigure, fault.why});
  }
  std::vector<ComparisonTable> tables = {std::move(remaps), std::move(faults)};
  std::erase_if(tables, [](const ComparisonTable& table) { return table.rows.empty(); });
  return tables;
}

std::vector<std::string> count_spread(const Comparison& comparison) {
  std::vector<std::string> lines;
  std::size_t runs = 0;
  for (const ComparedStrategy& one : comparison.strategies) {
    runs = std::max(runs, one.count.runs.size());
    for (const std::string& line : one.count.spread()) lines.push_back(one.name + ", " + line);
  }
  if (runs > 1 && lines.empty()) lines.push_back("All " + plural(runs, "run") + " gave the same figures.");
  if (runs == 1) lines.emplace_back("One run: whether another gives the same is not known (--repeat).");
  return lines;
}

}  // namespace remapstorm
