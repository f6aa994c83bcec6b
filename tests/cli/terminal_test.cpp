// SPDX-License-Identifier: Apache-2.0
// What a terminal's width and abilities change.
#include <gtest/gtest.h>

#include <sstream>

#include "cli/report_choice.h"
#include "cli/status_line.h"
#include "tests/cli/fake_context.h"

namespace remapstorm {
namespace {

TEST(Terminal, TheWidthIsThatOfTheTerminalWithinReason) {
  FakeContext fake;
  EXPECT_EQ(style_of(fake.context).width, TerminalStyle{}.width) << "not known";
  for (const auto& [columns, width] : {std::pair(60U, 60U), {10U, 40U}, {2000U, 240U}}) {
    fake.context.columns = columns;
    EXPECT_EQ(style_of(fake.context).width, width);
  }
}

TEST(Terminal, ALineThatIsRedrawnFitsIntoOne) {
  const SteadyClock clock;
  std::ostringstream out;
  {
    StatusLine line(out, StatusLine::Way::redrawn, clock, 20);
    line.show("irq-same-cpu: booting, 1.0 s");
  }
  EXPECT_EQ(out.str(), "\r\033[Kirq-same-cpu: bo...\r\033[K");
}

}  // namespace
}  // namespace remapstorm
