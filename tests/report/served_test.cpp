// SPDX-License-Identifier: Apache-2.0
#include "report/served.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/report/sample_results.h"

namespace remapstorm {
namespace {

using testing::HasSubstr;

TEST(Served, CountsByScenarioAndIsBounded) {
  Served served;
  served.rounds = 2;
  served.exit_code = 1;
  served.add(results_of({clean_result()}, "a"));
  served.add(results_of({oops_result()}, "a"));
  served.add(results_of({not_run(unavailable_error("no image"))}, "b"));
  const auto json = nlohmann::json::parse(served_json(served));
  EXPECT_EQ(json["scenarios"]["a"]["trials"], 2);
  EXPECT_EQ(json["scenarios"]["a"]["as_expected"], 1);
  EXPECT_EQ(json["scenarios"]["a"]["exit_code"], 1);
  EXPECT_EQ(json["scenarios"]["b"]["exit_code"], 4);
  const std::string junit = served_junit(served);
  EXPECT_THAT(junit, HasSubstr("tests=\"2\" failures=\"1\" errors=\"0\" skipped=\"1\""));
  EXPECT_THAT(junit, HasSubstr("1 of 2 trials not as expected"));
}

}  // namespace
}  // namespace remapstorm
