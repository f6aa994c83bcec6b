// SPDX-License-Identifier: Apache-2.0
// results.json has exactly the fields that docs/results-schema.md names.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <sstream>

#include "results/exit_code.h"
#include "results/run_json.h"
#include "tests/report/sample_results.h"

namespace remapstorm {
namespace {

using Json = nlohmann::json;

// "results[].evidence.findings[].verdict"; objects whose keys are names of the user's are written as PATH.NAME.
void collect(const Json& value, const std::string& path, std::set<std::string>& paths) {
  static const std::set<std::string> kMaps = {
      "results[].evidence.statistics.probes", "results[].evidence.statistics.injections",
      "results[].evidence.statistics.rule_firings", "results[].evidence.statistics.injector_lengths",
      "results[].evidence.statistics.fault_functions"};
  if (!path.empty()) paths.insert(path);
  if (value.is_array()) {
    for (const Json& item : value) {
      if (item.is_structured()) collect(item, path + "[]", paths);
    }
    paths.erase(path + "[]");
  }
  if (value.is_object()) {
    for (const auto& [key, item] : value.items()) {
      collect(item, (path.empty() ? "" : path + ".") + (kMaps.contains(path) ? "NAME" : key), paths);
    }
  }
}

// Every kind of result, so that every field occurs.
std::vector<ScenarioResults> everything() {
  return {results_of({deadlock_result(), stall_result(), oops_result(), clean_result()}),
          results_of({not_run(unavailable_error("no /dev/kvm", "load the kvm module"))})};
}

TEST(ResultsJson, HasExactlyTheDocumentedFields) {
  std::set<std::string> written;
  collect(Json::parse(results_json(sample_run(), everything())), "", written);
  std::ifstream in(std::string(SOURCE_DIR) + "/docs/results-schema.md");
  ASSERT_TRUE(in.good());
  std::set<std::string> documented;
  const std::regex row("^\\| `([^`]+)` \\|.*");
  std::string line;
  std::smatch match;
  while (std::getline(in, line)) {
    if (std::regex_match(line, match, row)) documented.insert(match[1]);
  }
  EXPECT_EQ(written, documented);
}

TEST(ResultsJson, SaysWhatTheTrialsShowed) {
  const Json json = Json::parse(results_json(sample_run(), everything()));
  EXPECT_EQ(json["schema"], 2);
  EXPECT_EQ(json["host"]["kind"], "kvm-interpreting");
  ASSERT_EQ(json["results"].size(), 5U);
  const Json& deadlock = json["results"][0];
  EXPECT_EQ(deadlock["scenario"], "irq-same-cpu");
  EXPECT_EQ(deadlock["verdict"], "deadlock");
  EXPECT_EQ(deadlock["expected"], "deadlock");
  EXPECT_EQ(deadlock["ok"], true);
  const Json& finding = deadlock["evidence"]["findings"][0];
  EXPECT_EQ(finding["cycle"][0]["lock_name"], "init_mm.page_table_lock");
  EXPECT_EQ(finding["cycle"][0]["waiter_context"], "hardirq");
  EXPECT_EQ(finding["samples"][0]["backtrace"][0]["symbol"], "rs_vmemmap_fault");
  EXPECT_GT(finding["injection_to_proof_ns"].get<std::int64_t>(), 0);
  const Json& skipped = json["results"][4];
  EXPECT_TRUE(skipped["verdict"].is_null());
  EXPECT_EQ(skipped["error"]["kind"], "unavailable");
  EXPECT_EQ(json["summary"]["not_run"], 1);
  EXPECT_EQ(json["summary"]["exit_code"], exit_code(everything()));
}

TEST(ResultsJson, IsWholeWithNoResults) {
  const Json json = Json::parse(results_json(sample_run(), {}));
  EXPECT_TRUE(json["results"].empty());
  EXPECT_EQ(json["summary"]["exit_code"], 70);
}

TEST(ResultsJson, TheReportPrintsTheFile) {
  std::ostringstream out;
  const auto report = make_json_report(out);
  const auto results = everything();
  EXPECT_EQ(told(*report, out, sample_run(), results), results_json(sample_run(), results));
}

TEST(ResultsJson, TextThatIsNoUtf8DoesNotBreakIt) {
  TrialResult trial = oops_result();
  trial.judgement.findings.front().console_excerpt = "a\xff\xfe";
  EXPECT_FALSE(
      Json::parse(results_json(sample_run(), std::vector{results_of({trial})}), nullptr, false).is_discarded());
}

}  // namespace
}  // namespace remapstorm
