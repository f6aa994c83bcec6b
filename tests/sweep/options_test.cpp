// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "campaign/lab.h"
#include "campaign/sweep_repeat.h"
#include "cli/compare_options.h"
#include "cli/name_list.h"
#include "cli/soak_options.h"
#include "cli/sweep_options.h"
#include "cli/words.h"
#include "results/exit_code.h"
#include "tests/base/temporary_folder.h"
#include "tests/cli/fake_context.h"

namespace remapstorm {
namespace {

using Names = std::vector<std::string>;

TEST(NameLists, AreSplitAtCommasAndHoldNothingTwice) {
  EXPECT_EQ(*split_names("--x", "a,b,a"), (Names{"a", "b"}));
  for (const char* wrong : {"", ",", "a,", ",a", "a,,b"}) EXPECT_FALSE(split_names("--x", wrong).ok()) << wrong;
}

TEST(NameLists, AreOfKnownNames) {
  const Names known = {"inplace", "bbm-fault"};
  EXPECT_EQ(*parse_names("--x", "all", known), known);
  EXPECT_EQ(*parse_names("--x", "bbm-fault", known), (Names{"bbm-fault"}));
  const auto wrong = parse_names("--x", "inplcae", known);
  ASSERT_FALSE(wrong.ok());
  EXPECT_EQ(wrong.error().hint, "did you mean inplace?");
}

TEST(NameLists, HostsAreThoseTheTreeHas) {
  EXPECT_EQ(*parse_hosts("--hosts", "all", ""), (Names{"kvm"}));
  EXPECT_FALSE(parse_hosts("--hosts", "lab:s390", "/nowhere").ok());
}

TEST(SweepOptionsText, Defaults) {
  const FakeContext fake;
  const auto options = parse_words<SweepWords>(fake.context, {});
  ASSERT_TRUE(options.ok() && options->has_value());
  EXPECT_TRUE((*options)->scenarios.empty()) << "all";
  EXPECT_GE((*options)->strategies.size(), 3U);
  EXPECT_EQ((*options)->flavours, (Names{"std"}));
  EXPECT_EQ((*options)->hosts, (Names{"kvm"}));
  EXPECT_EQ((*options)->seeds, 1U);
  EXPECT_FALSE((*options)->jobs.has_value());
}

TEST(SweepOptionsText, TheLabIsAskedForTheSameMatrix) {
  const FakeContext fake;
  const auto options = parse_words<SweepWords>(fake.context, {"--seeds", "7", "--jobs", "3", "--strategies", "inplace",
                                                              "--flavours", "std,rt", "--timeout", "1.5s"});
  ASSERT_TRUE(options.ok() && options->has_value());
  const auto again = parse_words<SweepWords>(fake.context, sweep_words(**options, {"/a/b.toml", "/c.toml"}, {"kvm"}));
  ASSERT_TRUE(again.ok() && again->has_value()) << again.error().message;
  EXPECT_EQ((*again)->scenarios, (Names{"/a/b.toml", "/c.toml"}));
  EXPECT_EQ((*again)->strategies, (*options)->strategies);
  EXPECT_EQ((*again)->flavours, (*options)->flavours);
  EXPECT_EQ((*again)->seeds, 7U);
  EXPECT_EQ((*again)->jobs, 3U);
  EXPECT_EQ((*again)->timeout, (*options)->timeout);
  const auto all = parse_words<SweepWords>(fake.context, sweep_words(**options, {}, {"kvm"}));
  ASSERT_TRUE(all.ok() && all->has_value()) << all.error().message;
  EXPECT_TRUE((*all)->scenarios.empty()) << "not each by its name: of what is named more is told";
}

TEST(MatrixCommands, MistakesAreExplained) {
  for (const Arguments& wrong : std::vector<Arguments>{{"sweep", "--scenarios", "nonsense"},
                                                       {"sweep", "--strategies", "magic"},
                                                       {"sweep", "--flavours", "vanilla"},
                                                       {"sweep", "--hosts", "moon"},
                                                       {"sweep", "--seeds", "0"},
                                                       {"sweep", "--jobs", "0"},
                                                       {"sweep", "--resume"},
                                                       {"sweep", "--output-dir", ""},
                                                       {"soak", "--strategies", "bbm-fault"},
                                                       {"soak", "--trials", "none"},
                                                       {"soak", "--hosts", "lab:"},
                                                       {"soak", "extra"},
                                                       {"compare", "--strategies", "magic"},
                                                       {"compare", "--steal", "1h"},
                                                       {"compare", "--steal", "20s"},
                                                       {"compare", "--format", "ktap"},
                                                       {"compare", "--repeat", "0"}}) {
    FakeContext fake;
    EXPECT_EQ(dispatch(fake.context, wrong), kExitUsage) << wrong[0] << " " << wrong.back();
    EXPECT_TRUE(fake.err.str().starts_with("remapstorm: ")) << wrong[0] << " " << wrong.back();
    EXPECT_EQ(fake.out.str(), "");
  }
}

TEST(MatrixCommands, NeedTheImagesOfTheirFlavours) {
  for (const char* command : {"soak", "compare"}) {
    FakeContext fake;
    EXPECT_EQ(dispatch(fake.context, {"needs", "--", command, "--flavour", "rt"}), kExitOk);
    EXPECT_EQ(fake.out.str(), "rt\n") << command;
  }
  // Of a mistake nothing is needed: the command itself explains it.
  FakeContext wrong;
  EXPECT_EQ(dispatch(wrong.context, {"needs", "--", "sweep", "--flavours", "vanilla"}), kExitOk);
  EXPECT_EQ(wrong.out.str(), "");
}

TEST(MatrixCommands, ASweepOfNothingIsAMistake) {
  const TemporaryFolder folder;
  std::ofstream(folder.file("mine.toml")) << R"(name = "mine"
summary = "x"
strategy = "inplace"
[[workload]]
vcpu = 0
run = "hugetlb-grow"
pages = 1
[expect]
verdict = "clean"
)";
  FakeContext fake;
  EXPECT_EQ(dispatch(fake.context, {"sweep", "--scenarios", folder.file("mine.toml"), "--strategies", "bbm-fault"}),
            kExitUsage);
  EXPECT_NE(fake.err.str().find("made for"), std::string::npos) << fake.err.str();
  // The same row twice would be two answers to one question.
  std::ofstream(folder.file("other.toml")) << std::ifstream(folder.file("mine.toml")).rdbuf();
  FakeContext twice;
  EXPECT_EQ(
      dispatch(twice.context, {"sweep", "--scenarios", folder.file("mine.toml") + "," + folder.file("other.toml")}),
      kExitUsage);
  EXPECT_NE(twice.err.str().find("are both named mine"), std::string::npos) << twice.err.str();
}

}  // namespace
}  // namespace remapstorm
