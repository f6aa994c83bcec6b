// SPDX-License-Identifier: Apache-2.0
// The scenarios of this repository, and what mangled versions of them do to the reader.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "base/rng.h"
#include "guest/abi/remapstorm_abi.h"
#include "injectors/catalogue.h"
#include "plan/scenario.h"
#include "plan/scenario_writer.h"
#include "telemetry/probe_names.h"

namespace remapstorm {
namespace {

std::string read(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::vector<std::filesystem::path> shipped() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(std::string(SOURCE_DIR) + "/scenarios")) {
    if (entry.path().extension() == ".toml") files.push_back(entry.path());
  }
  return files;
}

TEST(ShippedScenarios, AllAreSoundAndNamedAsTheirFile) {
  const Vocabulary vocabulary = make_vocabulary(injector_catalogue());
  std::set<std::string> names;
  for (const auto& path : shipped()) {
    const Result<Scenario> scenario = load_scenario(path.string(), vocabulary);
    ASSERT_TRUE(scenario.ok()) << scenario.error().message;
    EXPECT_EQ(scenario->name, path.stem().string());
    EXPECT_FALSE(scenario->prediction.empty()) << path;
    EXPECT_FALSE(scenario->description.empty()) << path;
    names.insert(scenario->name);
  }
  for (const char* name :
       {"control-inplace", "irq-same-cpu", "irqsafe-irq", "irqsafe-nmi", "vcpu-steal", "stage2-slow-page"}) {
    EXPECT_TRUE(names.contains(name)) << name;
  }
}

// A hold until something happens on another vCPU lasts as long as a busy host takes to run that one: no verdict of its
// own.
TEST(ShippedScenarios, AHoldUntilSomethingIsNoStall) {
  const Vocabulary vocabulary = make_vocabulary(injector_catalogue());
  std::size_t looked_at = 0;
  for (const auto& path : shipped()) {
    const Scenario scenario = load_scenario(path.string(), vocabulary).value();
    for (const Rule& rule : scenario.rules) {
      const Parameters& how = rule.action.parameters;
      if (rule.action.injector != "hold" || !how.has("until")) continue;
      ++looked_at;
      for (const std::string& strategy : scenario.strategies) {
        if (scenario.expectation_for(strategy, scenario.flavours.front()).verdict != Verdict::clean) continue;
        EXPECT_GE(scenario.limits.stall_threshold, how.length("at_most_ms", std::chrono::seconds(10)))
            << path << ", " << rule.name;
      }
    }
  }
  EXPECT_GT(looked_at, 5U);
}

TEST(ShippedScenarios, PredictWhatTheCatalogueSays) {
  const Vocabulary vocabulary = make_vocabulary(injector_catalogue());
  const auto load = [&](const std::string& name) {
    return load_scenario(std::string(SOURCE_DIR) + "/scenarios/" + name + ".toml", vocabulary).value();
  };
  const Scenario irq = load("irq-same-cpu");
  EXPECT_EQ(irq.expectation_for("bbm-fault", "std").verdict, Verdict::deadlock);
  EXPECT_EQ(irq.expectation_for("bbm-fault", "std").lock, "init_mm.page_table_lock");
  EXPECT_EQ(irq.expectation_for("bbm-fault", "std").waiter_context, Context::hardirq);
  EXPECT_EQ(irq.expectation_for("inplace", "std").verdict, Verdict::clean);
  EXPECT_EQ(load("irqsafe-nmi").expectation.waiter_context, Context::nmi);
  EXPECT_EQ(load("irqsafe-irq").expectation.verdict, Verdict::clean);
  EXPECT_EQ(load("control-inplace").expectation.verdict, Verdict::clean);
  const Scenario steal = load("vcpu-steal");
  EXPECT_EQ(steal.expectation.stall, steal.rules.front().action.parameters.length("for_ms"));
  EXPECT_DOUBLE_EQ(steal.expectation.stall_tolerance, 0.1);
  const Scenario slow = load("stage2-slow-page");
  EXPECT_EQ(slow.expectation.stall, slow.rules.front().action.parameters.length("for_ms"));
  EXPECT_EQ(slow.expectation.delay_tolerance, Nanoseconds(1'000'000));
}

TEST(ScenarioFormat, ARangeOfLengthsIsWholeAndTheRightWayRound) {
  const std::string file = std::string(SOURCE_DIR) + "/docs/findings/pmd-alone.toml";
  const Vocabulary vocabulary = make_vocabulary(injector_catalogue());
  std::string text = read(file);
  const auto first = [&](const std::string& with) {
    std::string changed = text;
    const std::string range = "for_ms = 0.001, up_to_ms = 40";
    changed.replace(changed.find(range), range.size(), with);
    const ParsedScenario parsed = parse_scenario(changed, file, vocabulary);
    return parsed.mistakes.empty() ? std::string("good") : to_string(parsed.mistakes.front());
  };
  EXPECT_EQ(first("for_ms = 0.001, up_to_ms = 40"), "good");
  EXPECT_NE(first("for_ms = 2, up_to_ms = 1").find("shorter than for_ms"), std::string::npos);
  EXPECT_NE(first("until = { probe = \"work.end\" }, up_to_ms = 1").find("up_to_ms without for_ms"), std::string::npos);
  const Scenario whole = load_scenario(file, vocabulary).value();
  const ParsedScenario again = parse_scenario(scenario_toml(whole, ""), file, vocabulary);
  ASSERT_TRUE(again.scenario.has_value());
  EXPECT_EQ(again.scenario->rules[0].action.parameters.length("up_to_ms"), Nanoseconds(40'000'000));
}

// Every kind of injector in both kinds of window.
TEST(ShippedScenarios, TheControlInjectsEverythingEverywhere) {
  const Scenario control =
      load_scenario(std::string(SOURCE_DIR) + "/scenarios/control-inplace.toml", make_vocabulary(injector_catalogue()))
          .value();
  std::set<std::pair<std::string, std::uint64_t>> seen;
  for (const Rule& rule : control.rules) {
    ASSERT_EQ(rule.when.pattern.where.size(), 1U) << rule.name;
    seen.insert({rule.action.injector, rule.when.pattern.where.front().value});
  }
  for (const char* injector : {"irq", "hold", "stage2-delay"}) {
    for (const std::uint64_t level : {std::uint64_t{RS_LEVEL_PTE}, std::uint64_t{RS_LEVEL_PMD}}) {
      EXPECT_TRUE(seen.contains({injector, level})) << injector << " at level " << level;
    }
  }
}

TEST(ScenarioFormat, TheDocumentedExampleIsSoundAndItsMistakeIsQuotedRightly) {
  const std::string doc = read(std::string(SOURCE_DIR) + "/docs/scenario-format.md");
  const std::size_t begin = doc.find("```toml\n");
  ASSERT_NE(begin, std::string::npos);
  std::string example = doc.substr(begin + 8, doc.find("```\n", begin + 8) - begin - 8);
  const Vocabulary vocabulary = make_vocabulary(injector_catalogue());
  const ParsedScenario parsed = parse_scenario(example, "meet.toml", vocabulary);
  for (const Diagnostic& mistake : parsed.mistakes) ADD_FAILURE() << to_string(mistake);
  example.replace(example.find("bbm.break"), 9, "bbm.brake");
  const ParsedScenario wrong = parse_scenario(example, "meet.toml", vocabulary);
  ASSERT_EQ(wrong.mistakes.size(), 1U);
  const std::string said = to_string(wrong.mistakes.front());
  EXPECT_NE(doc.find(said.substr(0, said.find("bbm.make"))), std::string::npos) << said;
}

// A key, probe, workload, injector or parameter that the document does not mention cannot be found by a user.
TEST(ScenarioFormat, TheDocumentNamesEverythingThatMayBeUsed) {
  const std::string doc = read(std::string(SOURCE_DIR) + "/docs/scenario-format.md");
  const auto expect_named = [&](std::string_view name) {
    EXPECT_NE(doc.find("`" + std::string(name) + "`"), std::string::npos) << name;
  };
  for (const ProbeInfo& probe : all_probes()) expect_named(probe.name);
  const Vocabulary vocabulary = make_vocabulary(injector_catalogue());
  for (const WorkloadSpec& workload : vocabulary.workloads) expect_named(workload.run);
  for (const InjectorSpec& injector : vocabulary.injectors) {
    expect_named(injector.name);
    for (const ParameterSpec& parameter : injector.parameters) {
      expect_named(parameter.name);
      for (const std::string& choice : parameter.choices) expect_named("\"" + choice + "\"");
    }
  }
}

std::string mutate(std::string text, Rng& rng) {
  static constexpr std::string_view kPieces[] = {"[",          "]",    "{",    "}",  "=",        "\"",    "\"\"\"",
                                                 "\n",         "#",    "-1",   "0x", "[[rule]]", "1e999", "nan",
                                                 "1979-05-27", "true", "\xff", ".",  "do",       "when",  "after"};
  const std::uint64_t edits = 1 + rng.next() % 4;
  for (std::uint64_t i = 0; i < edits && !text.empty(); ++i) {
    const std::size_t at = rng.next() % text.size();
    switch (rng.next() % 5) {
      case 0:
        text[at] = static_cast<char>(rng.next());
        break;
      case 1:
        text.erase(at, 1 + rng.next() % 20);
        break;
      case 2:
        text.insert(at, kPieces[rng.next() % std::size(kPieces)]);
        break;
      case 3:
        text.insert(at, text.substr(rng.next() % text.size(), rng.next() % 60));
        break;
      default:
        text.resize(at);
        break;
    }
  }
  return text;
}

// 20,000 mangled files: never a crash, and either a scenario or mistakes with a place, never both or neither.
TEST(ShippedScenarios, MangledFilesAreRefusedOrRead) {
  const Vocabulary vocabulary = make_vocabulary(injector_catalogue());
  std::vector<std::string> texts;
  for (const auto& path : shipped()) texts.push_back(read(path));
  ASSERT_FALSE(texts.empty());
  Rng rng(20261123);
  std::size_t refused = 0;
  for (int i = 0; i < 20'000; ++i) {
    const std::string text = mutate(texts[rng.next() % texts.size()], rng);
    const ParsedScenario parsed = parse_scenario(text, "mangled.toml", vocabulary);
    ASSERT_EQ(parsed.scenario.has_value(), parsed.mistakes.empty()) << text;
    if (!parsed.scenario) ++refused;
  }
  EXPECT_GT(refused, 5'000U);
  EXPECT_LT(refused, 20'000U);
}

}  // namespace
}  // namespace remapstorm
