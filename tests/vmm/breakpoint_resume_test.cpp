// SPDX-License-Identifier: Apache-2.0
// Made-up sequences of hits and steps.
#include "vmm/breakpoint_resume.h"

#include <gtest/gtest.h>

namespace remapstorm {
namespace {

using Where = BreakpointResume::Where;
using Outcome = BreakpointResume::StepOutcome;

constexpr Where at(std::uint64_t pc, std::uint64_t sp) { return {Gva(pc), Gva(sp)}; }
constexpr Where kSite = at(0x1000, 0x8000);
constexpr Where kHandler = at(0x5000, 0x7fd8);

TEST(BreakpointResume, StepsOverOnceThenGoesOn) {
  BreakpointResume resume;
  EXPECT_FALSE(resume.must_step(kSite));
  EXPECT_TRUE(resume.on_hit(kSite));
  EXPECT_TRUE(resume.must_step(kSite));
  resume.on_step(Outcome{at(0x1003, 0x8000), {}, false});
  EXPECT_FALSE(resume.must_step(kSite));
  EXPECT_EQ(resume.interrupted_count(), 0u);
}

TEST(BreakpointResume, ALoopHitsAnewEachTurn) {
  BreakpointResume resume;
  for (int turn = 0; turn < 100; ++turn) {
    EXPECT_TRUE(resume.on_hit(kSite)) << turn;
    resume.on_step(Outcome{at(0x1003, 0x8000), {}, false});
  }
}

TEST(BreakpointResume, AJumpToItselfIsANewOccurrence) {
  BreakpointResume resume;
  EXPECT_TRUE(resume.on_hit(kSite));
  resume.on_step(Outcome{kSite, {}, false});
  EXPECT_FALSE(resume.must_step(kSite));
  EXPECT_TRUE(resume.on_hit(kSite));
}

TEST(BreakpointResume, ARepeatedStringInstructionIsOneOccurrence) {
  BreakpointResume resume;
  EXPECT_TRUE(resume.on_hit(kSite));
  for (int i = 0; i < 10; ++i) {
    resume.on_step(Outcome{kSite, {}, true});
    EXPECT_TRUE(resume.must_step(kSite));
  }
  resume.on_step(Outcome{at(0x1002, 0x8000), {}, true});
  EXPECT_FALSE(resume.stepping());
}

TEST(BreakpointResume, TheReturnFromAnInterruptIsTheSameOccurrence) {
  BreakpointResume resume;
  EXPECT_TRUE(resume.on_hit(kSite));
  resume.on_step(Outcome{kHandler, kSite, false});
  EXPECT_EQ(resume.interrupted_count(), 1u);
  EXPECT_FALSE(resume.must_step(kHandler));
  EXPECT_FALSE(resume.on_hit(kSite)) << "already reported";
  EXPECT_TRUE(resume.must_step(kSite));
  resume.on_step(Outcome{at(0x1003, 0x8000), {}, false});
  EXPECT_EQ(resume.interrupted_count(), 0u);
  EXPECT_TRUE(resume.on_hit(kSite)) << "the next turn is new";
}

TEST(BreakpointResume, SeveralInterruptsBeforeTheInstructionRuns) {
  BreakpointResume resume;
  EXPECT_TRUE(resume.on_hit(kSite));
  for (int i = 0; i < 5; ++i) {
    resume.on_step(Outcome{kHandler, kSite, false});
    EXPECT_FALSE(resume.on_hit(kSite));
  }
  EXPECT_EQ(resume.interrupted_count(), 0u);
}

TEST(BreakpointResume, TheHandlerReachingTheSiteItselfIsNew) {
  BreakpointResume resume;
  EXPECT_TRUE(resume.on_hit(kSite));
  resume.on_step(Outcome{kHandler, kSite, false});
  const Where nested = at(0x1000, 0x7f00);
  EXPECT_TRUE(resume.on_hit(nested));
  resume.on_step(Outcome{at(0x1003, 0x7f00), {}, false});
  EXPECT_FALSE(resume.on_hit(kSite)) << "the interrupted one comes back silently";
}

TEST(BreakpointResume, NestedInterruptionsUnwindInOrder) {
  BreakpointResume resume;
  const Where inner = at(0x1000, 0x7f00);
  EXPECT_TRUE(resume.on_hit(kSite));
  resume.on_step(Outcome{kHandler, kSite, false});
  EXPECT_TRUE(resume.on_hit(inner));
  resume.on_step(Outcome{at(0x5000, 0x7e00), inner, false});
  EXPECT_EQ(resume.interrupted_count(), 2u);
  EXPECT_FALSE(resume.on_hit(inner));
  resume.on_step(Outcome{at(0x1003, 0x7f00), {}, false});
  EXPECT_FALSE(resume.on_hit(kSite));
  EXPECT_EQ(resume.interrupted_count(), 0u);
}

TEST(BreakpointResume, ABreakpointInsideTheHandlerInterruptsTheStep) {
  BreakpointResume resume;
  EXPECT_TRUE(resume.on_hit(kSite));
  resume.on_interrupted();
  EXPECT_TRUE(resume.on_hit(kHandler));
  resume.on_step(Outcome{at(0x5003, 0x7fd8), {}, false});
  EXPECT_FALSE(resume.on_hit(kSite));
}

TEST(BreakpointResume, AFrameThatReturnsElsewhereIsNotOurs) {
  BreakpointResume resume;
  EXPECT_TRUE(resume.on_hit(kSite));
  resume.on_step(Outcome{kHandler, at(0x1003, 0x8000), false});
  EXPECT_EQ(resume.interrupted_count(), 0u) << "the instruction ran, then the interrupt came";
  EXPECT_TRUE(resume.on_hit(kSite));
}

TEST(BreakpointResume, ChangedRegistersEndTheStep) {
  BreakpointResume resume;
  EXPECT_TRUE(resume.on_hit(kSite));
  EXPECT_FALSE(resume.must_step(at(0x2000, 0x8000)));
  resume.on_moved();
  EXPECT_FALSE(resume.must_step(kSite));
}

TEST(BreakpointResume, ContextsThatNeverReturnAreBounded) {
  BreakpointResume resume;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    const Where site = at(0x1000, 0x8000 + 64 * i);
    EXPECT_TRUE(resume.on_hit(site));
    resume.on_step(Outcome{kHandler, site, false});
  }
  EXPECT_LE(resume.interrupted_count(), 64u);
  EXPECT_FALSE(resume.on_hit(at(0x1000, 0x8000 + 64 * 999))) << "the newest are kept";
}

TEST(BreakpointResume, StepsAndInterruptionsOutOfPlaceDoNothing) {
  BreakpointResume resume;
  resume.on_step(Outcome{kSite, kSite, false});
  resume.on_interrupted();
  EXPECT_EQ(resume.interrupted_count(), 0u);
  EXPECT_TRUE(resume.on_hit(kSite));
  resume.reset();
  EXPECT_FALSE(resume.must_step(kSite));
}

}  // namespace
}  // namespace remapstorm
