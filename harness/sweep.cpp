// SPDX-License-Identifier: Apache-2.0
#include "harness/sweep.h"

#include <algorithm>
#include <map>

#include "harness/suggest.h"

namespace remapstorm {
namespace {

const Scenario* find(std::span<const Scenario> scenarios, const std::string& name) {
  for (const Scenario& one : scenarios) {
    if (one.name == name) return &one;
  }
  return nullptr;
}

}  // namespace

std::string name_of(const SweepCell& cell) {
  return cell.scenario + ", " + cell.strategy + ", " + cell.flavour + ", " + cell.host;
}

SweepCells cells_of(const SweepMatrix& matrix, std::span<const Scenario> scenarios) {
  SweepCells cells;
  for (const std::string& name : matrix.scenarios) {
    const Scenario* scenario = find(scenarios, name);
    if (scenario == nullptr) continue;
    for (const std::string& strategy : matrix.strategies) {
      for (const std::string& flavour : matrix.flavours) {
        if (!contains(scenario->strategies, strategy) || !contains(scenario->flavours, flavour)) {
          cells.not_made_for += matrix.hosts.size();
          continue;
        }
        for (const std::string& host : matrix.hosts) cells.made.push_back({name, strategy, flavour, host});
      }
    }
  }
  return cells;
}

std::vector<const SweepTrial*> Sweep::trials_of(const SweepCell& cell) const {
  std::vector<const SweepTrial*> found;
  for (const SweepTrial& trial : trials) {
    if (trial.cell == cell) found.push_back(&trial);
  }
  std::sort(found.begin(), found.end(), [](const auto* a, const auto* b) { return a->seed < b->seed; });
  return found;
}

const SweepGap* Sweep::gap_of(const SweepCell& cell) const {
  for (const SweepGap& gap : gaps) {
    if (gap.cell == cell) return &gap;
  }
  return nullptr;
}

std::vector<SweepCount> counts_of(const Sweep& sweep, const SweepCell& cell) {
  std::map<std::pair<bool, Verdict>, std::uint64_t> seen;  // as expected before what was not
  std::uint64_t done = 0;
  for (const SweepTrial* trial : sweep.trials_of(cell)) {
    ++seen[{!trial->ok, trial->verdict}];
    ++done;
  }
  std::vector<SweepCount> counts;
  counts.reserve(seen.size() + 1);
  for (const auto& [which, count] : seen) {
    counts.push_back({std::string(verdict_name(which.second)), count, which.first});
  }
  if (done < sweep.matrix.seeds) counts.push_back({"not run", sweep.matrix.seeds - done, true});
  return counts;
}

}  // namespace remapstorm
