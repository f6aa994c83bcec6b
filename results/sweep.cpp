// SPDX-License-Identifier: Apache-2.0
#include "results/sweep.h"

#include <algorithm>
#include <functional>
#include <map>

#include "base/host_kind.h"
#include "base/names.h"

namespace remapstorm {
namespace {

const Scenario* find(std::span<const Scenario> scenarios, const std::string& name) {
  for (const Scenario& one : scenarios) {
    if (one.name == name) return &one;
  }
  return nullptr;
}

// What a scenario says of a strategy and a flavour.
struct Triple {
  const Scenario* scenario;
  std::string strategy, flavour;
  [[nodiscard]] bool fits(const SweepMatrix& matrix, const std::string& host) const {
    const std::string lab = lab_architecture(host);
    const std::string architecture = lab.empty() ? matrix.architecture : lab;
    return scenario->is_made_for(architecture) && contains(scenario->on(architecture).strategies, strategy) &&
           contains(scenario->flavours, flavour);
  }
  [[nodiscard]] bool fits(const SweepMatrix& matrix) const {
    return std::any_of(matrix.hosts.begin(), matrix.hosts.end(),
                       [&](const std::string& host) { return fits(matrix, host); });
  }
  bool listed = false;  // becomes cells
};

std::vector<Triple> triples_of(const SweepMatrix& matrix, std::span<const Scenario> scenarios) {
  std::vector<Triple> all;
  for (const std::string& name : matrix.scenarios) {
    const Scenario* scenario = find(scenarios, name);
    if (scenario == nullptr) continue;
    for (const std::string& strategy : matrix.strategies) {
      for (const std::string& flavour : matrix.flavours) all.push_back({scenario, strategy, flavour});
    }
  }
  for (Triple& one : all) one.listed = one.fits(matrix);
  return all;
}

// Lists those that speak of something nothing listed speaks of: the nearest misses, so that one mistake is one row.
void list_missing(std::vector<Triple>& all, const std::function<bool(const Triple&)>& speaks_of_it) {
  std::vector<Triple*> mine;
  for (Triple& one : all) {
    if (speaks_of_it(one)) mine.push_back(&one);
  }
  if (std::any_of(mine.begin(), mine.end(), [](const Triple* one) { return one->listed; })) return;
  const auto half_fits = [](const Triple* one) {
    return contains(one->scenario->strategies, one->strategy) || contains(one->scenario->flavours, one->flavour);
  };
  const bool some = std::any_of(mine.begin(), mine.end(), half_fits);
  for (Triple* one : mine) one->listed = !some || half_fits(one);
}

void list_what_was_named(std::vector<Triple>& all, const SweepMatrix& matrix) {
  for (const std::string& name : matrix.scenarios_named ? matrix.scenarios : std::vector<std::string>()) {
    list_missing(all, [&](const Triple& one) { return one.scenario->name == name; });
  }
  for (const std::string& name : matrix.strategies_named ? matrix.strategies : std::vector<std::string>()) {
    list_missing(all, [&](const Triple& one) { return one.strategy == name; });
  }
  for (const std::string& name : matrix.flavours_named ? matrix.flavours : std::vector<std::string>()) {
    list_missing(all, [&](const Triple& one) { return one.flavour == name; });
  }
}

Error why_refused(const Triple& one, const SweepMatrix& matrix) {
  const Scenario& scenario = *one.scenario;
  const std::string what = scenario.name + " is not made for ";
  if (!contains(scenario.strategies, one.strategy)) {
    return unavailable_error(what + "strategy " + one.strategy, "--strategies " + join(scenario.strategies, ","));
  }
  if (!contains(scenario.flavours, one.flavour)) {
    return unavailable_error(what + "flavour " + one.flavour, "--flavours " + join(scenario.flavours, ","));
  }
  return unavailable_error(what + matrix.architecture, "--hosts " + lab_of(scenario.made_for.front()));
}

}  // namespace

std::string name_of(const SweepCell& cell) {
  return cell.scenario + ", " + cell.strategy + ", " + cell.flavour + ", " + cell.host;
}

SweepCells cells_of(const SweepMatrix& matrix, std::span<const Scenario> scenarios) {
  SweepCells cells;
  std::vector<Triple> triples = triples_of(matrix, scenarios);
  // Of a matrix of nothing but mistakes there is one thing to say, not a row for each.
  if (std::any_of(triples.begin(), triples.end(), [](const Triple& one) { return one.listed; })) {
    list_what_was_named(triples, matrix);
  }
  for (const Triple& one : triples) {
    if (!one.listed) {
      cells.not_made_for += matrix.hosts.size();
      continue;
    }
    const bool refused = !one.fits(matrix);
    for (const std::string& host : matrix.hosts) {
      if (!refused && !one.fits(matrix, host)) {
        ++cells.not_made_for;
        continue;
      }
      cells.made.push_back({one.scenario->name, one.strategy, one.flavour, host});
      if (refused) cells.refused.push_back({cells.made.back(), why_refused(one, matrix)});
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
  // A strategy that only another host's architecture has.
  if (std::find(sweep.cells.made.begin(), sweep.cells.made.end(), cell) == sweep.cells.made.end()) return {};
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
