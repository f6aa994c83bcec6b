// SPDX-License-Identifier: Apache-2.0
#include "plan/scenario.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/names.h"
#include "guest/abi/remapstorm_abi.h"
#include "plan/scenario_writer.h"
#include "tests/plan/catalogue.h"

namespace remapstorm {
namespace {

using testing::HasSubstr;

ParsedScenario parse(const std::string& text) { return parse_scenario(text, "mine.toml", test_vocabulary()); }

std::string mistakes(const std::string& text) {
  std::string all;
  for (const Diagnostic& one : parse(text).mistakes) all += to_string(one) + "\n";
  return all;
}

std::string with(const std::string& from, const std::string& to) { return mistakes(replaced(kGoodScenario, from, to)); }

TEST(Scenario, AGoodFileIsReadWhole) {
  const ParsedScenario parsed = parse(kGoodScenario);
  ASSERT_TRUE(parsed.scenario.has_value()) << mistakes(kGoodScenario);
  const Scenario& scenario = *parsed.scenario;
  EXPECT_EQ(scenario.name, "mine");
  EXPECT_EQ(scenario.cpus, 2U);
  EXPECT_EQ(scenario.memory, 256ULL << 20);
  EXPECT_EQ(scenario.flavours, std::vector<std::string>{"std"});
  ASSERT_EQ(scenario.workloads.size(), 2U);
  EXPECT_EQ(scenario.workloads[0].arguments[1], (std::pair<std::string, std::string>("repeat", "2")));
  ASSERT_EQ(scenario.rules.size(), 2U);
  const Trigger& first = scenario.rules[0].when;
  EXPECT_EQ(first.pattern.probe, RS_PROBE_BBM_BREAK);
  EXPECT_EQ(first.nth, 3U);
  EXPECT_EQ(first.pattern.context, Context::task);
  ASSERT_EQ(first.pattern.where.size(), 1U);
  EXPECT_EQ(first.pattern.where[0].index, 3U);
  EXPECT_EQ(first.pattern.where[0].value, RS_LEVEL_PTE);
  EXPECT_EQ(scenario.rules[0].action.parameters.text("via"), "line");
  EXPECT_EQ(scenario.rules[0].action.parameters.vcpu("vcpu", 0), 1);
  const Rule& meet = scenario.rules[1];
  EXPECT_EQ(meet.when.pattern.at, "vmemmap_fault+0x1c");
  EXPECT_EQ(meet.when.after, "first");
  EXPECT_EQ(meet.action.parameters.vcpu("vcpu", 5), 5);  // hit
  const auto* until = meet.action.parameters.get<EventPattern>("until");
  ASSERT_NE(until, nullptr);
  EXPECT_EQ(until->probe, RS_PROBE_BBM_MAKE);
  EXPECT_EQ(until->vcpu, 0U);
  EXPECT_EQ(scenario.expectation.verdict, Verdict::deadlock);
  EXPECT_EQ(scenario.expectation.injections.at("irq"), 1U);
  EXPECT_EQ(scenario.expectation_for("inplace", "std").verdict, Verdict::clean);
  EXPECT_FALSE(scenario.expectation_for("inplace", "std").lock.has_value());
}

TEST(Scenario, TheMostSpecificExpectationCounts) {
  const std::string text = replaced(kGoodScenario, "[expect]", R"([expect.flavour.std]
verdict = "lockdep"
[expect.strategy.bbm-fault.flavour.std]
verdict = "bug"
faults = { softirq = 2 }
faults_in = ["kfree"]
[expect])");
  const ParsedScenario parsed = parse(text);
  ASSERT_TRUE(parsed.scenario.has_value()) << (parsed.mistakes.empty() ? "" : to_string(parsed.mistakes[0]));
  const Scenario& scenario = *parsed.scenario;
  EXPECT_EQ(scenario.expectation_for("bbm-fault", "std").verdict, Verdict::bug);
  EXPECT_EQ(scenario.expectation_for("bbm-fault", "std").faults.at(Context::softirq), 2U);
  EXPECT_EQ(scenario.expectation_for("bbm-fault", "std").faults_in, std::vector<std::string>{"kfree"});
  EXPECT_EQ(scenario.expectation_for("inplace", "std").verdict, Verdict::clean);
  EXPECT_EQ(scenario.expectation_for("bbm-fault-irqsafe", "std").verdict, Verdict::lockdep);
  EXPECT_EQ(scenario.expectation_for("bbm-fault-irqsafe", "rt").verdict, Verdict::deadlock);
}

TEST(Scenario, AKindOfHostHasAnExpectationOfItsOwnBehindStrategyAndFlavour) {
  const ParsedScenario parsed = parse(replaced(kGoodScenario, "[expect]", R"([expect.host."lab:x86"]
verdict = "bug"
[expect])"));
  ASSERT_TRUE(parsed.scenario.has_value()) << (parsed.mistakes.empty() ? "" : to_string(parsed.mistakes[0]));
  const Scenario& scenario = *parsed.scenario;
  EXPECT_EQ(scenario.expectation_for("bbm-fault", "std", "lab:x86").verdict, Verdict::bug);
  EXPECT_EQ(scenario.expectation_for("bbm-fault", "std", "kvm-hardware").verdict, Verdict::deadlock);
  EXPECT_EQ(scenario.expectation_for("inplace", "std", "lab:x86").verdict, Verdict::clean);
  const ParsedScenario unknown = parse(replaced(kGoodScenario, "[expect]", R"([expect.host.vmware]
verdict = "bug"
[expect])"));
  ASSERT_EQ(unknown.mistakes.size(), 1U);
  EXPECT_THAT(to_string(unknown.mistakes[0]), testing::HasSubstr("kvm-interpreting"));
}

TEST(Scenario, AnArchitectureHasPredictionStrategiesAndExpectationsOfItsOwn) {
  const ParsedScenario parsed = parse(std::string(kGoodScenario) + R"(
[arm64]
prediction = "otherwise"
strategies = ["bbml2", "inplace"]
[arm64.expect]
verdict = "clean"
[arm64.expect.strategy.bbml2]
verdict = "bug"
)");
  ASSERT_TRUE(parsed.scenario.has_value()) << (parsed.mistakes.empty() ? "" : to_string(parsed.mistakes[0]));
  const Scenario there = parsed.scenario->on("arm64");
  EXPECT_EQ(there.prediction, "otherwise");
  EXPECT_EQ(there.observed, parsed.scenario->observed);
  EXPECT_EQ(there.strategy, "bbml2");
  EXPECT_EQ(there.expectation_for("bbml2", "std").verdict, Verdict::bug);
  // None of those elsewhere: with inplace there was a table.
  EXPECT_EQ(there.expectation_for("bbm-fault", "std").verdict, Verdict::clean);
  EXPECT_TRUE(there.architectures.empty());
  const Scenario elsewhere = parsed.scenario->on("x86_64");
  EXPECT_EQ(elsewhere.strategy, parsed.scenario->strategy);
  EXPECT_EQ(elsewhere.expectation_for("bbm-fault", "std").verdict, Verdict::deadlock);
}

TEST(Scenario, MayBeMadeForOneArchitecture) {
  const auto parse_with = [](const std::string& line, const std::string& injection = "irq") {
    std::string text = replaced(kGoodScenario, "\n[machine]", line + "\n[machine]");
    if (injection != "irq")
      text = replaced(replaced(text, "\"irq\", via = \"line\", vcpu = 1", injection), "irq = 1", "hold = 1");
    return parse(text);
  };
  const auto first = [](const ParsedScenario& parsed) {
    return parsed.mistakes.empty() ? std::string() : to_string(parsed.mistakes[0]);
  };
  const ParsedScenario one = parse_with("architectures = [\"arm64\"]\n");
  ASSERT_TRUE(one.scenario.has_value()) << first(one);
  EXPECT_TRUE(one.scenario->is_made_for("arm64"));
  EXPECT_FALSE(one.scenario->is_made_for("x86_64"));
  EXPECT_FALSE(one.scenario->on("x86_64").is_made_for("x86_64"));
  EXPECT_TRUE(parse_with("").scenario->is_made_for("x86_64"));
  const ParsedScenario again = parse(scenario_toml(*one.scenario, ""));
  ASSERT_TRUE(again.scenario.has_value()) << first(again);
  EXPECT_EQ(again.scenario->made_for, std::vector<std::string>{"arm64"});

  EXPECT_THAT(first(parse_with("architectures = [\"riscv\"]\n")), testing::HasSubstr("riscv"));
  EXPECT_THAT(first(parse_with("architectures = []\n")), testing::HasSubstr("architectures is empty"));
  EXPECT_THAT(first(parse(replaced(kGoodScenario, "\n[machine]", "architectures = [\"arm64\"]\n\n[machine]") +
                          "\n[x86_64]\nprediction = \"x\"\n")),
              testing::HasSubstr("not made for x86_64"));
  // An injector that only one has.
  const std::string meteor = "\"meteor\"";
  EXPECT_TRUE(parse_with("architectures = [\"arm64\"]\n", meteor).scenario.has_value());
  EXPECT_THAT(first(parse_with("", meteor)), testing::HasSubstr("\"meteor\" exists on arm64 alone"));
}

TEST(Scenario, TheLevelOfFeatBbm) {
  const std::string text = replaced(kGoodScenario, "[machine]", "[machine]\nbbm = 1");
  const ParsedScenario parsed = parse(text);
  ASSERT_TRUE(parsed.scenario.has_value()) << (parsed.mistakes.empty() ? "" : to_string(parsed.mistakes[0]));
  EXPECT_EQ(parsed.scenario->bbm, 1U);
  EXPECT_FALSE(parse(replaced(kGoodScenario, "[machine]", "[machine]\nbbm = 3")).mistakes.empty());
}

TEST(Scenario, MistakesInAnArchitecturesTableAreNamed) {
  const auto first = [](const std::string& table) {
    const ParsedScenario parsed = parse(std::string(kGoodScenario) + table);
    return parsed.mistakes.empty() ? std::string() : to_string(parsed.mistakes[0]);
  };
  EXPECT_THAT(first("\n[riscv]\nprediction = \"x\"\n"), testing::HasSubstr("riscv"));
  EXPECT_THAT(first("\n[arm64]\npredicted = \"x\"\n"),
              testing::HasSubstr("of arm64 \"predicted\" (did you mean \"prediction\"?); allowed: prediction, "
                                 "observed, strategies, strategy, expect"));
  EXPECT_THAT(first("\n[arm64.expect]\nverdict = \"good\"\n"), testing::HasSubstr("unknown verdict \"good\""));
  EXPECT_THAT(first("\n[arm64]\nstrategies = [\"none\"]\n"), testing::HasSubstr("none"));
}

TEST(Scenario, ArgumentsCanBeFilteredByNumberHexAndName) {
  const auto value = [](const std::string& given) {
    const ParsedScenario parsed = parse(replaced(kGoodScenario, "level = \"pte\"", "where = { " + given + " }"));
    return parsed.scenario ? parsed.scenario->rules[0].when.pattern.where.at(0) : ArgumentFilter{99, 99};
  };
  EXPECT_EQ(value("level = \"pmd\"").value, RS_LEVEL_PMD);
  EXPECT_EQ(value("level = 2").value, 2U);
  EXPECT_EQ(value("addr = \"0xffffea0000400000\"").value, 0xffffea0000400000);
  EXPECT_EQ(value("addr = \"0xffffea0000400000\"").index, 0U);
}

TEST(Scenario, FallbacksOfParametersApply) {
  const ParsedScenario parsed = parse(replaced(kGoodScenario, ", via = \"line\", vcpu = 1 }", " }"));
  ASSERT_TRUE(parsed.scenario.has_value());
  EXPECT_EQ(parsed.scenario->rules[0].action.parameters.text("via"), "msi");
  EXPECT_EQ(parsed.scenario->rules[0].action.parameters.vcpu("vcpu", 3), 3);
}

// Each mistake is said with its place and what would have been right.
struct Mistake {
  const char* name;
  const char* from;
  const char* to;
  const char* said;
};
class Mistakes : public testing::TestWithParam<Mistake> {};
TEST_P(Mistakes, AreNamedWithPlaceAndWhatIsAllowed) {
  const std::string all = with(GetParam().from, GetParam().to);
  EXPECT_THAT(all, HasSubstr(GetParam().said));
  EXPECT_THAT(all, testing::StartsWith("mine.toml:"));
}
INSTANTIATE_TEST_SUITE_P(
    File, Mistakes,
    testing::Values(
        Mistake{"syntax", "cpus = 2", "cpus = = 2", "mine.toml:7:8: not valid TOML"},
        Mistake{"key", "cpus = 2", "cpu = 2",
                "mine.toml:7:1: unknown key of machine \"cpu\" (did you mean \"cpus\"?); "
                "allowed: cpus, memory"},
        Mistake{"top_key", "name = \"mine\"", "name = \"mine\"\ncolour = 1", "mine.toml:2:1: unknown key \"colour\""},
        Mistake{"type", "cpus = 2", "cpus = \"two\"",
                "mine.toml:7:8: machine.cpus is text; allowed: an integer from 1 to 8"},
        Mistake{"range", "cpus = 2", "cpus = 9", "machine.cpus is 9, out of range; allowed: 1 to 8"},
        Mistake{"memory", "256M", "8G", "machine.memory is \"8G\"; allowed: 64M to 3G"},
        Mistake{"memory_unit", "256M", "256X", "machine.memory is \"256X\""},
        Mistake{"name", "\"mine\"", "\"Mine #1\"", "name is \"Mine #1\"; allowed: up to 64 of a-z"},
        Mistake{"no_name", "name = \"mine\"", "", "name is missing"},
        Mistake{"no_summary", "summary = \"what it shows\"", "", "summary is missing"},
        Mistake{"probe", "\"bbm.break\"", "\"bbm.brake\"",
                "mine.toml:22:18: unknown probe \"bbm.brake\" (did you mean "
                "\"bbm.break\"?); allowed: remap.begin, remap.end"},
        Mistake{"rule_strategy", "name = \"first\"", "name = \"first\"\nstrategies = [\"inplaice\"]",
                "mine.toml:22:14: unknown strategy \"inplaice\" (did you mean \"inplace\"?)"},
        Mistake{"no_probe", "probe = \"bbm.break\", level", "level", "neither probe nor at is given"},
        Mistake{"probe_and_at", "{ at = ", "{ probe = \"bbm.make\", at = ", "both probe and at are given"},
        Mistake{"argument", "level = \"pte\"", "where = { colour = 1 }",
                "unknown argument of bbm.break \"colour\"; allowed: "
                "addr, entry_va, old_entry, level"},
        Mistake{"argument_value", "level = \"pte\"", "level = \"pud\"",
                "wrong value for argument \"level\"; allowed: a number "
                "from 0, or hex text like \"0xffff888000000000\", or "
                "\"pte\", or \"pmd\""},
        Mistake{"no_such_argument", "\"bbm.break\"", "\"lock.got\"", "probe lock.got has no argument \"level\""},
        Mistake{"where_at", "after = \"first\"", "where = { level = 1 }", "needs a probe"},
        Mistake{"context", "\"task\"", "\"tsk\"",
                "unknown context \"tsk\" (did you mean \"task\"?); allowed: task, softirq, "
                "hardirq, nmi"},
        Mistake{"context_at", "after = \"first\"", "context = \"nmi\"", "does not know its context"},
        Mistake{"when_vcpu", "vcpu = 0 }\ndo", "vcpu = 2 }\ndo",
                "rule \"first\".when.vcpu is 2, no such vCPU; allowed: 0 to 1 "
                "(machine.cpus is 2)"},
        Mistake{"workload_vcpu", "[[workload]]\nvcpu = 1", "[[workload]]\nvcpu = 4",
                "workload 2.vcpu is 4, no such vCPU"},
        Mistake{"do_vcpu", "vcpu = 1 }", "vcpu = 7 }", "names no vCPU; allowed: \"hit\", or 0 to 1"},
        Mistake{"until_vcpu", "\"bbm.make\", vcpu = 0", "\"bbm.make\", vcpu = 3", "until.vcpu is 3, no such vCPU"},
        Mistake{"two_ways", "nth = 3", "nth = 3, probability = 0.5",
                "has a probability beside nth or every; allowed: either"},
        Mistake{"nth", "nth = 3", "nth = 0", "nth is 0, out of range"},
        Mistake{"probability", "nth = 3", "probability = 1.5", "probability is out of range; allowed: 0 to 1"},
        Mistake{"twice", "name = \"meet\"", "name = \"first\"", "a second rule named \"first\""},
        Mistake{"after", "after = \"first\"", "after = \"frist\"",
                "unknown rule \"frist\" (did you mean \"first\"?); allowed: "
                "first, meet"},
        Mistake{"after_itself", "after = \"first\"", "after = \"meet\"", "waits for itself"},
        Mistake{"injector", "inject = \"irq\"", "inject = \"irk\"",
                "unknown injector \"irk\" (did you mean \"irq\"?); allowed: "
                "irq, hold, delay"},
        Mistake{"no_injector", "inject = \"irq\", ", "", "do.inject is missing"},
        Mistake{"action_key", "via = \"line\"", "vai = \"line\"",
                "unknown key of rule \"first\".do \"vai\" (did you mean "
                "\"via\"?); allowed: inject, via, vcpu"},
        Mistake{"choice", "via = \"line\"", "via = \"pigeon\"", "unknown via \"pigeon\"; allowed: msi, line"},
        Mistake{"choice_elsewhere", "via = \"line\"", "via = \"spi\"",
                "via = \"spi\" exists on arm64 alone; allowed: msi, line"},
        Mistake{"one_of", "vcpu = \"hit\", until", "vcpu = \"hit\", for_ms = 1, until",
                "more than one of for_ms, until"},
        Mistake{"none_of", ", until = { probe = \"bbm.make\", vcpu = 0, where = { level = 1 } }", "",
                "none of for_ms, until"},
        Mistake{"strategy", "strategy = \"bbm-fault\"", "strategy = \"bbm\"", "unknown strategy \"bbm\""},
        Mistake{"strategy_not_listed", "[\"bbm-fault\", \"inplace\"]", "[\"inplace\"]", "is not among strategies"},
        Mistake{"flavour", "summary", "flavours = [\"st\"]\nsummary", "unknown flavour \"st\" (did you mean \"std\"?)"},
        Mistake{"workload", "\"read-target\"", "\"read-targets\"", "unknown workload \"read-targets\""},
        Mistake{"workload_key", "repeat = 2", "repeats = 2", "unknown key of workload 1 \"repeats\""},
        Mistake{"workload_range", "pages = 4", "pages = 0", "pages is 0, out of range; allowed: 1 to 512"},
        Mistake{"never_ends", "run = \"hugetlb-cycle\"\npages = 4\nrepeat = 2", "run = \"spin\"",
                "no workload that ends"},
        Mistake{"verdict", "verdict = \"deadlock\"", "verdict = \"dead\"", "unknown verdict \"dead\""},
        Mistake{"verdict_error", "verdict = \"deadlock\"", "verdict = \"error\"", "unknown verdict \"error\""},
        Mistake{"no_expect", "[expect]\nverdict = \"deadlock\"", "[expect]", "expect.verdict is missing"},
        Mistake{"meaningless", "verdict = \"deadlock\"", "verdict = \"clean\"",
                "expect.lock has no meaning with verdict "
                "\"clean\"; allowed: with verdict deadlock"},
        Mistake{"expect_injector", "{ irq = 1 }", "{ irk = 1 }", "unknown injector \"irk\""},
        Mistake{"expect_rule", "{ meet = 1 }", "{ met = 1 }", "unknown rule \"met\""},
        Mistake{"expect_strategy", "[expect.strategy.inplace]", "[expect.strategy.bbm-fault-irqsafe]",
                "unknown strategy of this scenario \"bbm-fault-irqsafe\""}),
    [](const auto& parameter) { return std::string(parameter.param.name); });

TEST(Scenario, ParametersOfEveryKindAreChecked) {
  const auto action = [](const std::string& text) {
    return with("do = { inject = \"irq\", via = \"line\", vcpu = 1 }", "do = { inject = \"delay\", " + text + " }");
  };
  EXPECT_EQ(action("page = \"pte-page\", for_ms = 0.5, count = 9, loud = true, why = \"so\""),
            mistakes(replaced(kGoodScenario, "injections = { irq = 1 }", "")));
  EXPECT_THAT(action("for_ms = 1"), HasSubstr("do.page is missing"));
  EXPECT_EQ(action("page = \"0x7000\""), "");
  EXPECT_THAT(action("page = \"0x7001\""),
              HasSubstr("names no page; allowed: pte-page, vmemmap-page, or a page-aligned"));
  EXPECT_THAT(action("page = \"pte-page\", for_ms = 0"), HasSubstr("for_ms is out of range; allowed: 0.001 to 60000"));
  EXPECT_THAT(action("page = \"pte-page\", count = 10"), HasSubstr("count is 10, out of range"));
  EXPECT_THAT(action("page = \"pte-page\", loud = 1"), HasSubstr("loud is an integer; allowed: true or false"));
  EXPECT_THAT(action("page = \"pte-page\", why = 1979-05-27"), HasSubstr("why is a date or time; allowed: text"));
}

TEST(Scenario, AllMistakesOfAFileAreSaidInTheOrderOfItsLines) {
  std::string text = replaced(kGoodScenario, "cpus = 2", "cpus = 20");
  text = replaced(text, "\"bbm.break\"", "\"bbm.brake\"");
  text = replaced(text, "waiter_context = \"hardirq\"", "waiter_context = \"irq\"");
  const auto found = parse(text).mistakes;
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0].line, 7U);
  EXPECT_EQ(found[1].line, 22U);
  EXPECT_EQ(found[2].line, 33U);
}

TEST(Scenario, TextThatATerminalObeysIsAMistake) {
  EXPECT_THAT(with("\"what it shows\"", "\"what \\u001b[2J\""), HasSubstr("holds characters that are not shown"));
}

// Each is a table in a table: freeing them took more stack than there is.
TEST(Scenario, AFileThatNestsWithoutEndIsAMistake) {
  std::string parts = "a";
  for (int i = 0; i < 50'000; ++i) parts += ".a";
  for (const std::string& text : {"[" + parts + "]\n", parts + " = 1\n", "a = " + std::string(50'000, '[')}) {
    const ParsedScenario parsed = parse(text);
    ASSERT_EQ(parsed.mistakes.size(), 1U);
    EXPECT_THAT(parsed.mistakes.front().message, HasSubstr("nested deeper"));
  }
}

TEST(Scenario, AMissingFileAndAFolderAreUsageErrors) {
  for (const char* path : {"/nowhere/x.toml", "/tmp"}) {
    const auto scenario = load_scenario(path, test_vocabulary());
    ASSERT_FALSE(scenario.ok());
    EXPECT_EQ(scenario.error().kind, ErrorKind::usage);
    EXPECT_THAT(scenario.error().message, HasSubstr(path));
  }
}

TEST(ParseSize, KnowsUnitsAndLimits) {
  EXPECT_EQ(parse_size("128M").value(), 128ULL << 20);
  EXPECT_EQ(parse_size("1G").value(), 1ULL << 30);
  EXPECT_EQ(parse_size("4096").value(), 4096U);
  EXPECT_EQ(parse_size("64k").value(), 64ULL << 10);
  for (const char* bad : {"", "M", "-1M", "1.5G", "1T", "1MB", "99999999999999999999", "18446744073709551615G"}) {
    EXPECT_FALSE(parse_size(bad).ok()) << bad;
  }
}

TEST(Suggest, NearNamesComeFirst) {
  EXPECT_EQ(edit_distance("break", "brake"), 2U);
  EXPECT_EQ(edit_distance("ab", "ba"), 1U);
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(edit_distance("a", "completely different", 4), 4U);
  const std::vector<std::string> names = {"vmemmap_update_pte", "vmemmap_update_pmd", "do_exit", "flush_tlb_all"};
  EXPECT_EQ(near_matches("vmemmap_update_pt", names).front(), "vmemmap_update_pte");
  EXPECT_EQ(near_matches("flush_tlb", names), std::vector<std::string>{"flush_tlb_all"});
  EXPECT_TRUE(near_matches("zzz", names).empty());
}

}  // namespace
}  // namespace remapstorm
