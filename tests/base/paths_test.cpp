// SPDX-License-Identifier: Apache-2.0
#include "base/paths.h"

#include <gtest/gtest.h>

#include <map>

namespace remapstorm {
namespace {

Environment made_up(std::map<std::string, std::string> values) {
  return [values](const std::string& name) -> std::optional<std::string> {
    const auto found = values.find(name);
    if (found == values.end()) return std::nullopt;
    return found->second;
  };
}

TEST(Paths, OwnVariablesWin) {
  const Result<Paths> paths = find_paths(
      made_up({{"REMAPSTORM_CACHE", "/c"}, {"REMAPSTORM_STATE", "/s"}, {"XDG_CACHE_HOME", "/x"}, {"HOME", "/h"}}), "");
  ASSERT_TRUE(paths.ok());
  EXPECT_EQ(paths->cache, "/c");
  EXPECT_EQ(paths->state, "/s");
}

TEST(Paths, ThenXdgThenHome) {
  const Result<Paths> paths = find_paths(made_up({{"XDG_CACHE_HOME", "/x"}, {"HOME", "/h"}}), "");
  ASSERT_TRUE(paths.ok());
  EXPECT_EQ(paths->cache, "/x/remapstorm");
  EXPECT_EQ(paths->state, "/h/.local/state/remapstorm");
}

TEST(Paths, WithoutHomeTheUserDatabaseAnswers) {
  const Result<Paths> paths = find_paths(made_up({}), "/root");
  ASSERT_TRUE(paths.ok());
  EXPECT_EQ(paths->cache, "/root/.cache/remapstorm");
}

TEST(Paths, NoHomeAtAllIsAnError) {
  const Result<Paths> paths = find_paths(made_up({}), "");
  ASSERT_FALSE(paths.ok());
  EXPECT_EQ(paths.error().kind, ErrorKind::host);
  EXPECT_NE(paths.error().hint.find("REMAPSTORM_CACHE"), std::string::npos);
}

}  // namespace
}  // namespace remapstorm
