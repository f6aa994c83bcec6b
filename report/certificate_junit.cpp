// SPDX-License-Identifier: Apache-2.0
#include "report/certificate.h"
#include "report/junit.h"

namespace remapstorm {
namespace {

JunitCase point_case(const Certificate& certificate, const ExplorePoint& point) {
  JunitCase one;
  one.suite = "explore";
  one.classname = "explore." + certificate.window + "." + certificate.strategy;
  one.name = "boundary-" + std::to_string(point.boundary) + (point.second ? "-" + std::to_string(*point.second) : "") +
             "-" + point.inject;
  return one;
}

}  // namespace

std::string certificate_junit(const Certificate& certificate) {
  std::vector<JunitCase> cases;
  for (const ExploredTrial& trial : certificate.trials) {
    JunitCase one = point_case(certificate, trial);
    one.seconds = in_seconds(trial.duration);
    one.text = name_of(certificate, trial) + ": " + std::string(verdict_name(trial.verdict)) + "\n" + trial.reason;
    cases.push_back(std::move(one));
  }
  for (const SkippedPoint& point : certificate.skipped) {
    JunitCase one = point_case(certificate, point);
    one.outcome = TestOutcome::skipped;
    one.message = name_of(certificate, point) + ": " + point.reason;
    cases.push_back(std::move(one));
  }
  // That one point was asked for is not incomplete.
  if (certificate.one_point) return junit_xml("explore", certificate.host.kind, cases);
  JunitCase whole;
  whole.suite = "explore";
  whole.classname = "explore." + certificate.window + "." + certificate.strategy;
  whole.name = "complete";
  if (!certificate.complete()) {
    whole.outcome = TestOutcome::failed;
    whole.type = "incomplete";
    whole.message = std::to_string(certificate.trials.size()) + " of " + std::to_string(certificate.points()) +
                    " points were tried";
  }
  cases.push_back(std::move(whole));
  return junit_xml("explore", certificate.host.kind, cases);
}

}  // namespace remapstorm
