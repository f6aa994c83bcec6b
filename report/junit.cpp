// SPDX-License-Identifier: Apache-2.0
#include "report/junit.h"

#include <fmt/format.h>

#include <map>
#include <sstream>
#include <vector>

#include "report/text.h"

namespace remapstorm {
namespace {

constexpr std::size_t kMostJunitText = 16 << 10;  // of one case

// What a guest wrote need not be UTF-8.
std::string ascii_xml(std::string text) {
  for (char& letter : text) {
    if (static_cast<unsigned char>(letter) >= 0x80) letter = '?';
  }
  return xml_text(text);
}

std::string time_text(std::optional<double> seconds) {
  return seconds ? fmt::format(" time=\"{:.3f}\"", *seconds) : "";
}

std::optional<double> sum_of(std::optional<double> one, std::optional<double> other) {
  return one || other ? std::optional(one.value_or(0) + other.value_or(0)) : std::nullopt;
}

struct JunitSuite {
  std::string cases;
  std::size_t tests = 0, failures = 0, errors = 0, skipped = 0;
  std::optional<double> seconds;  // of the cases that know theirs

  void add(const JunitSuite& other) {
    tests += other.tests;
    failures += other.failures;
    errors += other.errors;
    skipped += other.skipped;
    seconds = sum_of(seconds, other.seconds);
  }
};

std::string counts_text(const JunitSuite& suite) {
  return " tests=\"" + std::to_string(suite.tests) + "\" failures=\"" + std::to_string(suite.failures) +
         "\" errors=\"" + std::to_string(suite.errors) + "\" skipped=\"" + std::to_string(suite.skipped) + "\"" +
         time_text(suite.seconds);
}

// Lines stay lines.
std::string junit_text(const std::string& text) {
  std::istringstream lines(text.substr(0, kMostJunitText));
  std::string result;
  for (std::string line; std::getline(lines, line);) result += (result.empty() ? "" : "\n") + ascii_xml(line);
  if (text.size() <= kMostJunitText) return result;
  return result + "\n... and " + std::to_string(text.size() - kMostJunitText) + " bytes more";
}

void add_case(JunitSuite& suite, const JunitCase& one, const std::string& name) {
  ++suite.tests;
  suite.seconds = sum_of(suite.seconds, one.seconds);
  suite.cases += "    <testcase classname=\"" + ascii_xml(one.classname) + "\" name=\"" + ascii_xml(name) + "\"" +
                 time_text(one.seconds);
  const std::string message = " message=\"" + ascii_xml(one.message) + "\"";
  std::string element = "error";
  switch (one.outcome) {
    case TestOutcome::passed:
      suite.cases += one.text.empty()
                         ? "/>\n"
                         : ">\n      <system-out>" + junit_text(one.text) + "</system-out>\n    </testcase>\n";
      return;
    case TestOutcome::skipped:
      ++suite.skipped;
      suite.cases += ">\n      <skipped" + message + "/>\n    </testcase>\n";
      return;
    case TestOutcome::failed:
      ++suite.failures;
      element = "failure";
      break;
    case TestOutcome::timeout:
    case TestOutcome::error:
      ++suite.errors;
      break;
  }
  suite.cases += ">\n      <" + element + message + " type=\"" + ascii_xml(one.type) + "\">" + junit_text(one.text) +
                 "</" + element + ">\n    </testcase>\n";
}

}  // namespace

std::string junit_xml(const std::string& command, const std::string& host, std::span<const JunitCase> cases) {
  std::vector<std::pair<std::string, JunitSuite>> suites;
  std::map<std::string, std::size_t> places;
  std::map<std::string, unsigned> known;  // by classname and name
  for (const JunitCase& one : cases) {
    const auto [place, added] = places.try_emplace(one.suite, suites.size());
    if (added) suites.emplace_back(one.suite, JunitSuite{});
    std::string name = one.name;
    for (unsigned number = 2; ++known[one.classname + "\n" + name] > 1; ++number) {
      name = one.name + "-again-" + std::to_string(number);
    }
    add_case(suites[place->second].second, one, name);
  }
  const std::string properties =
      host.empty() ? "" : "    <properties><property name=\"host\" value=\"" + ascii_xml(host) + "\"/></properties>\n";
  JunitSuite all;
  std::string text;
  for (const auto& [name, suite] : suites) {
    text += "  <testsuite name=\"" + ascii_xml(name) + "\"" + counts_text(suite) + ">\n" + properties + suite.cases +
            "  </testsuite>\n";
    all.add(suite);
  }
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"remapstorm " + ascii_xml(command) + "\"" +
         counts_text(all) + ">\n" + text + "</testsuites>\n";
}

}  // namespace remapstorm
