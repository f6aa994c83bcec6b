// SPDX-License-Identifier: Apache-2.0
#include "plan/same_bytes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace remapstorm {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::string kHash = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

TEST(SameBytes, TheTextReadsBackAsTheSame) {
  SameBytes bytes;
  EXPECT_TRUE(bytes.empty());
  EXPECT_EQ(same_bytes_text(bytes), "");
  bytes.scenario = kHash;
  bytes.initramfs = "f" + kHash.substr(1);
  const std::string text = same_bytes_text(bytes);
  EXPECT_EQ(text, "scenario=0123456789abcdef,initramfs=f123456789abcdef");
  const auto parsed = parse_same_bytes(text);
  ASSERT_TRUE(parsed.ok()) << parsed.error().message;
  EXPECT_THAT(differences(*parsed, bytes), ElementsAre());
  EXPECT_EQ(same_bytes_text(*parsed), text);
}

TEST(SameBytes, WhatIsNotTheSameIsNamedAndUnknownIsNotTheSame) {
  const SameBytes asked = *parse_same_bytes("scenario=0123456789abcdef,kernel=0123456789abcdef");
  SameBytes here;
  here.scenario = "0123456789abcdee" + kHash.substr(16);
  const auto lines = differences(asked, here);
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0], "the scenario differs: 0123456789abcdee here, 0123456789abcdef asked for");
  EXPECT_THAT(lines[1], HasSubstr("vmlinux differs: unknown here"));
  here.scenario = here.kernel = kHash;
  EXPECT_THAT(differences(asked, here), ElementsAre());
}

TEST(SameBytes, WhatIsNoListIsRefused) {
  for (const char* text : {"", "scenario", "scenario=", "scenario=0123", "scenario=0123456789ABCDEF",
                           "kernal=0123456789abcdef", "scenario=0123456789abcdef,", "scenario=0123456789abcdeg"}) {
    const auto parsed = parse_same_bytes(text);
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_EQ(parsed.error().kind, ErrorKind::usage);
    EXPECT_THAT(parsed.error().hint, HasSubstr("initramfs"));
  }
  EXPECT_FALSE(parse_same_bytes("kernel=" + kHash + "0").ok());
}

}  // namespace
}  // namespace remapstorm
