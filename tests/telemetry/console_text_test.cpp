// SPDX-License-Identifier: Apache-2.0
#include "telemetry/console_text.h"

#include <gtest/gtest.h>

#include "base/rng.h"

namespace remapstorm {
namespace {

using From = ConsoleText::From;

struct Line {
  const char* line;
  const char* text;
  From from;
};
class Prefixes : public testing::TestWithParam<Line> {};
TEST_P(Prefixes, AreNoPartOfTheMessage) {
  const ConsoleText found = console_text(GetParam().line);
  EXPECT_EQ(found.text, GetParam().text) << GetParam().line;
  EXPECT_EQ(found.from, GetParam().from) << GetParam().line;
}
INSTANTIATE_TEST_SUITE_P(
    Lines, Prefixes,
    testing::Values(
        // kernel/printk/printk.c: print_time(), print_caller(), print_syslog()
        Line{"[   12.345678] hello", "hello", From::kernel}, Line{"[12345.678901] hello", "hello", From::kernel},
        Line{"[   12.345678][    T1] hello", "hello", From::kernel},
        Line{"[   12.345678] [    C0] hello", "hello", From::kernel},
        Line{"[   12.345678][  T123] [ BUG: Invalid wait context ]", "[ BUG: Invalid wait context ]", From::kernel},
        Line{"<3>[   12.345678] hello", "hello", From::kernel},
        Line{"<4>[   12.345678][    C1] hello", "hello", From::kernel}, Line{"<3>hello", "hello", From::kernel},
        Line{"<3>[    C1] hello", "hello", From::kernel}, Line{"[   12.345678]  f+0x1/0x2", " f+0x1/0x2", From::kernel},
        Line{"** 12 printk messages dropped ** [   12.345678] hello", "hello", From::kernel},
        Line{"** 12 printk messages dropped **", "", From::kernel},
        // drivers/net/netconsole.c, extended
        Line{"4,1234,12345678,-;hello", "hello", From::kernel},
        Line{"4,1234,12345678,-,caller=T1;hello", "hello", From::kernel},
        Line{"6.12.117,4,1234,12345678,-,ncfrag=0/33;hello", "hello", From::kernel},
        // log daemons
        Line{"Nov 29 11:38:25 host kernel: [   12.345678] hello", "hello", From::kernel},
        Line{"Nov  9 11:38:25 host kernel: hello", "hello", From::kernel},
        Line{"2026-11-29T11:38:25.123456+00:00 host kernel: hello", "hello", From::kernel},
        // through /dev/kmsg: facility 1 and above
        Line{"<12>[   12.345678] hello", "hello", From::program},
        Line{"<30>systemd[1]: hello", "systemd[1]: hello", From::program},
        Line{"12,1234,12345678,-;hello", "hello", From::program},
        // none
        Line{"hello", "hello", From::anybody}, Line{"", "", From::anybody}, Line{"[", "[", From::anybody},
        Line{"[   1.0", "[   1.0", From::anybody}, Line{"[1] hello", "[1] hello", From::anybody},
        Line{"[    T1] hello", "[    T1] hello", From::anybody}, Line{"<b>hello", "<b>hello", From::anybody},
        Line{"1,2,3;hello", "1,2,3;hello", From::anybody}, Line{"a,b,c,-;hello", "a,b,c,-;hello", From::anybody},
        Line{"my kernel: hello", "my kernel: hello", From::anybody},
        Line{"[ BUG: Invalid wait context ]", "[ BUG: Invalid wait context ]", From::anybody}));

TEST(ConsoleEscapes, AreGone) {
  EXPECT_EQ(without_escapes("\x1b[1;31mred\x1b[0m"), "red");
  EXPECT_EQ(without_escapes("\x1b]0;title\x07text"), "text");
  EXPECT_EQ(without_escapes("\x1b]0;title\x1b\\text"), "text");
  EXPECT_EQ(without_escapes("\x1b(Btext"), "text");
  EXPECT_EQ(without_escapes("\x1b[?25ltext\x1b"), "text");
  EXPECT_EQ(without_escapes("a\bb\x7f\x01\tc"), "ab\tc");
  EXPECT_EQ(without_escapes("\x1b]never ended BUG: x"), "never ended BUG: x") << "it would hide the rest of the line";
  EXPECT_EQ(without_escapes("gr\xc3\xbc\xc3\x9f"), "gr\xc3\xbc\xc3\x9f");
}

TEST(ConsoleMessages, OfALineWithSeveral) {
  const auto messages = console_messages("50 %\rlogin: <0>[    1.000000] one[    2.000000] two");
  ASSERT_EQ(messages.size(), 4U);
  EXPECT_EQ(messages[0].text, "50 %");
  EXPECT_EQ(messages[1].text, "login: ");
  EXPECT_EQ(messages[1].from, From::anybody);
  EXPECT_EQ(messages[2].text, "one");
  EXPECT_EQ(messages[2].from, From::kernel);
  EXPECT_EQ(messages[3].text, "two");
}

TEST(ConsoleMessages, AStampInFrontIsOne) {
  const auto messages = console_messages("<3>[    1.000000][    T1] one");
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_EQ(messages[0].text, "one");
}

// Whatever comes: no part of the line is invented, none is out of bounds, and nothing in front is left.
TEST(ConsoleText, OfRandomInput) {
  constexpr std::string_view kAlphabet = "[<>]. 0123456789TC,;-*\x1b\rabkernel: BUG";
  Rng rng(7);
  for (int i = 0; i < 50'000; ++i) {
    std::string line;
    for (std::uint64_t length = rng.next() % 40; length > 0; --length) line += kAlphabet[rng.next() % kAlphabet.size()];
    const std::string plain = without_escapes(line);
    ASSERT_EQ(without_escapes(plain), plain);
    for (const ConsoleText& message : console_messages(plain)) {
      ASSERT_GE(message.text.data(), plain.data());
      ASSERT_LE(message.text.data() + message.text.size(), plain.data() + plain.size());
      ASSERT_EQ(message.text.find('\r'), std::string_view::npos);
    }
    // A stamp makes it the kernel's, whatever follows.
    const std::string stamped = "[    1.500000] " + line;
    ASSERT_NE(console_text(stamped).from, From::anybody);
    ASSERT_TRUE(stamped.ends_with(console_text(stamped).text));
  }
}

}  // namespace
}  // namespace remapstorm
