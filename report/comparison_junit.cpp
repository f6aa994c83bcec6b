// SPDX-License-Identifier: Apache-2.0
#include "report/comparison.h"
#include "report/junit.h"

namespace remapstorm {

namespace {

// Of --count: one case for each strategy.
JunitCase counted_case(const Comparison& comparison, const ComparedStrategy& strategy) {
  JunitCase one;
  one.suite = "compare";
  one.classname = "compare." + strategy.name;
  one.name = "count";
  std::string trouble;
  for (const CountRun& run : strategy.count.runs) {
    if (trouble.empty()) trouble = run.trouble;
  }
  if (!strategy.not_run.empty()) {
    one.outcome = TestOutcome::skipped;
    one.message = "not run: " + strategy.not_run;
  } else if (!trouble.empty() || strategy.count.runs.size() < comparison.repeat) {
    one.outcome = TestOutcome::error;
    one.type = "error";
    one.message = trouble.empty() ? "not all counts that were asked for were made" : "not counted: " + trouble;
  }
  return one;
}

}  // namespace

std::string comparison_junit(const Comparison& comparison) {
  std::vector<JunitCase> cases;
  for (const ComparedStrategy& strategy : comparison.strategies) {
    if (comparison.counted) {
      cases.push_back(counted_case(comparison, strategy));
      continue;
    }
    for (const Measure measure : kMeasures) {
      JunitCase one;
      one.suite = "compare";
      one.classname = "compare." + strategy.name;
      one.name = measure_name(measure);
      const auto figures = strategy.figures.find(measure);
      const std::uint64_t trials = figures == strategy.figures.end() ? 0 : figures->second.trials();
      const auto errors = trials == 0 ? 0 : [&] {
        const auto found = figures->second.verdicts().find(Verdict::error);
        return found == figures->second.verdicts().end() ? std::uint64_t{0} : found->second;
      }();
      if (!strategy.not_run.empty()) {
        one.outcome = TestOutcome::skipped;
        one.message = "not run: " + strategy.not_run;
      } else if (errors != 0 || trials < comparison.repeat) {
        one.outcome = TestOutcome::error;
        one.type = "error";
        one.message = std::to_string(errors) + " of " + std::to_string(trials) + " trials without a verdict, " +
                      std::to_string(comparison.repeat) + " were asked for";
      }
      cases.push_back(std::move(one));
    }
  }
  return junit_xml("compare", comparison.host.kind, cases);
}

}  // namespace remapstorm
