// SPDX-License-Identifier: Apache-2.0
#include "plan/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "guest/abi/remapstorm_abi.h"
#include "plan/repeat.h"
#include "tests/base/temporary_folder.h"
#include "tests/plan/catalogue.h"
#include "trial/own_kernel.h"

namespace remapstorm {
namespace {

using testing::HasSubstr;
using testing::Not;

Scenario good() { return *parse_scenario(kGoodScenario, "x/scenarios/mine.toml", test_vocabulary()).scenario; }

GuestImageInfo image() {
  GuestImageInfo info;
  info.flavour = "std";
  info.kernel_version = "6.12.1";
  info.hash = "abc";
  info.strategies = {"inplace", "bbm-fault", "bbm-fault-irqsafe"};
  return info;
}

SymbolAnswer resolve(const std::string& symbol) {
  if (symbol == "vmemmap_fault") return {Gva{0xffffffff81000000}, {}};
  return {std::nullopt, {"vmemmap_fault", "vmemmap_free"}};
}

Result<Plan> plan_of(const Scenario& scenario, const Overrides& overrides = {}, const GuestImageInfo& guest = image()) {
  return make_plan(scenario, overrides, guest, {"kvm-interpreting", "12", "6.1", "cpu", "x86_64"}, resolve);
}

TEST(Plan, TakesTheScenariosChoices) {
  const auto plan = plan_of(good());
  ASSERT_TRUE(plan.ok()) << plan.error().message;
  EXPECT_EQ(plan->strategy, "bbm-fault");
  EXPECT_EQ(plan->cpus, 2U);
  EXPECT_EQ(plan->workload_text, "vcpu=0 run=hugetlb-cycle pages=4 repeat=2\nvcpu=1 run=read-target\n");
  EXPECT_EQ(plan->breakpoints(), std::vector<Gva>{Gva{0xffffffff8100001c}});
  EXPECT_EQ(plan->armed_probes()[0], 1ULL << RS_PROBE_BBM_BREAK | 1ULL << RS_PROBE_BBM_MAKE);
  EXPECT_EQ(plan->expectation.verdict, Verdict::deadlock);
}

TEST(Plan, SaysOnWhichBaseItRuns) {
  GuestImageInfo guest = image();
  EXPECT_EQ(plan_of(good())->base, KernelBase::unknown);
  guest.command_line = "panic=-1 remapstorm.stock_restore=0";
  const auto fixed = plan_of(good(), {}, guest);
  EXPECT_EQ(fixed->base, KernelBase::fixed);
  EXPECT_EQ(read_recorded_plan(plan_json(*fixed, 0))->base, KernelBase::fixed);
  Overrides overrides;
  overrides.append = "remapstorm.stock_restore=1";
  const auto stock = plan_of(good(), overrides, guest);
  EXPECT_EQ(stock->base, KernelBase::stock);
  EXPECT_EQ(read_recorded_plan(plan_json(*stock, 0))->base, KernelBase::stock);
}

TEST(Plan, OverridesWin) {
  Overrides overrides;
  overrides.strategy = "inplace";
  overrides.cpus = 4;
  overrides.memory = 512ULL << 20;
  overrides.timeout = Nanoseconds(5'000'000'000);
  overrides.seed = 99;
  overrides.append = "quiet";
  const auto plan = plan_of(good(), overrides);
  ASSERT_TRUE(plan.ok()) << plan.error().message;
  EXPECT_EQ(plan->strategy, "inplace");
  EXPECT_EQ(plan->expectation.verdict, Verdict::clean);  // [expect.strategy.inplace]
  EXPECT_EQ(plan->limits.timeout.count(), 5'000'000'000);
  EXPECT_EQ(plan->append, "quiet");
  EXPECT_THAT(repeat_command(*plan, 0),
              HasSubstr(" --strategy inplace --cpus 4 --memory 512M --timeout 5000ms --append quiet --sha256 "));
}

TEST(Plan, ARuleMayBeForSomeStrategiesOnly) {
  Scenario scenario = good();
  scenario.rules[1].strategies = {"inplace"};
  const auto without = plan_of(scenario);
  ASSERT_TRUE(without.ok()) << without.error().message;
  ASSERT_EQ(without->rules.size(), 1U);
  EXPECT_EQ(without->rules[0].name, "first");
  EXPECT_TRUE(without->breakpoints().empty());
  Overrides inplace;
  inplace.strategy = "inplace";
  EXPECT_EQ(plan_of(scenario, inplace)->rules.size(), 2U);

  scenario.rules[0].strategies = {"bbm-fault"};
  const auto order = plan_of(scenario, inplace);
  ASSERT_FALSE(order.ok());
  EXPECT_THAT(order.error().message,
              HasSubstr("rule \"meet\" comes after rule \"first\", which is not for strategy \"inplace\""));
}

TEST(Plan, LengthsAreTakenLessExactlyWhereTheHostIsSlow) {
  using namespace std::chrono_literals;
  Scenario scenario = good();
  scenario.expectation.delay_tolerance = 1ms;
  const auto on = [&](const char* kind, double slowness) {
    HostInfo host;
    host.kind = kind;
    host.slowness = slowness;
    return *make_plan(scenario, {}, image(), host, resolve);
  };
  const Nanoseconds stall = on("kvm-interpreting", 1).limits.stall_threshold;
  EXPECT_EQ(*on("kvm-interpreting", 1).expectation.delay_tolerance, 1ms);
  EXPECT_EQ(*on("kvm-interpreting", 4).expectation.delay_tolerance, 4ms);
  EXPECT_EQ(on("kvm-interpreting", 4).limits.stall_threshold, 4 * stall);
  EXPECT_EQ(*on("lab:x86", 2).expectation.delay_tolerance, 25ms);
}

TEST(Plan, SlownessIsThatOfExits) {
  using namespace std::chrono_literals;
  EXPECT_EQ(slowness_of(50us), 1);
  EXPECT_EQ(slowness_of(250us), 2.5);
  EXPECT_EQ(slowness_of(1s), 4);
}

TEST(Plan, AnotherExpectedVerdictDropsTheEvidence) {
  Overrides overrides;
  overrides.expect = Verdict::hang;
  EXPECT_FALSE(plan_of(good(), overrides)->expectation.lock.has_value());
  overrides.expect = Verdict::deadlock;
  EXPECT_TRUE(plan_of(good(), overrides)->expectation.lock.has_value());
}

TEST(Plan, EverythingWrongIsSaidAtOnce) {
  Overrides overrides;
  overrides.strategy = "stop-machine";
  overrides.cpus = 1;
  overrides.memory = 32ULL << 20;
  Scenario scenario = good();
  scenario.rules[1].when.pattern.at = "vmemmap_fualt+0x4";
  const auto plan = plan_of(scenario, overrides);
  ASSERT_FALSE(plan.ok());
  EXPECT_EQ(plan.error().kind, ErrorKind::usage);
  for (const char* said :
       {"not made for strategy \"stop-machine\"; allowed: bbm-fault, inplace", "--memory is 32 MiB; allowed: 64M to 3G",
        "workload read-target is for vCPU 1, but the guest has 1 vCPU", "rule \"first\" is for vCPU 1",
        "no symbol \"vmemmap_fualt\"; near it: vmemmap_fault, vmemmap_free"}) {
    EXPECT_THAT(plan.error().message, HasSubstr(said));
  }
}

TEST(Plan, AGuestOfAnotherArchitectureIsRefusedByName) {
  Scenario scenario = good();
  scenario.made_for = {"arm64"};
  GuestImageInfo guest = image();
  guest.architecture = "arm64";
  EXPECT_TRUE(plan_of(scenario, {}, guest).ok());
  guest.architecture = "x86_64";
  const auto plan = plan_of(scenario, {}, guest);
  ASSERT_FALSE(plan.ok());
  EXPECT_EQ(plan.error().kind, ErrorKind::usage);
  EXPECT_THAT(plan.error().message, HasSubstr("scenario mine is made for arm64; this is a guest for x86_64"));
  EXPECT_THAT(plan.error().hint, HasSubstr("./run --lab arm64"));
}

TEST(Plan, PlacesWithoutSenseAreRefused) {
  for (const char* at : {"f+", "f+0x", "f+0xzz", "+0x4", "f+1+2"}) {
    Scenario scenario = good();
    scenario.rules[1].when.pattern.at = at;
    EXPECT_THAT(plan_of(scenario).error().message, HasSubstr("not of the form symbol+0x1c")) << at;
  }
}

TEST(Plan, AnImageThatCannotIsUnavailable) {
  GuestImageInfo guest = image();
  guest.strategies = {"inplace"};
  const auto plan = plan_of(good(), {}, guest);
  ASSERT_FALSE(plan.ok());
  EXPECT_EQ(plan.error().kind, ErrorKind::unavailable);
  EXPECT_THAT(plan.error().message, HasSubstr("no strategy \"bbm-fault\"; it has: inplace"));
  guest = image();
  guest.flavour = "rt";
  EXPECT_EQ(plan_of(good(), {}, guest).error().kind, ErrorKind::unavailable);
  Overrides overrides;
  overrides.flavour = "rt";
  EXPECT_EQ(plan_of(good(), overrides).error().kind, ErrorKind::usage);  // the scenario is not made for it
}

TEST(Plan, AKernelWithoutTheDriverIsAskedOnlyForWhatItCanDo) {
  GuestImageInfo guest = image();
  guest.strategies = {"inplace"};
  guest.has_driver = false;
  Overrides overrides;
  overrides.strategy = "inplace";
  const auto plan = plan_of(good(), overrides, guest);
  ASSERT_FALSE(plan.ok());
  EXPECT_EQ(plan.error().kind, ErrorKind::usage);
  for (const char* said :
       {"built without CONFIG_REMAPSTORM", "rule \"first\" waits for probe bbm.break", "rule \"first\" injects irq",
        "rule \"meet\" waits for probe bbm.make", "workload read-target needs the driver"}) {
    EXPECT_THAT(plan.error().message, HasSubstr(said));
  }
  Scenario scenario = good();
  scenario.rules.erase(scenario.rules.begin());
  scenario.rules[0].when.after.clear();
  scenario.workloads.pop_back();
  scenario.rules[0].action.parameters.values.erase("until");
  scenario.rules[0].action.parameters.values["for_ms"] = Nanoseconds(1'000'000);
  const auto possible = plan_of(scenario, overrides, guest);
  EXPECT_TRUE(possible.ok()) << possible.error().message;
  scenario.rules[0].action.parameters.values["mode"] = std::string("soft");
  EXPECT_THAT(plan_of(scenario, overrides, guest).error().message, HasSubstr("soft hold"));
}

TEST(OwnKernel, TheReleaseOfABanner) {
  EXPECT_EQ(release_of_banner("Linux version 6.12.117 (remapstorm@build) (gcc"), "6.12.117");
  EXPECT_EQ(release_of_banner("Linux version 6.1.0-rc1+"), "6.1.0-rc1+");
  for (const char* text : {"", "Linux version ", "Linux version \x01", "Darwin 1", "Linux version  x"}) {
    EXPECT_EQ(release_of_banner(text), "unknown") << text;
  }
}

TEST(Plan, TheWorkloadTextMustFit) {
  Scenario scenario = good();
  for (int i = 0; i < 200; ++i) scenario.workloads.push_back(scenario.workloads[0]);
  EXPECT_THAT(plan_of(scenario).error().message, HasSubstr("bytes of text"));
}

TEST(Plan, SeedsOfTrialsDifferAndStay) {
  std::set<std::uint64_t> seeds;
  for (std::uint64_t seed : {1ULL, 2ULL}) {
    for (const char* scenario : {"a", "b"}) {
      for (std::uint64_t trial = 0; trial < 100; ++trial) seeds.insert(trial_seed(seed, scenario, trial));
    }
  }
  EXPECT_EQ(seeds.size(), 400U);
  EXPECT_EQ(trial_seed(1, "irq-same-cpu", 0), trial_seed(1, "irq-same-cpu", 0));
}

TEST(Plan, ItsJsonGivesBackWhatJudgingNeeds) {
  const auto plan = plan_of(good());
  ASSERT_TRUE(plan.ok());
  const std::string text = plan_json(*plan, 3);
  EXPECT_EQ(text.find('\n'), std::string::npos);
  const auto recorded = read_recorded_plan(text);
  ASSERT_TRUE(recorded.ok()) << recorded.error().message;
  EXPECT_EQ(recorded->scenario, "mine");
  EXPECT_EQ(recorded->trial, 3U);
  EXPECT_EQ(recorded->repeat, repeat_command(*plan, 3));
  EXPECT_EQ(recorded->summary, plan->summary);
  EXPECT_EQ(recorded->memory, plan->memory);
  EXPECT_EQ(recorded->guest.kernel_version, "6.12.1");
  EXPECT_EQ(recorded->host.kind, "kvm-interpreting");
  EXPECT_EQ(recorded->seed, 1U);
  EXPECT_EQ(recorded->limits.stall_threshold, plan->limits.stall_threshold);
  EXPECT_EQ(recorded->expectation.verdict, Verdict::deadlock);
  EXPECT_EQ(recorded->expectation.lock, "init_mm.page_table_lock");
  EXPECT_EQ(recorded->expectation.backtrace, std::vector<std::string>{"rs_vmemmap_fault"});
  EXPECT_EQ(recorded->expectation.injections.at("irq"), 1U);
  EXPECT_EQ(recorded->expectation.rules.at("meet"), 1U);
  const auto json = nlohmann::json::parse(text);
  EXPECT_EQ(json["rules"][1]["do"]["until"]["probe"], "bbm.make");
  EXPECT_EQ(json["rules"][1]["when"]["address"], "0xffffffff8100001c");
  EXPECT_TRUE(nlohmann::json::parse(plan_file(*plan, 20)).contains("trials"));
}

TEST(Plan, AForeignPlanIsRefused) {
  for (const char* text : {"", "[]", "{}", "{\"schema\":2}", "{\"schema\":1,\"scenario\":5}"}) {
    EXPECT_FALSE(read_recorded_plan(text).ok()) << text;
  }
  EXPECT_THAT(read_recorded_plan("{\"schema\":2}").error().message, HasSubstr("schema 2"));
}

TEST(Plan, AContextThatIsNotKnownIsRefusedNotTakenForAnother) {
  const std::string text = plan_json(*plan_of(good()), 0);
  ASSERT_TRUE(read_recorded_plan(text).ok());
  for (const char* key : {"waiter_context", "owner_context"}) {
    nlohmann::json plan = nlohmann::json::parse(text);
    plan["expect"][key] = "mce";
    EXPECT_THAT(read_recorded_plan(plan.dump()).error().message, HasSubstr(std::string(key) + "\" is unknown: mce"));
  }
  nlohmann::json plan = nlohmann::json::parse(text);
  plan["expect"]["faults"] = {{"mce", 3}};
  EXPECT_THAT(read_recorded_plan(plan.dump()).error().message, HasSubstr("faults\" is unknown: mce"));
}

TEST(GuestImage, ManifestIsReadAndMistakesAreNamed) {
  const TemporaryFolder folder;
  const auto load = [&](const std::string& text) {
    std::ofstream(folder.file("manifest.json")) << text;
    return load_guest_image_info(folder.path());
  };
  const std::string good_manifest =
      R"({"schema":1,"flavour":"std","kernel_version":"6.12.1","hash":"h","config_sha256":"c","series_sha256":"s",)"
      R"("vmlinux_sha256":"v","initramfs_sha256":"i","strategies":["inplace"]})";
  const auto info = load(good_manifest);
  ASSERT_TRUE(info.ok()) << info.error().message;
  EXPECT_EQ(info->strategies, std::vector<std::string>{"inplace"});
  EXPECT_THAT(load(replaced(good_manifest, "\"schema\":1", "\"schema\":2")).error().message, HasSubstr("schema 2"));
  EXPECT_THAT(load(replaced(good_manifest, "\"hash\":\"h\",", "")).error().message, HasSubstr("\"hash\" is missing"));
  EXPECT_THAT(load("{").error().message, HasSubstr("not JSON"));
  EXPECT_FALSE(load_guest_image_info("/nowhere").ok());
}

}  // namespace
}  // namespace remapstorm
