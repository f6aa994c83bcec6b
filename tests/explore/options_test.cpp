// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "campaign/explore/explorer.h"
#include "cli/explore_options.h"
#include "cli/words.h"
#include "tests/cli/fake_context.h"

namespace remapstorm {
namespace {

class ExploreTyped : public testing::Test {
 protected:
  FakeContext fake_;

  ExploreRequest parsed(const Arguments& words) {
    const auto options = parse_words<ExploreWords>(fake_.context, words);
    EXPECT_TRUE(options.ok()) << options.error().message;
    return options.ok() && *options ? **options : ExploreRequest{};
  }
  std::string complaint(const Arguments& words) {
    const auto options = parse_words<ExploreWords>(fake_.context, words);
    if (options.ok()) return "none";
    EXPECT_EQ(options.error().kind, ErrorKind::usage);
    return options.error().message + " | " + options.error().hint;
  }
};

TEST_F(ExploreTyped, TheUsualIsFilledIn) {
  const ExploreRequest options = parsed({"bbm-pte"});
  EXPECT_EQ(options.window.name, "bbm-pte");
  EXPECT_EQ(options.injections, (std::vector<std::string>{"irq", "nmi"}));
  EXPECT_TRUE(options.follow_calls);
  EXPECT_EQ(options.strategy, "bbm-fault");
  EXPECT_EQ(default_workloads(options).size(), 1U);
  EXPECT_EQ(default_workloads(parsed({"bbm-pte", "--inject", "hold"})).size(), 2U)
      << "a hold shows nothing unless somebody reads meanwhile";
  EXPECT_EQ(default_workloads(parsed({"bbm-pte", "--inject", "irq,hold"})).back().run, "read-target-in-holds")
      << "a reader beside an interrupt alone comes upon the window by chance";
  EXPECT_EQ(usual_jobs(parsed({"bbm-pte", "--inject", "hold"})), usual_jobs(options)) << "one vCPU runs at a time";
}

TEST_F(ExploreTyped, EverythingCanBeSaidAndIsRepeated) {
  const Arguments words = {"lock.got..lock.drop",
                           "--inject",
                           "nmi,hold",
                           "--strategy",
                           "bbm-fault-irqsafe",
                           "--pairs",
                           "--calls",
                           "over",
                           "--nth",
                           "3",
                           "--cpus",
                           "4",
                           "--memory",
                           "256M",
                           "--hold",
                           "250ms",
                           "--workload",
                           "0:hugetlb-cycle,pages=2,repeat=3;1:kpageflags",
                           "--append",
                           "quiet debug",
                           "--via",
                           "line",
                           "--action",
                           "none"};
  const ExploreRequest options = parsed(words);
  EXPECT_EQ(injection_names(options), (std::vector<std::string>{"nmi", "hold", "nmi+hold", "hold+nmi"}));
  EXPECT_EQ(options.workloads.size(), 2U);
  EXPECT_EQ(workload_text(options.workloads[0]), "0:hugetlb-cycle,pages=2,repeat=3");
  EXPECT_EQ(explore_words(options),
            "explore lock.got..lock.drop --inject nmi,hold --strategy bbm-fault-irqsafe --pairs --calls over --nth 3 "
            "--cpus 4 --memory 262144K --action none --via line --hold 250ms --append 'quiet debug' --workload "
            "'0:hugetlb-cycle,pages=2,repeat=3;1:kpageflags'");
}

TEST_F(ExploreTyped, TheWindowMayBeAnOptionAndAPointMayBeRepeated) {
  const ExploreRequest options = parsed({"--window", "lock", "--repeat", "10"});
  EXPECT_EQ(options.window.name, "lock");
  EXPECT_EQ(options.executions, 10U);
  EXPECT_EQ(explore_words(options), "explore lock --inject irq,nmi --strategy bbm-fault --repeat 10");
  EXPECT_NE(complaint({"bbm-pte", "--window", "lock"}).find("two windows"), std::string::npos);
  EXPECT_NE(complaint({}).find("which WINDOW?"), std::string::npos);
  EXPECT_NE(complaint({"lock", "--repeat", "0"}).find("--repeat"), std::string::npos);
}

TEST_F(ExploreTyped, PairsAtOneBoundaryOrAtTwo) {
  EXPECT_EQ(parsed({"bbm-pte"}).pairs, Pairs::none);
  EXPECT_EQ(parsed({"--pairs", "bbm-pte"}).pairs, Pairs::same) << "the word behind it is the window";
  EXPECT_EQ(parsed({"bbm-pte", "--pairs=same"}).pairs, Pairs::same);
  const ExploreOptions two = parsed({"bbm-pte", "--pairs=window", "--stride", "8"});
  EXPECT_EQ(two.pairs, Pairs::window);
  EXPECT_EQ(injection_names(two), (std::vector<std::string>{"irq", "nmi"}));
  EXPECT_EQ(pair_names(two), (std::vector<std::string>{"irq+nmi", "nmi+irq"}));
  EXPECT_EQ(explore_words(two), "explore bbm-pte --inject irq,nmi --strategy bbm-fault --pairs=window --stride 8");
  const ExploreOptions at = parsed({"bbm-pte", "--inject", "irq+nmi", "--at", "rs_log+0x4,rs_log+0x8/2"});
  EXPECT_EQ(at.at->place, "rs_log+0x4");
  EXPECT_EQ(at.then->place, "rs_log+0x8");
  EXPECT_EQ(at.then->visit, 2U);
  EXPECT_NE(complaint({"bbm-pte", "--pairs=windwo"}).find("did you mean window?"), std::string::npos);
  EXPECT_NE(complaint({"bbm-pte", "--pairs", "window"}).find("--pairs=window"), std::string::npos);
  EXPECT_NE(complaint({"bbm-pte", "--stride", "8"}).find("give --pairs=window"), std::string::npos);
  EXPECT_NE(complaint({"bbm-pte", "--pairs=window", "--stride", "0"}).find("--stride 0"), std::string::npos);
  EXPECT_NE(complaint({"bbm-pte", "--pairs", "--inject", "irq+nmi,hold"}).find("a pair already"), std::string::npos);
  EXPECT_NE(complaint({"bbm-pte", "--at", "1,2"}).find("irq is no pair"), std::string::npos);
  EXPECT_NE(complaint({"bbm-pte", "--inject", "irq+nmi", "--at", "1,2,3"}).find("two boundaries"), std::string::npos);
  EXPECT_NE(complaint({"bbm-pte", "--inject", "irq+nmi", "--at", "1,"}).find("names no boundary"), std::string::npos);
}

TEST_F(ExploreTyped, MistakesNameWhatWasMeant) {
  EXPECT_NE(complaint({}).find("which WINDOW?"), std::string::npos);
  EXPECT_NE(complaint({"bbm-pet"}).find("did you mean bbm-pte?"), std::string::npos);
  EXPECT_NE(complaint({"bbm-pte", "bbm-pmd"}).find("more than one window"), std::string::npos);
  EXPECT_NE(complaint({"bbm-pte", "--inject", "irq,nim"}).find("did you mean nmi?"), std::string::npos);
  EXPECT_NE(complaint({"bbm-pte", "--inject", "irq,irq"}).find("twice"), std::string::npos);
  EXPECT_NE(complaint({"bbm-pte", "--strategy", "bbm-falt"}).find("did you mean bbm-fault?"), std::string::npos);
  EXPECT_NE(complaint({"bbm-pte", "--pairs", "--inject", "irq"}).find("--pairs with one"), std::string::npos);
  EXPECT_NE(complaint({"bbm-pte", "--resume"}).find("--resume needs --output-dir"), std::string::npos);
  EXPECT_NE(complaint({"bbm-pte", "--resum"}).find("did you mean --resume?"), std::string::npos);
  EXPECT_NE(complaint({"bbm-pte", "--nth", "0"}).find("--nth 0"), std::string::npos);
  EXPECT_NE(complaint({"bbm-pte", "--hold", "11s"}).find("from 1ms to 10s"), std::string::npos);
  EXPECT_NE(complaint({"bbm-pte", "--workload", "hugetlb-grow"}).find("VCPU:NAME"), std::string::npos);
  EXPECT_NE(complaint({"bbm-pte", "--workload", "7:spin"}).find("no vCPU 7"), std::string::npos);
  EXPECT_NE(complaint({"bbm-pte", "--workload", "0:hugetlb-grew"}).find("did you mean hugetlb-grow?"),
            std::string::npos);
  EXPECT_NE(complaint({"bbm-pte", "--workload", "0:spin,pages=1"}).find("no argument 'pages'"), std::string::npos);
  EXPECT_NE(complaint({"bbm-pte", "-v", "-q"}).find("opposite"), std::string::npos);
}

TEST(BoundaryChoices, AreNumbersOrNames) {
  EXPECT_EQ(parse_boundary_choice("17")->index, 17U);
  const auto named = parse_boundary_choice("rs_log+0x1c/2");
  ASSERT_TRUE(named.ok());
  EXPECT_EQ(named->place, "rs_log+0x1c");
  EXPECT_EQ(named->visit, 2U);
  EXPECT_EQ(parse_boundary_choice("rs_log")->visit, 1U);
  EXPECT_FALSE(parse_boundary_choice("").ok());
  EXPECT_FALSE(parse_boundary_choice("rs_log/0").ok());
  EXPECT_FALSE(parse_boundary_choice("rs_log/x").ok());
  EXPECT_FALSE(parse_boundary_choice("/2").ok());
}

}  // namespace
}  // namespace remapstorm
