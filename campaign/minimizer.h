// SPDX-License-Identifier: Apache-2.0
// Minimizer: looks for the smallest scenario that still comes to the same outcome: fewest rules, fewest workloads,
// smallest numbers. Delta debugging (Zeller and Hildebrandt, 2002) over the lists, bisection over the numbers. Pure:
// what a candidate comes to is asked of a function, so it is tested without guests.
//
// Guests are not deterministic, so nothing rests on a single try: a candidate counts if it shows the outcome in at
// least `needed` of `tries`. A candidate that counted once may still have been lucky; the last word is the confirmation
// at the end, reported as "repeated r of R".
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "plan/scenario.h"

namespace remapstorm {

struct MinimizeOptions {
  std::string outcome;       // what a try must come to, as outcome_of() words it
  std::uint64_t tries = 3;   // R, at least 1
  std::uint64_t needed = 2;  // K, 1 to R
};

// One try of a candidate. Nothing: somebody asked us to stop. Error: the host failed; the search ends with what it has.
using TryScenario = std::function<Result<std::optional<std::string>>(const Scenario& candidate, std::uint64_t attempt)>;

// A candidate that was tried.
struct MinimizeStep {
  std::string change;       // "without rule noise", "rule meet: for_ms 300 -> 19"
  std::uint64_t seen = 0;   // tries that came to the outcome
  std::uint64_t tried = 0;  // at most R; fewer once the rest could not change the answer
  bool counts = false;      // it is the smallest so far
};

struct Minimized {
  Scenario scenario;  // the smallest that counted; the one given, if none did
  std::vector<MinimizeStep> steps;
  std::uint64_t trials = 0;          // tries in all, with those of the confirmation
  std::uint64_t repeated = 0;        // of the confirmation: r ...
  std::uint64_t confirmed_with = 0;  // ... of R; 0 if it was never begun
  bool complete = false;             // false: stopped, or the host failed
  std::optional<Error> error;
};

// `scenario` must have shown the outcome already. `progress` is called after each candidate.
Minimized minimize(const Scenario& scenario, const Vocabulary& vocabulary, const MinimizeOptions& options,
                   const TryScenario& try_scenario, const std::function<void(const MinimizeStep&)>& progress);

// `scenario` without the rules whose index is not in `kept` (ascending). A rule that came after one that is gone comes
// after what that one came after; the expectation forgets the counts of rules that are gone.
Scenario with_rules(const Scenario& scenario, const std::vector<std::size_t>& kept);

}  // namespace remapstorm
