// SPDX-License-Identifier: Apache-2.0
#include "campaign/minimizer.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "base/check.h"
#include "base/names.h"
#include "campaign/minimizer_values.h"
#include "plan/scenario_writer.h"

namespace remapstorm {
namespace {

using Indexes = std::vector<std::size_t>;

Indexes all_of(std::size_t count) {
  Indexes indexes(count);
  std::iota(indexes.begin(), indexes.end(), std::size_t{0});
  return indexes;
}

Indexes without(const Indexes& all, const Indexes& gone) {
  Indexes rest;
  std::set_difference(all.begin(), all.end(), gone.begin(), gone.end(), std::back_inserter(rest));
  return rest;
}

// Part `number` of `parts` nearly equal ones.
Indexes part_of(const Indexes& items, std::size_t number, std::size_t parts) {
  const auto at = [&](std::size_t k) { return items.begin() + static_cast<std::ptrdiff_t>(items.size() * k / parts); };
  return {at(number), at(number + 1)};
}

// ddmin: the subset of `items` that cannot be made smaller by leaving out any one part of it. `holds` was true of all.
Indexes ddmin(Indexes items, const std::function<bool(const Indexes&)>& holds) {
  if (!items.empty() && holds({})) return {};
  std::size_t parts = 2;
  while (items.size() >= 2) {
    bool smaller = false;
    for (std::size_t i = 0; i < parts && !smaller; ++i) {
      const Indexes part = part_of(items, i, parts);
      if (part.size() < items.size() && holds(part)) {
        items = part;
        parts = 2;
        smaller = true;
      }
    }
    for (std::size_t i = 0; i < parts && !smaller && parts > 2; ++i) {  // of two parts, each is the other's rest
      const Indexes rest = without(items, part_of(items, i, parts));
      if (rest.size() < items.size() && holds(rest)) {
        items = rest;
        parts = std::max<std::size_t>(parts - 1, 2);
        smaller = true;
      }
    }
    if (smaller) continue;
    if (parts >= items.size()) break;
    parts = std::min(items.size(), parts * 2);
  }
  return items;
}

std::string change_text(const std::string& what, const std::vector<std::string>& names, const Indexes& kept) {
  if (kept.empty()) return "without any " + what;
  std::vector<std::string> in, out;
  for (std::size_t i = 0; i < names.size(); ++i) {
    (std::binary_search(kept.begin(), kept.end(), i) ? in : out).push_back(names[i]);
  }
  return out.size() <= in.size() ? "without " + what + " " + join(out) : "only " + what + " " + join(in);
}

Scenario with_workloads(const Scenario& scenario, const Indexes& kept) {
  Scenario smaller = scenario;
  smaller.workloads.clear();
  for (const std::size_t index : kept) smaller.workloads.push_back(scenario.workloads[index]);
  return smaller;
}

class Search {
 public:
  Search(const Vocabulary& vocabulary, const MinimizeOptions& options, const TryScenario& try_scenario,
         const std::function<void(const MinimizeStep&)>& progress, Minimized& result)
      : vocabulary_(vocabulary), options_(options), try_(try_scenario), progress_(progress), result_(result) {
    known_[scenario_toml(result.scenario)] = true;
  }

  // Until a whole round finds nothing smaller.
  void run() {
    std::string before;
    do {
      before = scenario_toml(result_.scenario);
      drop_rules();
      drop_workloads();
      simplify();
      shrink_values();
    } while (!over_ && scenario_toml(result_.scenario) != before);
    if (!over_) confirm();
  }

 private:
  // One try more. Nothing: it is over.
  std::optional<bool> shows(const Scenario& candidate, std::uint64_t attempt) {
    Result<std::optional<std::string>> outcome = try_(candidate, attempt);
    if (!outcome.ok()) result_.error = outcome.error();
    if (!outcome.ok() || !outcome->has_value()) {
      over_ = true;
      return std::nullopt;
    }
    ++result_.trials;
    return **outcome == options_.outcome;
  }

  // Tries the candidate, once; if it counts it becomes the smallest so far.
  bool counts(const Scenario& candidate, const std::string& change) {
    if (over_) return false;
    const std::string text = scenario_toml(candidate);
    if (const auto known = known_.find(text); known != known_.end()) {
      if (known->second) result_.scenario = candidate;
      return known->second;
    }
    // What the reader would refuse (no workload that ends, say) is no scenario.
    if (!parse_scenario(text, candidate.file, vocabulary_).scenario) return known_[text] = false;
    MinimizeStep step;
    step.change = change;
    while (step.seen < options_.needed && step.seen + (options_.tries - step.tried) >= options_.needed) {
      const auto shown = shows(candidate, step.tried);
      if (!shown) return false;
      ++step.tried;
      if (*shown) ++step.seen;
    }
    step.counts = step.seen >= options_.needed;
    known_[text] = step.counts;
    if (step.counts) result_.scenario = candidate;
    result_.steps.push_back(step);
    if (progress_) progress_(step);
    return step.counts;
  }

  void drop_rules() {
    const Scenario from = result_.scenario;
    std::vector<std::string> names;
    for (const Rule& rule : from.rules) names.push_back(rule.name);
    ddmin(all_of(from.rules.size()),
          [&](const Indexes& kept) { return counts(with_rules(from, kept), change_text("rule", names, kept)); });
  }

  void drop_workloads() {
    const Scenario from = result_.scenario;
    std::vector<std::string> names;
    for (std::size_t i = 0; i < from.workloads.size(); ++i) {
      names.push_back(std::to_string(i + 1) + " (" + from.workloads[i].run + ")");
    }
    ddmin(all_of(from.workloads.size()), [&](const Indexes& kept) {
      return counts(with_workloads(from, kept), change_text("workload", names, kept));
    });
  }

  void simplify() {
    for (const Simplification& one : simplifications_of(result_.scenario)) {
      Scenario candidate = result_.scenario;
      one.apply(candidate);
      counts(candidate, one.name);
    }
  }

  void shrink_values() {
    // Making one value smaller may move the floor of another, but removes none and adds none.
    for (const ScenarioValue& value : values_of(result_.scenario, vocabulary_)) shrink(value);
  }

  void shrink(const ScenarioValue& value) {
    const auto try_value = [&](std::uint64_t to) {
      Scenario candidate = result_.scenario;
      value.set(candidate, to);
      return counts(candidate, value.name + " " + value.text(value.value) + " -> " + value.text(to));
    };
    if (try_value(value.minimum)) return;
    std::uint64_t fails = value.minimum, holds = value.value;
    while (!over_ && holds - fails > value.grain(holds)) {
      const std::uint64_t middle = fails + (holds - fails) / 2;
      (try_value(middle) ? holds : fails) = middle;
    }
  }

  void confirm() {
    for (std::uint64_t attempt = 0; attempt < options_.tries; ++attempt) {
      const auto shown = shows(result_.scenario, attempt);
      if (!shown) return;
      ++result_.confirmed_with;
      if (*shown) ++result_.repeated;
    }
    result_.complete = true;
  }

  const Vocabulary& vocabulary_;
  const MinimizeOptions& options_;
  const TryScenario& try_;
  const std::function<void(const MinimizeStep&)>& progress_;
  Minimized& result_;
  std::map<std::string, bool> known_;  // by the text of the scenario
  bool over_ = false;
};

}  // namespace

Scenario with_rules(const Scenario& scenario, const std::vector<std::size_t>& kept) {
  const auto is_kept = [&](const std::string& name) {
    return std::any_of(kept.begin(), kept.end(), [&](std::size_t index) { return scenario.rules[index].name == name; });
  };
  const auto named = [&](const std::string& name) {
    return std::find_if(scenario.rules.begin(), scenario.rules.end(),
                        [&](const Rule& one) { return one.name == name; });
  };
  Scenario smaller = scenario;
  smaller.rules.clear();
  for (const std::size_t index : kept) {
    Rule rule = scenario.rules[index];
    // The reader has made sure that following `after` ends.
    while (!rule.when.after.empty() && !is_kept(rule.when.after)) {
      const auto gone = named(rule.when.after);
      rule.when.after = gone == scenario.rules.end() ? std::string() : gone->when.after;
    }
    smaller.rules.push_back(std::move(rule));
  }
  const auto forget = [&](Expectation& expected) {
    std::erase_if(expected.rules, [&](const auto& entry) { return !is_kept(entry.first); });
  };
  forget(smaller.expectation);
  for (auto& [strategy, expected] : smaller.other_expectations) forget(expected);
  return smaller;
}

Minimized minimize(const Scenario& scenario, const Vocabulary& vocabulary, const MinimizeOptions& options,
                   const TryScenario& try_scenario, const std::function<void(const MinimizeStep&)>& progress) {
  RS_CHECK(options.needed >= 1 && options.needed <= options.tries, "a candidate must be able to count");
  Minimized result;
  result.scenario = scenario;
  Search(vocabulary, options, try_scenario, progress, result).run();
  return result;
}

}  // namespace remapstorm
