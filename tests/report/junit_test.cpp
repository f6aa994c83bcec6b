// SPDX-License-Identifier: Apache-2.0
#include "report/junit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/report/sample_results.h"

namespace remapstorm {
namespace {

using testing::HasSubstr;
using testing::Not;
using What = LifecycleEvent::What;

TEST(Junit, CountsEachOutcome) {
  const std::vector<ScenarioResults> results{results_of({clean_result()}, "a"), results_of({oops_result()}, "b"),
                                             results_of({not_run(unavailable_error("no image", "build it"))}, "c"),
                                             results_of({of_lifecycle(What::timeout)}, "d")};
  const std::string text = results_junit(sample_run(), results);
  EXPECT_THAT(text,
              HasSubstr("<testsuites name=\"remapstorm run\" tests=\"4\" failures=\"1\" errors=\"1\" skipped=\"1\""));
  EXPECT_THAT(text, HasSubstr("<property name=\"host\" value=\"kvm-interpreting, Linux 6.1.0, Some CPU\"/>"));
  EXPECT_THAT(text, HasSubstr("<skipped message=\"not run: no image\"/>"));
  EXPECT_THAT(text, HasSubstr("type=\"oops\">"));
  EXPECT_THAT(text, HasSubstr("repeat it: ./run irq-same-cpu"));
}

TEST(Junit, WhatWasNotReachedIsThere) {
  RunInfo run = sample_run(3);
  run.scenarios = {"irq-same-cpu", "b"};
  const std::string text = results_junit(run, std::vector{results_of({clean_result()})});
  EXPECT_THAT(text, HasSubstr("tests=\"4\" failures=\"0\" errors=\"3\""));
}

// 0.000 would be a length.
TEST(Junit, ALengthThatIsNotKnownIsNotTold) {
  JunitCase one;
  one.suite = one.classname = "a";
  EXPECT_THAT(junit_xml("soak", "", std::vector{one}), Not(HasSubstr("time=")));
  JunitCase other = one;
  other.seconds = 1.5;
  const std::string text = junit_xml("soak", "", std::vector{one, other});
  EXPECT_THAT(text, HasSubstr("skipped=\"0\" time=\"1.500\">"));
  EXPECT_THAT(text, HasSubstr("<testcase classname=\"a\" name=\"\"/>"));
}

// Jenkins and GitLab keep one of two cases with the same name.
TEST(Junit, NoTwoCasesAreCalledTheSame) {
  JunitCase one;
  one.suite = one.classname = "a";
  one.name = "trial-0";
  JunitCase third = one;
  third.name = "trial-0-again-2";
  const std::string text = junit_xml("run", "", std::vector{one, third, one, one});
  for (const char* name : {"trial-0", "trial-0-again-2", "trial-0-again-3", "trial-0-again-4"}) {
    const std::string wanted = "name=\"" + std::string(name) + "\"";
    EXPECT_NE(text.find(wanted), std::string::npos) << wanted;
    EXPECT_EQ(text.find(wanted), text.rfind(wanted)) << wanted;
  }
}

TEST(Junit, WhateverIsWrittenStaysXmlAndIsBounded) {
  JunitCase one;
  one.outcome = TestOutcome::failed;
  one.message = "a <b> & \"c\" \x1b[31m\xff";
  one.text = "first\nsecond\n" + std::string(100'000, 'x');
  const std::string text = junit_xml("run", "", std::vector{one});
  EXPECT_THAT(text, HasSubstr("a &lt;b&gt; &amp; &quot;c&quot; ?[31m?"));
  EXPECT_THAT(text, HasSubstr(">first\nsecond\nxxx"));
  EXPECT_LT(text.size(), 20'000U);
}

}  // namespace
}  // namespace remapstorm
