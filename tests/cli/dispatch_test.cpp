// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "results/exit_code.h"
#include "tests/base/temporary_folder.h"
#include "tests/cli/fake_context.h"

namespace remapstorm {
namespace {

bool holds(const std::ostringstream& text, const std::string& part) {
  return text.str().find(part) != std::string::npos;
}

TEST(Meant, AFirstWordThatIsNoCommandIsAScenario) {
  EXPECT_STREQ(what_is_meant({"irq-same-cpu", "-q"}).command->name, "run");
  EXPECT_EQ(what_is_meant({"irq-same-cpu", "-q"}).arguments, (Arguments{"irq-same-cpu", "-q"}));
  EXPECT_STREQ(what_is_meant({"--dry-run", "irq-same-cpu"}).command->name, "run");
  EXPECT_STREQ(what_is_meant({"run", "list"}).command->name, "run");
  EXPECT_EQ(what_is_meant({"run", "list"}).arguments, (Arguments{"list"}));
  EXPECT_STREQ(what_is_meant({"list", "--format", "json"}).command->name, "list");
  EXPECT_STREQ(what_is_meant({"help", "doctor"}).command->name, "doctor");
  EXPECT_EQ(what_is_meant({"--help"}).command, nullptr);
  EXPECT_EQ(what_is_meant({}).command, nullptr);
}

TEST(Commands, EachHasANameASummaryAndAnExampleOfItsOwn) {
  std::set<std::string> names;
  for (const Command& command : commands()) {
    EXPECT_TRUE(names.insert(command.name).second) << command.name;
    EXPECT_TRUE(std::string(command.example).starts_with(command.name)) << command.name;
    EXPECT_NE(command.run, nullptr);
    EXPECT_EQ(find_command(command.name), &command);
  }
  EXPECT_EQ(find_command("nonsense"), nullptr);
}

TEST(Dispatch, HelpNamesEveryCommandAndEachCommandHasHelpWithItsExample) {
  FakeContext all;
  EXPECT_EQ(dispatch(all.context, {"--help"}), kExitOk);
  for (const Command& command : commands()) {
    if (command.hidden) continue;
    EXPECT_TRUE(holds(all.out, std::string("  ") + command.name + " ")) << command.name;
    FakeContext one;
    EXPECT_EQ(dispatch(one.context, {command.name, "--help"}), kExitOk) << command.name;
    EXPECT_TRUE(holds(one.out, "example: ./run " + std::string(command.name))) << one.out.str();
    EXPECT_EQ(one.err.str(), "");
  }
  EXPECT_FALSE(holds(all.out, "needs"));
}

TEST(Dispatch, Version) {
  FakeContext fake;
  EXPECT_EQ(dispatch(fake.context, {"--version"}), kExitOk);
  EXPECT_EQ(fake.out.str(), "remapstorm 1.2.3\n");
}

TEST(Dispatch, NothingTypedIsAMistakeThatHelps) {
  FakeContext fake;
  EXPECT_EQ(dispatch(fake.context, {}), kExitUsage);
  EXPECT_TRUE(holds(fake.err, "HINT: ./run --help"));
}

TEST(Dispatch, AMistypedScenario) {
  FakeContext fake;
  EXPECT_EQ(dispatch(fake.context, {"irq-smae-cpu"}), kExitUsage);
  EXPECT_TRUE(holds(fake.err, "unknown scenario 'irq-smae-cpu'"));
  EXPECT_TRUE(holds(fake.err, "irq-same-cpu"));
}

TEST(Dispatch, AMistypedCommandIsRecognised) {
  FakeContext fake;
  EXPECT_EQ(dispatch(fake.context, {"docter"}), kExitUsage);
  EXPECT_TRUE(holds(fake.err, "did you mean the command doctor?")) << fake.err.str();
}

TEST(Dispatch, MistakesInTheOtherCommands) {
  for (const Arguments& wrong : std::vector<Arguments>{{"list", "--format", "xml"},
                                                       {"list", "extra"},
                                                       {"describe"},
                                                       {"describe", "nothing-like-it"},
                                                       {"describe", "missing.toml"},
                                                       {"doctor", "--fix"},
                                                       {"guest"},
                                                       {"guest", "bild"},
                                                       {"guest", "build", "--flavour", "strawberry"},
                                                       {"guest", "list", "x"},
                                                       {"help", "nonsense"},
                                                       {"run"},
                                                       {"run", "/"},
                                                       {"list", "--scenario-dir", "/nonexistent"}}) {
    FakeContext fake;
    EXPECT_EQ(dispatch(fake.context, wrong), kExitUsage) << wrong[0];
    EXPECT_TRUE(holds(fake.err, "remapstorm: ")) << wrong[0];
    EXPECT_EQ(fake.out.str(), "") << wrong[0];
  }
}

TEST(GuestList, AnEmptyCacheSaysHowToFillIt) {
  const TemporaryFolder folder;
  FakeContext fake;
  fake.variables["REMAPSTORM_CACHE"] = folder.path();
  EXPECT_EQ(dispatch(fake.context, {"guest", "list"}), kExitOk);
  EXPECT_TRUE(holds(fake.out, "./run guest build")) << fake.out.str();
}

TEST(GuestBuild, WithoutTheSourceTreeItIsUnavailable) {
  FakeContext fake;
  EXPECT_EQ(dispatch(fake.context, {"guest", "build"}), kExitUnavailable);
  EXPECT_TRUE(holds(fake.err, "HINT: "));
}

TEST(Needs, MistakesNeedNothing) {
  for (const Arguments& words : std::vector<Arguments>{
           {"--"}, {"--", "list"}, {"--", "--help"}, {"--", "unknown"}, {"--", "run", "--cpus", "99", "x"}}) {
    FakeContext fake;
    Arguments arguments = words;
    arguments.insert(arguments.begin(), "needs");
    EXPECT_EQ(dispatch(fake.context, arguments), kExitOk);
    EXPECT_EQ(fake.out.str(), "");
    EXPECT_EQ(fake.err.str(), "");
  }
}

}  // namespace
}  // namespace remapstorm
