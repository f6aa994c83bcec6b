// SPDX-License-Identifier: Apache-2.0
#include "plan/config_difference.h"

#include <gtest/gtest.h>

namespace remapstorm {
namespace {

using Lines = std::vector<std::string>;

TEST(ConfigDifference, SaysWhatIsMoreLessAndOtherwise) {
  const std::string base = "# a comment\nCONFIG_A=y\nCONFIG_HZ=25\n# CONFIG_B is not set\nCONFIG_GONE=y\n";
  const std::string other = "CONFIG_A=y\nCONFIG_B=y\nCONFIG_HZ=100\nCONFIG_BITS=15\n";
  EXPECT_EQ(config_difference(base, other), (Lines{"+B", "+BITS=15", "HZ=100", "-GONE"}));
}

TEST(ConfigDifference, OfTheSameIsNothing) {
  EXPECT_EQ(config_difference("CONFIG_A=y\n", "CONFIG_A=y"), Lines{});
  EXPECT_EQ(config_difference("", ""), Lines{});
}

TEST(ConfigDifference, SkipsWhatSetsNothing) {
  EXPECT_EQ(config_difference("", "CONFIG_\nCONFIG_=\n=\n\n\nNOT_CONFIG_A=y\n"), Lines{});
}

}  // namespace
}  // namespace remapstorm
