// SPDX-License-Identifier: Apache-2.0
#include "base/names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace remapstorm {
namespace {

using ::testing::ElementsAre;

TEST(Split, KeepsWhatIsEmpty) {
  EXPECT_THAT(split("irq,nmi", ','), ElementsAre("irq", "nmi"));
  EXPECT_THAT(split(",a,,", ','), ElementsAre("", "a", "", ""));
  EXPECT_THAT(split("", ','), ElementsAre(""));
  EXPECT_THAT(split("a+b", ','), ElementsAre("a+b"));
}

}  // namespace
}  // namespace remapstorm
