// SPDX-License-Identifier: Apache-2.0
#include "base/nesting.h"

#include <gtest/gtest.h>

#include <sstream>
#include <string>

namespace remapstorm {
namespace {

std::string times(std::size_t count, const std::string& text) {
  std::string all;
  for (std::size_t i = 0; i < count; ++i) all += text;
  return all;
}

TEST(Nesting, OfJson) {
  EXPECT_FALSE(json_nests_too_deeply(""));
  EXPECT_FALSE(json_nests_too_deeply(times(kDeepestNesting, "[") + times(kDeepestNesting, "]")));
  EXPECT_TRUE(json_nests_too_deeply(times(kDeepestNesting + 1, "[")));
  EXPECT_TRUE(json_nests_too_deeply(times(100'000, "{\"a\":")));
  EXPECT_FALSE(json_nests_too_deeply(times(1000, "[],{}"))) << "side by side is not deep";
  EXPECT_FALSE(json_nests_too_deeply("\"" + times(1000, "[") + "\"")) << "text";
  EXPECT_FALSE(json_nests_too_deeply("\"\\\"" + times(1000, "[") + "\"")) << "text with a quote in it";
  EXPECT_TRUE(json_nests_too_deeply("\"\\\\\"" + times(1000, "["))) << "the text ended behind the backslashes";
}

TEST(Nesting, OfAFileGoesBackToWhereItWas) {
  std::istringstream in("xx{\"a\":[1]}" + std::string(40'000, ' '));
  in.ignore(2);
  EXPECT_FALSE(json_nests_too_deeply(in));
  EXPECT_EQ(in.get(), '{');
  std::istringstream deep(std::string(20'000, ' ') + times(1000, "["));
  EXPECT_TRUE(json_nests_too_deeply(deep));
  std::istringstream gone("{}");
  gone.setstate(std::ios::failbit);
  EXPECT_TRUE(json_nests_too_deeply(gone)) << "what cannot be read is not fine";
}

TEST(Nesting, OfToml) {
  EXPECT_FALSE(toml_nests_too_deeply("[a.b]\nc.d = [[1.5, 2.5], {e.f = 1.0}] # [[[[\n[[rule]]\n"));
  EXPECT_TRUE(toml_nests_too_deeply("[a" + times(50'000, ".a") + "]\n"));
  EXPECT_TRUE(toml_nests_too_deeply("a" + times(50'000, " . a") + " = 1\n"));
  EXPECT_TRUE(toml_nests_too_deeply("a = " + times(50'000, "[")));
  EXPECT_TRUE(toml_nests_too_deeply("a = " + times(50'000, "{a = ")));
  EXPECT_TRUE(toml_nests_too_deeply("\"a\"" + times(50'000, ".\"a\"") + " = 1"));
  EXPECT_FALSE(toml_nests_too_deeply(times(1000, "a = [1.5, 2.5]\n")));
  EXPECT_FALSE(toml_nests_too_deeply("a = \"" + times(1000, "[.") + "\"\n"));
  EXPECT_FALSE(toml_nests_too_deeply("a = '" + times(1000, "[.") + "'\n"));
  EXPECT_FALSE(toml_nests_too_deeply("a = \"\"\"\n" + times(1000, "[.\n") + "\"\"\"\n"));
  EXPECT_FALSE(toml_nests_too_deeply("# " + times(1000, "[.")));
  EXPECT_TRUE(toml_nests_too_deeply("a = '\\'\nb = " + times(1000, "["))) << "a backslash keeps nothing there";
  EXPECT_TRUE(toml_nests_too_deeply("a = \"not ended\nb = " + times(1000, "[")));
  EXPECT_TRUE(toml_nests_too_deeply("a = \"\"\nb = " + times(1000, "[")));
  EXPECT_FALSE(toml_nests_too_deeply("a = \"\"\"never ended " + times(1000, "[")));
}

}  // namespace
}  // namespace remapstorm
