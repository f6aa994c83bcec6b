// SPDX-License-Identifier: Apache-2.0
// What the writer writes, the reader reads back as the same scenario.
#include "plan/scenario_writer.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/rng.h"
#include "injectors/catalogue.h"
#include "telemetry/probe_names.h"
#include "tests/plan/catalogue.h"

namespace remapstorm {
namespace {

Scenario read_back(const std::string& text, const Vocabulary& vocabulary) {
  const ParsedScenario parsed = parse_scenario(text, "written.toml", vocabulary);
  for (const Diagnostic& mistake : parsed.mistakes) ADD_FAILURE() << to_string(mistake) << "\n" << text;
  return parsed.scenario.value_or(Scenario{});
}

bool same(const EventPattern& a, const EventPattern& b) {
  const auto sorted = [](std::vector<ArgumentFilter> list) {
    std::sort(list.begin(), list.end(),
              [](const auto& x, const auto& y) { return std::tie(x.index, x.value) < std::tie(y.index, y.value); });
    return list;
  };
  const auto left = sorted(a.where), right = sorted(b.where);
  return a.probe == b.probe && a.at == b.at && a.vcpu == b.vcpu && a.context == b.context &&
         std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](const auto& x, const auto& y) { return x.index == y.index && x.value == y.value; });
}

void expect_same(const Parameters& a, const Parameters& b) {
  ASSERT_EQ(a.values.size(), b.values.size());
  for (const auto& [name, value] : a.values) {
    ASSERT_TRUE(b.has(name)) << name;
    const ParameterValue& other = b.values.find(name)->second;
    ASSERT_EQ(value.index(), other.index()) << name;
    if (const auto* pattern = std::get_if<EventPattern>(&value)) {
      EXPECT_TRUE(same(*pattern, std::get<EventPattern>(other))) << name;
    } else if (const auto* length = std::get_if<Nanoseconds>(&value)) {
      EXPECT_EQ(length->count(), std::get<Nanoseconds>(other).count()) << name;
    } else if (const auto* text = std::get_if<std::string>(&value)) {
      EXPECT_EQ(*text, std::get<std::string>(other)) << name;
    } else if (const auto* number = std::get_if<std::int64_t>(&value)) {
      EXPECT_EQ(*number, std::get<std::int64_t>(other)) << name;
    } else {
      EXPECT_EQ(std::get<bool>(value), std::get<bool>(other)) << name;
    }
  }
}

void expect_same(const Expectation& a, const Expectation& b) {
  EXPECT_EQ(a.verdict, b.verdict);
  EXPECT_EQ(a.lock, b.lock);
  EXPECT_EQ(a.waiter_context, b.waiter_context);
  EXPECT_EQ(a.owner_context, b.owner_context);
  EXPECT_EQ(a.waiter_vcpu, b.waiter_vcpu);
  EXPECT_EQ(a.owner_vcpu, b.owner_vcpu);
  EXPECT_EQ(a.backtrace, b.backtrace);
  EXPECT_EQ(a.stall, b.stall);
  EXPECT_EQ(a.stall_tolerance, b.stall_tolerance);
  EXPECT_EQ(a.delay_tolerance, b.delay_tolerance);
  EXPECT_EQ(a.injections, b.injections);
  EXPECT_EQ(a.rules, b.rules);
  EXPECT_EQ(a.min_windows, b.min_windows);
  EXPECT_EQ(a.min_faults, b.min_faults);
  EXPECT_EQ(a.console, b.console);
}

void expect_same(const Scenario& a, const Scenario& b) {
  EXPECT_EQ(a.name, b.name);
  EXPECT_EQ(a.claims, b.claims);
  EXPECT_EQ(a.summary, b.summary);
  EXPECT_EQ(a.description, b.description);
  EXPECT_EQ(a.prediction, b.prediction);
  EXPECT_EQ(a.strategy, b.strategy);
  EXPECT_EQ(a.strategies, b.strategies);
  EXPECT_EQ(a.flavours, b.flavours);
  EXPECT_EQ(a.cpus, b.cpus);
  EXPECT_EQ(a.memory, b.memory);
  EXPECT_EQ(a.append, b.append);
  EXPECT_EQ(a.limits.timeout.count(), b.limits.timeout.count());
  EXPECT_EQ(a.limits.progress.count(), b.limits.progress.count());
  EXPECT_EQ(a.limits.stall_threshold.count(), b.limits.stall_threshold.count());
  ASSERT_EQ(a.workloads.size(), b.workloads.size());
  for (std::size_t i = 0; i < a.workloads.size(); ++i) {
    EXPECT_EQ(a.workloads[i].vcpu, b.workloads[i].vcpu);
    EXPECT_EQ(a.workloads[i].run, b.workloads[i].run);
    EXPECT_EQ(a.workloads[i].arguments, b.workloads[i].arguments);
  }
  ASSERT_EQ(a.rules.size(), b.rules.size());
  for (std::size_t i = 0; i < a.rules.size(); ++i) {
    const Trigger &x = a.rules[i].when, &y = b.rules[i].when;
    EXPECT_EQ(a.rules[i].name, b.rules[i].name);
    EXPECT_EQ(a.rules[i].strategies, b.rules[i].strategies);
    EXPECT_TRUE(same(x.pattern, y.pattern)) << a.rules[i].name;
    EXPECT_EQ(x.nth, y.nth);
    EXPECT_EQ(x.every, y.every);
    EXPECT_EQ(x.probability, y.probability);
    EXPECT_EQ(x.after, y.after);
    EXPECT_EQ(x.max, y.max);
    EXPECT_EQ(a.rules[i].action.injector, b.rules[i].action.injector);
    expect_same(a.rules[i].action.parameters, b.rules[i].action.parameters);
  }
  expect_same(a.expectation, b.expectation);
  ASSERT_EQ(a.other_expectations.size(), b.other_expectations.size());
  for (const auto& [name, expected] : a.other_expectations) {
    ASSERT_TRUE(b.other_expectations.contains(name));
    expect_same(expected, b.other_expectations.at(name));
  }
}

TEST(ScenarioWriter, TheTestScenarioComesBack) {
  const Scenario scenario = read_back(kGoodScenario, test_vocabulary());
  expect_same(scenario, read_back(scenario_toml(scenario, "two\n\nlines"), test_vocabulary()));
}

TEST(ScenarioWriter, EveryShippedScenarioComesBack) {
  const Vocabulary vocabulary = make_vocabulary(injector_catalogue());
  int seen = 0;
  for (const auto& entry : std::filesystem::directory_iterator(std::string(SOURCE_DIR) + "/scenarios")) {
    const Result<Scenario> scenario = load_scenario(entry.path().string(), vocabulary);
    ASSERT_TRUE(scenario.ok()) << scenario.error().message;
    expect_same(*scenario, read_back(scenario_toml(*scenario), vocabulary));
    ++seen;
  }
  EXPECT_GT(seen, 3);
}

TEST(ScenarioWriter, AwkwardTextComesBack) {
  Scenario scenario = read_back(kGoodScenario, test_vocabulary());
  scenario.summary = "quote \" backslash \\ tab \t end";
  scenario.description = "line one\nline two\n\n  indented, ''' and \"\"\" and # no comment\n";
  scenario.rules[0].name = "a rule with = and ] and \xc3\xa4";
  scenario.rules[1].when.after = scenario.rules[0].name;
  expect_same(scenario, read_back(scenario_toml(scenario), test_vocabulary()));
}

TEST(ScenarioWriter, ANanosecondIsNotLost) {
  Scenario scenario = read_back(kGoodScenario, test_vocabulary());
  for (const std::int64_t ns : {1'000LL, 6'999LL, 7'000LL, 300'000LL, 123'456'789LL, 59'999'999'999LL}) {
    scenario.limits.stall_threshold = Nanoseconds(ns);
    scenario.limits.timeout = Nanoseconds(1'000'000'000 + ns);
    EXPECT_EQ(read_back(scenario_toml(scenario), test_vocabulary()).limits.stall_threshold.count(), ns);
    EXPECT_EQ(read_back(scenario_toml(scenario), test_vocabulary()).limits.timeout.count(), 1'000'000'000 + ns);
  }
}

// Scenarios made at random within what the reader takes.
class RandomChoice {
 public:
  explicit RandomChoice(std::uint64_t seed) : rng_(seed) {}
  std::uint64_t below(std::uint64_t limit) { return rng_.next() % limit; }
  bool coin() { return rng_.chance(0.5); }
  std::string text() {
    static constexpr std::string_view kLetters = "ab \"\\#'=[]{},.\n\t-";
    std::string result = "x";
    for (std::uint64_t left = below(12); left > 0; --left) result += kLetters[below(kLetters.size())];
    return result;
  }

  EventPattern pattern(unsigned cpus) {
    EventPattern result;
    if (coin()) result.vcpu = static_cast<unsigned>(below(cpus));
    if (below(4) == 0) {
      result.at = "some_symbol+0x" + std::to_string(below(100));
      return result;
    }
    const auto probes = all_probes();
    const ProbeInfo& probe = probes[below(probes.size())];
    result.probe = probe.number;
    if (coin()) result.context = static_cast<Context>(below(4));
    for (unsigned i = 0; i < probe.arguments.size(); ++i) {
      if (probe.arguments[i] != "-" && below(3) == 0)
        result.where.push_back({i, below(3) == 0 ? rng_.next() : below(12)});
    }
    return result;
  }

  Rule rule(const std::string& name, const Scenario& scenario) {
    Rule result;
    result.name = name;
    result.when.pattern = pattern(scenario.cpus);
    switch (below(4)) {
      case 0:
        result.when.nth = 1 + below(1000);
        break;
      case 1:
        result.when.every = 1 + below(1000);
        break;
      case 2:
        result.when.probability = rng_.unit();
        break;
      default:
        break;
    }
    if (coin()) result.when.max = 1 + below(1000);
    if (coin()) result.strategies = {"bbm-fault"};
    if (!scenario.rules.empty() && coin()) result.when.after = scenario.rules[below(scenario.rules.size())].name;
    auto& values = result.action.parameters.values;
    if (coin()) {
      result.action.injector = "hold";
      values["vcpu"] = coin() ? kHitVcpu : static_cast<std::int64_t>(below(scenario.cpus));
      if (coin()) {
        values["until"] = pattern(scenario.cpus);
      } else {
        values["for_ms"] = Nanoseconds(1000 + static_cast<std::int64_t>(below(59'000'000'000)));
      }
    } else {
      result.action.injector = "delay";
      values["page"] = coin() ? std::string("pte-page") : std::string("0x7000");
      if (coin()) values["count"] = static_cast<std::int64_t>(1 + below(9));
      if (coin()) values["loud"] = coin();
      if (coin()) values["why"] = text();
    }
    return result;
  }

  Scenario scenario() {
    Scenario result;
    result.name = "fuzz";
    result.summary = text();
    if (coin()) result.description = text();
    result.strategy = "inplace";
    result.strategies = {"inplace", "bbm-fault"};
    result.flavours = {"std"};
    result.cpus = static_cast<unsigned>(1 + below(8));
    result.memory = kMinMemory + below(kMaxMemory - kMinMemory);
    result.limits.progress = Nanoseconds(100'000'000 + static_cast<std::int64_t>(below(3'000'000'000'000)));
    result.workloads.push_back({static_cast<unsigned>(below(result.cpus)), "hugetlb-cycle", {{"pages", "3"}}});
    for (std::uint64_t i = below(5); i > 0; --i) result.rules.push_back(rule("r" + std::to_string(i), result));
    result.expectation.verdict = Verdict::stall;
    result.expectation.stall = Nanoseconds(1000 + static_cast<std::int64_t>(below(1'000'000'000)));
    result.expectation.stall_tolerance = static_cast<double>(1 + below(1000)) / 10 / 100;
    for (const Rule& one : result.rules) {
      if (coin()) result.expectation.rules[one.name] = 1 + below(9);
    }
    result.other_expectations["bbm-fault"].backtrace = {};
    if (coin()) result.other_expectations["@lab:x86"].verdict = Verdict::clean;
    return result;
  }

 private:
  Rng rng_;
};

TEST(ScenarioWriter, RandomScenariosComeBack) {
  const Vocabulary vocabulary = test_vocabulary();
  for (std::uint64_t seed = 0; seed < 500 && !testing::Test::HasFailure(); ++seed) {
    const Scenario scenario = RandomChoice(seed).scenario();
    SCOPED_TRACE("seed " + std::to_string(seed));
    expect_same(scenario, read_back(scenario_toml(scenario), vocabulary));
  }
}

}  // namespace
}  // namespace remapstorm
