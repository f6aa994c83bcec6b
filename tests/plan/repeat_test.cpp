// SPDX-License-Identifier: Apache-2.0
// Lines that repeat something. That they run is tested in tests/house/repeat_lines_kvm_test.py.
#include "plan/repeat.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "base/build_id.h"
#include "base/sha256.h"
#include "base/shell_word.h"
#include "tests/base/temporary_folder.h"
#include "tests/plan/catalogue.h"

namespace remapstorm {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

Scenario own_scenario() {
  Scenario scenario = *parse_scenario(kGoodScenario, "x/scenarios/mine.toml", test_vocabulary()).scenario;
  scenario.text = kGoodScenario;
  scenario.shipped = true;
  return scenario;
}

GuestImageInfo hashed_image() {
  GuestImageInfo info;
  info.flavour = "std";
  info.strategies = {"inplace", "bbm-fault"};
  info.vmlinux_sha256 = std::string(64, 'a');
  info.initramfs_sha256 = std::string(64, 'b');
  info.cmdline_sha256 = std::string(64, 'c');
  return info;
}

HostInfo this_host() {
  HostInfo one;
  one.kind = "kvm-interpreting";
  one.line_begin = "/x/remapstorm/run";
  return one;
}

Result<Plan> planned(const Scenario& scenario, const Overrides& overrides = {}) {
  return make_plan(scenario, overrides, hashed_image(), this_host(), [](const std::string&) {
    return SymbolAnswer{Gva{0xffffffff81000000}, {}};
  });
}

std::string hashes() {
  return "--sha256 scenario=" + sha256_hex(kGoodScenario).substr(0, 16) +
         ",kernel=aaaaaaaaaaaaaaaa,initramfs=bbbbbbbbbbbbbbbb,cmdline=cccccccccccccccc,program=" +
         build_id().substr(0, 16);
}

TEST(Repeat, TheLineSaysWhichTrialOfWhichBytes) {
  const auto plan = planned(own_scenario());
  ASSERT_TRUE(plan.ok()) << plan.error().message;
  const std::string first =
      "/x/remapstorm/run run mine --strategy bbm-fault --cpus 2 --memory 256M " + hashes() + " --seed 1";
  EXPECT_EQ(repeat_command(*plan, 0), first);
  EXPECT_EQ(repeat_command(*plan, 17), first + " --trial 17");
  EXPECT_EQ(repeat_command_of_all(*plan, 1), first);
  EXPECT_EQ(repeat_command_of_all(*plan, 20), first + " --repeat 20");
  EXPECT_EQ(repeat_words(*plan, "census remap"), "/x/remapstorm/run census remap " + hashes());
}

TEST(Repeat, TheLineHasEverythingThatWasAsked) {
  Overrides overrides;
  overrides.flavour = "std";
  overrides.memory = 100'000ULL << 10;
  overrides.expect = Verdict::hang;
  overrides.append = "debug it's=\"x\"";
  overrides.kernel = {"/tmp/my kernel/Image", "/tmp/System.map"};
  overrides.timeout = Nanoseconds(1'500'000'001);
  overrides.cold_boot = true;
  const auto plan = planned(own_scenario(), overrides);
  ASSERT_TRUE(plan.ok()) << plan.error().message;
  EXPECT_EQ(repeat_command(*plan, 0),
            "/x/remapstorm/run run mine --strategy bbm-fault --flavour std --cpus 2 --memory 102400000 "
            "--timeout 1501ms --expect hang --append 'debug it'\\''s=\"x\"' --kernel '/tmp/my kernel/Image' --symbols "
            "/tmp/System.map --cold-boot " +
                hashes() + " --seed 1");
}

// Whatever its name and its folder's name are: only what is known to be a shipped one is named by its name.
TEST(Repeat, AScenarioOfOnesOwnIsNamedByAnAbsolutePathAndBestByTheCopyAmongTheResults) {
  Scenario scenario = own_scenario();
  scenario.shipped = false;
  Plan plan = *planned(scenario);
  const std::string here = std::filesystem::current_path().string();
  EXPECT_THAT(repeat_command(plan, 0), HasSubstr(" run " + here + "/x/scenarios/mine.toml --strategy"));
  plan.kept_scenario = "/results of mine/" + kept_scenario_name(plan);
  EXPECT_THAT(repeat_command(plan, 0), HasSubstr(" run '/results of mine/mine/scenario-" +
                                                 sha256_hex(kGoodScenario).substr(0, 12) + ".toml' --strategy"));
}

TEST(Repeat, WhatWasKeptElsewhereIsNamedThere) {
  const TemporaryFolder folder;
  const std::string kept = folder.file("run's/incomplete-7/mine");
  std::filesystem::create_directories(kept);
  const std::string file = "/scenario-0288afee7fae.toml";
  const std::string rest = " --strategy bbm-fault --seed 1";
  const std::string line = "/r run " + shell_word("/nowhere of any's" + file) + rest;
  EXPECT_EQ(with_kept_scenario(line, kept, kept), line) << "nothing lies there";
  std::ofstream(kept + file) << "text";
  EXPECT_EQ(with_kept_scenario(line, kept, "/placed/mine"), "/r run /placed/mine" + file + rest);
  EXPECT_EQ(with_kept_scenario(line, kept, kept), "/r run " + shell_word(kept + file) + rest);
  // Where the line names what is there, it stays; so does one with a shipped scenario.
  std::ofstream(folder.file("scenario-0288afee7fae.toml")) << "text";
  const std::string good = "/r run " + folder.file("scenario-0288afee7fae.toml") + rest;
  EXPECT_EQ(with_kept_scenario(good, kept, kept), good);
  EXPECT_EQ(with_kept_scenario("/r run irq-same-cpu" + rest, kept, kept), "/r run irq-same-cpu" + rest);
}

TEST(Repeat, OtherBytesAreRefusedByName) {
  Overrides overrides;
  overrides.same = bytes_of(*planned(own_scenario()));
  EXPECT_TRUE(planned(own_scenario(), overrides).ok());
  Scenario edited = own_scenario();
  edited.text += "# edited\n";
  const auto refused = planned(edited, overrides);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::usage);
  EXPECT_THAT(refused.error().message, HasSubstr("the scenario differs: " + sha256_hex(edited.text).substr(0, 16)));
  EXPECT_THAT(refused.error().hint, HasSubstr("--sha256"));
  overrides.same.kernel[3] = 'f';
  EXPECT_THAT(planned(own_scenario(), overrides).error().message, HasSubstr("vmlinux differs"));
}

TEST(Repeat, TheLineBeginsWithWhatWasCalledAndWhere) {
  std::map<std::string, std::string> variables;
  const Environment environment = [&](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
  const std::string self = std::filesystem::read_symlink("/proc/self/exe").string();
  EXPECT_EQ(line_begin(environment), self);
  variables["REMAPSTORM_LAB"] = "x86";
  variables["REMAPSTORM_LAB_RUN"] = "/t/lab/run";
  EXPECT_EQ(line_begin(environment), "/t/lab/run x86 " + self);
  variables["REMAPSTORM_RUN"] = "/my tree/run";
  EXPECT_EQ(line_begin(environment), "'/my tree/run' --lab x86");
  variables.erase("REMAPSTORM_LAB");
  EXPECT_EQ(line_begin(environment), "'/my tree/run'");
}

TEST(Repeat, ARecordingKeepsTheLineAndTheHashes) {
  const Plan plan = *planned(own_scenario());
  const auto recorded = read_recorded_plan(plan_json(plan, 3));
  ASSERT_TRUE(recorded.ok()) << recorded.error().message;
  EXPECT_EQ(recorded->repeat, repeat_command(plan, 3));
  EXPECT_EQ(recorded->scenario_sha256, sha256_hex(kGoodScenario));
  EXPECT_EQ(recorded->guest.cmdline_sha256, std::string(64, 'c'));
}

}  // namespace
}  // namespace remapstorm
