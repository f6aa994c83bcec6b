// SPDX-License-Identifier: Apache-2.0
#include "base/printable.h"

#include <gtest/gtest.h>

#include "base/rng.h"

namespace remapstorm {
namespace {

TEST(Printable, KeepsWhatCanBeShown) {
  EXPECT_EQ(printable("vCPU 0, 100 %: gr\xc3\xbc\xc3\x9f \xe2\x94\x80 \xf0\x9f\x90\xa7"),
            "vCPU 0, 100 %: gr\xc3\xbc\xc3\x9f \xe2\x94\x80 \xf0\x9f\x90\xa7");
  EXPECT_EQ(printable("a\tb"), "a b");
  EXPECT_EQ(printable(""), "");
}

TEST(Printable, LeavesNothingThatATerminalObeys) {
  EXPECT_EQ(printable("\x1b[2J\x1b]0;title\x07"), "?[2J?]0;title?");
  EXPECT_EQ(printable("a\r\nb\x7f"), "a??b?");
  EXPECT_EQ(printable(std::string_view("a\0b", 3)), "a?b");
  EXPECT_EQ(printable("\xc2\x9b"
                      "2J"),
            "?2J")
      << "CSI as one character of UTF-8";
  EXPECT_EQ(printable("\x9b"
                      "2J"),
            "?2J")
      << "and as one byte";
  EXPECT_EQ(printable("\xe2\x80\xae"
                      "live\xe2\x81\xa6"),
            "?live?")
      << "from right to left";
}

TEST(Printable, WhatIsNotUtf8IsTold) {
  EXPECT_EQ(printable("\xff\xfe"), "??");
  EXPECT_EQ(printable("\xc0\x9b"), "??") << "overlong";
  EXPECT_EQ(printable("\xe0\x82\x9b"), "???") << "overlong";
  EXPECT_EQ(printable("\xed\xa0\x80"), "???") << "a surrogate";
  EXPECT_EQ(printable("\xf4\x90\x80\x80"), "????") << "beyond Unicode";
  EXPECT_EQ(printable("cut \xe2\x94"), "cut ??");
}

TEST(Printable, KeepsLinesWhereSeveralAreMeant) { EXPECT_EQ(printable_lines("one\ntwo\x1b\r\n"), "one\ntwo??\n"); }

TEST(Printable, OfRandomBytes) {
  Rng rng(11);
  for (int i = 0; i < 20'000; ++i) {
    std::string text;
    for (std::uint64_t length = rng.next() % 24; length > 0; --length) text += static_cast<char>(rng.next());
    const std::string shown = printable(text);
    for (const char c : shown) ASSERT_GE(static_cast<unsigned char>(c), 0x20);
    ASSERT_EQ(printable(shown), shown);
  }
}

}  // namespace
}  // namespace remapstorm
