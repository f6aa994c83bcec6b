// SPDX-License-Identifier: Apache-2.0
#include "cli/help_text.h"

#include <gtest/gtest.h>

#include <sstream>

#include "tests/cli/fake_context.h"

namespace remapstorm {
namespace {

TEST(HelpText, LongLinesGoOnBelowTheirLastColumn) {
  EXPECT_EQ(fitted("  --opt N      one two three four\n", 25, "x"),
            "  --opt N      one two\n               three four\n");
  EXPECT_EQ(fitted("one two three four five\n", 12, "x"), "one two\nthree four\nfive\n");
  EXPECT_EQ(fitted("  one two three four\n\n", 12, "x"), "  one two\n  three four\n\n");
}

TEST(HelpText, NoWordIsCutAndNothingIsLost) {
  EXPECT_EQ(fitted("  --option VALUE      supercalifragilistic words\n", 34, "x"),
            "  --option VALUE      supercalifragilistic\n                      words\n");
  EXPECT_EQ(fitted("unbreakable\n", 5, "x"), "unbreakable\n");
}

TEST(HelpText, WhatIsPastedStaysOneLine) {
  for (const char* line : {"usage: ./run run SCENARIO... [OPTIONS]\n", "example: ./run run irq-same-cpu --repeat 20\n",
                           "            ./run sweep --scenarios irq-same-cpu,control-inplace\n"}) {
    EXPECT_EQ(fitted(line, 10, "./run"), line);
  }
}

// What a person reads is as wide as the terminal, for every command.
TEST(HelpText, EveryCommandsHelpKeepsToColumns) {
  for (const Command& command : commands()) {
    for (const unsigned columns : {60U, 80U, 132U}) {
      FakeContext fake;
      fake.context.columns = columns;
      if (!command.hidden) {
        EXPECT_EQ(command.run(fake.context, {"--help"}), 0) << command.name;
      } else {
        EXPECT_EQ(dispatch(fake.context, {"--help"}), 0);
      }
      std::istringstream lines(fake.out.str());
      for (std::string line; std::getline(lines, line);) {
        const bool pasted =
            line.starts_with("usage:") || line.starts_with("example:") || line.find("  ./run ") != std::string::npos;
        EXPECT_TRUE(pasted || line.size() <= columns) << command.name << ", " << columns << ": " << line;
      }
    }
  }
}

}  // namespace
}  // namespace remapstorm
