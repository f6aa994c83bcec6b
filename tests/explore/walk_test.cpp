// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "campaign/explore/explorer_walk.h"

namespace remapstorm {
namespace {

// A way through a window: pc and stack pointer of each step; every step is a boundary.
Walked way(const std::vector<std::pair<std::uint64_t, std::uint64_t>>& steps) {
  Walked walked;
  for (const auto& [pc, stack] : steps) {
    Boundary boundary;
    boundary.pc = Gva(pc);
    boundary.steps = walked.trail.size();
    walked.boundaries.push_back(boundary);
    walked.trail.push_back(Gva(pc));
    walked.stacks.push_back(Gva(stack));
  }
  return walked;
}

TEST(Visits, CountOnlyThoseOnTheWayInTheSameFrame) {
  // A loop of three, then the same function from deeper in the stack.
  const Walked walked = way({{1, 90}, {2, 90}, {1, 90}, {2, 90}, {1, 90}, {3, 80}, {1, 80}, {1, 90}});
  EXPECT_EQ(visits_between(walked, 1, 2), 1U);
  EXPECT_EQ(visits_between(walked, 0, 2), 2U) << "where the first injection is raised, it stands there itself";
  EXPECT_EQ(visits_between(walked, 0, 4), 3U);
  EXPECT_EQ(visits_between(walked, 0, 6), 1U) << "another frame";
  EXPECT_EQ(visits_between(walked, 3, 7), 2U);
}

TEST(Visits, CountThoseInsideCallsThatHaveNoBoundaries) {
  Walked walked = way({{1, 90}, {5, 90}, {1, 90}, {7, 90}, {5, 90}});
  walked.boundaries.erase(walked.boundaries.begin() + 1, walked.boundaries.begin() + 4);
  EXPECT_EQ(visits_between(walked, 0, 1), 2U);
}

}  // namespace
}  // namespace remapstorm
