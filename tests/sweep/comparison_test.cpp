// SPDX-License-Identifier: Apache-2.0
#include "report/comparison.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "cli/scenario_files.h"
#include "guest/abi/remapstorm_abi.h"
#include "plan/scenario_writer.h"
#include "report/text.h"
#include "telemetry/probe_names.h"

namespace remapstorm {
namespace {

using std::chrono::microseconds;
using testing::HasSubstr;

Event probe(int vcpu, std::uint16_t number, Nanoseconds time, std::array<std::uint64_t, 4> args) {
  ProbeEvent body;
  body.probe = number;
  body.args = args;
  return Event{time + microseconds(5), time, vcpu, body};
}

// A walk without a window, then a remap of 100 us with a window of 30, in which vCPU 1 faults for 20 us.
std::vector<Event> one_remap() {
  ReceiptEvent asked;
  asked.injector = "irq";
  asked.token = 1;
  asked.target_vcpu = 1;
  return {probe(0, RS_PROBE_REMAP_BEGIN, microseconds(10), {1, 2, 0, 0}),
          probe(0, RS_PROBE_REMAP_END, microseconds(20), {1, 2, 0, 0}),
          probe(0, RS_PROBE_REMAP_BEGIN, microseconds(100), {1, 2, 0, 0}),
          probe(0, RS_PROBE_BBM_BREAK, microseconds(120), {7, 8, 0, RS_LEVEL_PTE}),
          Event{microseconds(126), std::nullopt, 0, asked},
          probe(1, RS_PROBE_FAULT_ENTER, microseconds(125), {7, 0, 0, 0}),
          probe(1, RS_PROBE_INJECT_ENTER, microseconds(141), {RS_KIND_MSI, 1, 0, 0}),
          probe(1, RS_PROBE_FAULT_DONE, microseconds(145), {7, 0, 1, 0}),
          probe(0, RS_PROBE_BBM_MAKE, microseconds(145), {7, 8, 0, RS_LEVEL_PTE}),
          probe(0, RS_PROBE_BBM_WINDOW, microseconds(151), {7, 115'000, 150'000, RS_LEVEL_PTE}),
          // The updater's own fault is no wait of somebody else.
          probe(0, RS_PROBE_FAULT_ENTER, microseconds(160), {7, 0, 0, 0}),
          probe(0, RS_PROBE_FAULT_DONE, microseconds(190), {7, 0, 1, 0}),
          probe(0, RS_PROBE_REMAP_END, microseconds(200), {1, 2, 0, 0})};
}

TEST(Figures, AreTakenFromEvents) {
  StrategyFigures figures;
  figures.add(one_remap(), Verdict::clean);
  figures.add(one_remap(), Verdict::stall);
  EXPECT_EQ(figures.trials(), 2U);
  EXPECT_EQ(figures.remaps().count, 2U) << "a walk without a window is no remap";
  EXPECT_EQ(figures.remaps().max, microseconds(100));
  EXPECT_EQ(figures.windows().p50, microseconds(35)) << "from clear to set";
  EXPECT_EQ(figures.waits().count, 2U);
  EXPECT_EQ(figures.waits().max, microseconds(20));
  // The guest's clock is 5 us behind the host's: entered at 146 of the host, raised at 126.
  EXPECT_EQ(figures.answers().max, microseconds(20));
  EXPECT_EQ(figures.faults()[0], 4U);
  EXPECT_EQ(figures.verdicts().at(Verdict::stall), 1U);
}

TEST(Figures, AHostileGuestBreaksNothing) {
  std::vector<Event> events;
  for (int i = 0; i < 1000; ++i) {
    for (const ProbeInfo& info : all_probes()) {
      events.push_back(probe(i % 9, info.number, Nanoseconds((i * 7919LL) << 40), {~0ULL, 1, 2, 3}));
    }
  }
  StrategyFigures figures;
  figures.add(events, Verdict::error);
  EXPECT_EQ(figures.trials(), 1U);
}

TEST(MeasuringScenarios, AreValidForEveryStrategy) {
  const Vocabulary vocabulary = full_vocabulary();
  for (const std::string& strategy : vocabulary.strategies) {
    for (const Measure measure : kMeasures) {
      const std::string text = scenario_toml(measuring_scenario(measure, strategy, std::chrono::milliseconds(50)));
      const ParsedScenario parsed = parse_scenario(text, "compare.toml", vocabulary);
      EXPECT_TRUE(parsed.scenario.has_value())
          << text << (parsed.mistakes.empty() ? "" : to_string(parsed.mistakes[0]));
    }
  }
}

Comparison sample_comparison() {
  Comparison comparison;
  comparison.version = "1.2.3";
  comparison.started_at = "2026-11-26T02:00:00Z";
  comparison.host = {"kvm-interpreting", "KVM API 12", "6.1.0", std::string(90, 'c'), "x86_64"};
  comparison.guest.kernel_version = "6.12.117";
  comparison.guest.hash = "0123456789abcdef";
  comparison.stolen = std::chrono::milliseconds(50);
  comparison.load = {1.25, 2};
  ComparedStrategy one{"bbm-fault-irqsafe", {}, {}, {{"deadlock", 3}}, {}};
  for (const Measure measure : kMeasures) one.figures[measure].add(one_remap(), Verdict::clean);
  one.figures[Measure::answer].add(one_remap(), Verdict::stall);
  comparison.strategies = {one, {"stop-machine", "the guest image has no such strategy", {}, {}, {}}};
  return comparison;
}

TEST(ComparisonText, FitsAndNamesWhatItDoesNotSay) {
  const std::string text = comparison_text(sample_comparison());
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(columns(line), 100U) << line;
  EXPECT_THAT(text, testing::ContainsRegex("bbm-fault-irqsafe +1 +100 us +- +100 us"));
  EXPECT_THAT(text, HasSubstr("loses its processor for 50.0 ms"));
  EXPECT_THAT(text, HasSubstr("load average 1.2 at the beginning, 2.0 at the end"));
  EXPECT_THAT(text, HasSubstr("What these numbers do not say"));
  EXPECT_THAT(text, HasSubstr("This KVM interprets the guest's kernel"));
  EXPECT_THAT(text, HasSubstr("stop-machine: not run: the guest image has no such strategy"));
  EXPECT_THAT(text, testing::ContainsRegex("bbm-fault-irqsafe +answer +1 stall"));
}

TEST(ComparisonMarkdown, HasATableForEachMeasure) {
  const std::string text = comparison_markdown(sample_comparison());
  EXPECT_THAT(text, HasSubstr("## Window of one entry\n"));
  EXPECT_THAT(text, HasSubstr("| bbm-fault-irqsafe | 1 | 100 us | - | 100 us |\n"));
  EXPECT_THAT(text, HasSubstr("- stop-machine: not run: "));
}

TEST(ComparisonJson, HasEveryFigure) {
  const auto json = nlohmann::json::parse(comparison_json(sample_comparison()));
  EXPECT_EQ(json["schema"], 2);
  EXPECT_EQ(json["strategies"][0]["measures"]["remap"]["windows"]["max_ns"], 35'000);
  EXPECT_EQ(json["strategies"][0]["irq_same_cpu"]["deadlock"], 3);
  EXPECT_EQ(json["strategies"][1]["not_run"], "the guest image has no such strategy");
  EXPECT_EQ(json["host"]["load_average"][0], 1.25);
}

TEST(ComparisonJunit, WhatCouldNotBeMeasuredIsNotPassed) {
  Comparison comparison = sample_comparison();
  EXPECT_THAT(comparison_junit(comparison), HasSubstr("tests=\"8\" failures=\"0\" errors=\"0\" skipped=\"4\""));
  comparison.strategies[0].figures[Measure::remap].add({}, Verdict::error);
  comparison.strategies[0].figures.erase(Measure::answer);
  EXPECT_THAT(comparison_junit(comparison), HasSubstr("tests=\"8\" failures=\"0\" errors=\"2\" skipped=\"4\""));
}

// A window that does not exist is none, never 0.
TEST(Comparison, InplaceHasNoWindow) {
  std::vector<Event> events = one_remap();
  std::erase_if(events, [](const Event& event) {
    const auto* body = std::get_if<ProbeEvent>(&event.body);
    return body != nullptr && body->probe == RS_PROBE_BBM_WINDOW;
  });
  Comparison comparison = sample_comparison();
  comparison.strategies = {{"inplace", {}, {}, {}, {}}};
  comparison.strategies[0].figures[Measure::remap].add(events, Verdict::clean);
  EXPECT_THAT(comparison_text(comparison),
              testing::ContainsRegex("Window of one entry\n.*\n.*\n +inplace +0 +none +- +none"));
  const auto json = nlohmann::json::parse(comparison_json(comparison));
  EXPECT_TRUE(json["strategies"][0]["measures"]["remap"]["windows"]["max_ns"].is_null());
}

CountRun counted_run(std::uint64_t in_flush) {
  RemapCount remap;
  remap.sums.all = {1000 + in_flush, 50};
  remap.sums.windows = {{80, 10}, {90, 10}};
  remap.sums.flush = {in_flush, 4};
  remap.sums.functions = {{"update", 1000}, {"flush", in_flush}};
  remap.interrupts = 7;
  CountRun run;
  run.optimize = remap;
  run.fault = {std::nullopt, false, "the reader does not fault"};
  return run;
}

TEST(ComparisonCount, TellsTheFiguresAndWhetherTheyAgree) {
  Comparison comparison = sample_comparison();
  comparison.counted = true;
  comparison.strategies = {{"bbm-fault", {}, {}, {}, {}}};
  StrategyCount& count = comparison.strategies[0].count;
  count.runs = {counted_run(30), counted_run(30), counted_run(30)};
  EXPECT_TRUE(count.steady());
  const std::string text = comparison_text(comparison);
  EXPECT_THAT(text, testing::ContainsRegex("bbm-fault +optimize +1030 +2 +90 +170 +30 +7 +0 +50"));
  EXPECT_THAT(text, HasSubstr("All 3 runs gave the same figures."));
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(columns(line), 100U) << line;
  const auto json = nlohmann::json::parse(comparison_json(comparison));
  EXPECT_EQ(json["strategies"][0]["count"]["steady"], true);
  EXPECT_EQ(json["strategies"][0]["count"]["runs"][0]["optimize"]["windows"][1]["kernel"], 90);
  EXPECT_TRUE(json["strategies"][0]["count"]["runs"][0]["restore"].is_null());
  count.runs.push_back(counted_run(32));
  EXPECT_FALSE(count.steady());
  EXPECT_THAT(comparison_text(comparison), HasSubstr("bbm-fault, optimize: 2 more in flush"));
}

}  // namespace
}  // namespace remapstorm
