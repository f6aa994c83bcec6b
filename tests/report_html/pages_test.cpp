// SPDX-License-Identifier: Apache-2.0
#include "report/html/pages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/certificate.h"
#include "report/html/html_report.h"
#include "report/report.h"
#include "results/certificate_json.h"
#include "results/run_json.h"
#include "tests/explore/sample_certificate.h"
#include "tests/report/sample_results.h"
#include "tests/report_html/recording.h"

namespace remapstorm {
namespace {

using testing::HasSubstr;
using testing::Not;

// What a policy of "default-src 'none'; style-src 'self'; img-src 'self'" would block.
void expect_allowed(const std::string& text) {
  for (const char* forbidden : {"<script", " style=", "<style", "javascript:", " onload", " onclick", "http-equiv"}) {
    EXPECT_THAT(text, Not(HasSubstr(forbidden)));
  }
}

std::string report_of(const RunFolder& run) {
  const Status made = write_run_report(run.path(), run.file("report"));
  EXPECT_TRUE(made.ok()) << made.error().message;
  for (const auto& entry : std::filesystem::directory_iterator(run.file("report"))) {
    expect_allowed(run.read("report/" + entry.path().filename().string()));
  }
  return run.read("report/index.html");
}

TEST(TrialPage, OfADeadlockBeginsWithVerdictAndProof) {
  RunFolder run;
  run.write("events.jsonl", recording_of(deadlocked(), Verdict::deadlock));
  const std::string html = report_of(run);
  EXPECT_THAT(html, HasSubstr("DEADLOCK (proven)"));
  EXPECT_THAT(html, HasSubstr("as expected"));
  EXPECT_THAT(html, HasSubstr("holds"));
  EXPECT_THAT(html, HasSubstr("waits for it in"));
  EXPECT_THAT(html, HasSubstr("hardirq context"));
  EXPECT_THAT(html, HasSubstr("injected here"));
  EXPECT_LT(html.find("id=\"evidence\""), html.find("id=\"timeline\""));
  EXPECT_LT(html.find("DEADLOCK"), html.find("id=\"evidence\""));
  EXPECT_THAT(html, HasSubstr("results.json is missing"));
  EXPECT_THAT(run.read("report/index-whole-dark.svg"), HasSubstr("never ended"));
}

TEST(TrialPage, EscapesWhatTheGuestWrote) {
  RunFolder run;
  Stream stream = deadlocked();
  stream.events.insert(stream.events.end() - 1,
                       Event{stream.now(), {}, -1, ConsoleEvent{"</ol><script>alert(1)</script>\x1b[2J"}});
  std::get<SampleEvent>(stream.events[stream.events.size() - 3].body).disassembly.front().text = "\"><img src=x>";
  run.write("events.jsonl", recording_of(stream, Verdict::deadlock));
  const std::string html = report_of(run);
  EXPECT_THAT(html, HasSubstr("&lt;/ol&gt;&lt;script&gt;alert(1)"));
  EXPECT_THAT(html, HasSubstr("&quot;&gt;&lt;img src=x&gt;"));
  EXPECT_THAT(html, Not(HasSubstr("<img src=x>")));
}

TEST(TrialPage, OfACutRecordingSaysWhatIsMissing) {
  RunFolder run;
  const std::string whole = recording_of(cleanly(), Verdict::clean);
  run.write("events.jsonl", whole.substr(0, whole.size() / 2));
  const std::string html = report_of(run);
  EXPECT_THAT(html, HasSubstr("Not everything is here"));
  EXPECT_THAT(html, HasSubstr("stops in the middle"));
  EXPECT_THAT(html, HasSubstr("id=\"timeline\""));
}

RunFolder run_of(const std::vector<ScenarioResults>& results) {
  RunFolder run;
  run.write("results.json", results_json(sample_run(results.front().trials.size()), results));
  return run;
}

TEST(RunPage, TellsOutcomesTogetherAndWhatIsNotExpectedFirst) {
  std::vector<TrialResult> trials;
  for (std::uint64_t i = 0; i < 5; ++i) {
    trials.push_back(clean_result(i == 4 ? Verdict::deadlock : Verdict::clean, i));
    trials.back().directory = "irq-same-cpu/bbm-fault/trial-" + std::to_string(i);
  }
  const RunFolder run = run_of({results_of(trials)});
  run.write("irq-same-cpu/bbm-fault/trial-4/events.jsonl", recording_of(cleanly(), Verdict::deadlock));
  const std::string html = report_of(run);
  EXPECT_THAT(html, HasSubstr("NOT AS EXPECTED"));
  EXPECT_THAT(html, HasSubstr("1 of 5 trials not as expected"));
  EXPECT_LT(html.find("class=\"unexpected\""), html.find("class=\"plain\""));
  EXPECT_THAT(html, HasSubstr("irq-same-cpu-bbm-fault-trial-4.html"));
  EXPECT_THAT(run.read("report/irq-same-cpu-bbm-fault-trial-4.html"), HasSubstr("NOT as expected (deadlock)"));
  // One without a recording has what results.json says.
  EXPECT_THAT(run.read("report/irq-same-cpu-bbm-fault-trial-0.html"), HasSubstr("events.jsonl is not there"));
}

TEST(RunPage, ReadsNoFileOutsideTheRun) {
  RunFolder secret;
  secret.write("events.jsonl", recording_of(deadlocked(), Verdict::deadlock));
  std::vector<TrialResult> trials{clean_result(), clean_result(Verdict::clean, 1)};
  trials[0].directory = "../../" + std::filesystem::path(secret.path()).parent_path().filename().string() + "/run";
  trials[1].directory = secret.path();
  const RunFolder run = run_of({results_of(trials)});
  EXPECT_THAT(report_of(run), Not(HasSubstr("DEADLOCK")));
  for (const auto& entry : std::filesystem::directory_iterator(run.file("report"))) {
    if (entry.path().extension() != ".html") continue;
    EXPECT_THAT(run.read("report/" + entry.path().filename().string()), Not(HasSubstr("waits for it in")));
  }
}

TEST(RunPage, RefusesWhatItDoesNotKnow) {
  RunFolder run;
  for (const char* text : {"", "{", "[]", "{\"schema\":3,\"results\":[]}", "{\"results\":[{}]}",
                           "{\"schema\":1,\"results\":[{\"verdict\":\"fine\"}]}", "{\"schema\":\"1\"}"}) {
    run.write("results.json", text);
    const Status made = write_run_report(run.path(), run.file("report"));
    ASSERT_FALSE(made.ok()) << text;
    EXPECT_EQ(made.error().kind, ErrorKind::usage) << text;
  }
}

TEST(CertificatePage, ShowsEveryBoundaryInTheColourOfItsVerdict) {
  RunFolder run;
  const Certificate certificate = sample_certificate();
  run.write("certificate.json", certificate_json(certificate));
  const std::string html = report_of(run);
  EXPECT_THAT(html, HasSubstr("NOT ALL CLEAN"));
  EXPECT_THAT(html, HasSubstr("class=\"field bad\""));
  EXPECT_THAT(html, HasSubstr("class=\"field bad later\""));
  std::size_t fields = 0;
  for (std::size_t at = 0; (at = html.find("class=\"field", at)) != std::string::npos; ++at) ++fields;
  EXPECT_EQ(fields, certificate.points());
}

TEST(CertificateReader, ReadsBackWhatWasWritten) {
  RunFolder run;
  const Certificate certificate = sample_certificate();
  run.write("certificate.json", certificate_json(certificate));
  const auto read = read_certificate(run.file("certificate.json"));
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(certificate_json(*read), certificate_json(certificate));
}

TEST(CertificateReader, ReadsPairsBackToo) {
  RunFolder run;
  Certificate certificate = sample_certificate();
  certificate.pairs = {"irq+nmi"};
  certificate.stride = 2;
  ExploredTrial pair = certificate.trials.front();
  pair.inject = "irq+nmi";
  pair.second = certificate.boundaries.size() - 1;
  pair.second_raised = true;
  certificate.trials.push_back(pair);
  certificate.skipped.push_back({{1, "irq+nmi", 2}, "not executed"});
  certificate.sort();
  run.write("certificate.json", certificate_json(certificate));
  const auto read = read_certificate(run.file("certificate.json"));
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(certificate_json(*read), certificate_json(certificate));
}

TEST(CertificateReader, RefusesPointsThatNoBoundaryHas) {
  RunFolder run;
  std::string json = certificate_json(sample_certificate());
  const std::string wanted = "\"boundary\": 6";
  for (std::size_t at = 0; (at = json.find(wanted, at)) != std::string::npos;)
    json.replace(at, wanted.size(), "\"boundary\": 99");
  run.write("certificate.json", json);
  EXPECT_FALSE(read_certificate(run.file("certificate.json")).ok());
  for (const char* text : {"", "[1]", "{\"schema\":1}", "{\"schema\":9}"}) {
    run.write("certificate.json", text);
    EXPECT_FALSE(read_certificate(run.file("certificate.json")).ok()) << text;
  }
}

RunRecord record(const std::string& name, const std::string& at, std::optional<Verdict> verdict, bool ok,
                 const std::string& fingerprint) {
  RunRecord run;
  run.name = name;
  run.started_at = at;
  run.host.kind = "kvm-hardware";
  RecordedTrial trial;
  trial.scenario = "irq-same-cpu";
  trial.strategy = "bbm-fault";
  trial.flavour = "std";
  trial.verdict = verdict;
  trial.ok = ok;
  trial.fingerprint = fingerprint;
  run.trials = {trial, trial};
  return run;
}

TEST(Fingerprints, CountFirstAndLastWhateverTheOrderOfReading) {
  FingerprintIndex index;
  index.add(record("b", "2026-11-22T00:00:00Z", Verdict::deadlock, true, "f:g"));
  index.add(record("c", "2026-11-25T00:00:00Z", Verdict::deadlock, true, "f:g"));
  index.add(record("a", "2026-11-20T00:00:00Z", Verdict::deadlock, true, "f:g"));
  index.add(record("d", "2026-11-24T00:00:00Z", Verdict::oops, false, "h"));
  index.add(record("e", "", Verdict::clean, true, ""));
  const auto rows = index.rows();
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0].verdict, Verdict::oops);  // not as expected: first
  EXPECT_EQ(rows[1].fingerprint, "f:g");
  EXPECT_EQ(rows[1].count, 6U);
  EXPECT_EQ(rows[1].runs, 3U);
  EXPECT_EQ(rows[1].first_seen, "2026-11-20T00:00:00Z");
  EXPECT_EQ(rows[1].last_seen, "2026-11-25T00:00:00Z");
  EXPECT_EQ(rows[1].newest_run, "c");
  EXPECT_EQ(rows[2].verdict, Verdict::clean);
  EXPECT_EQ(rows[2].newest_run, "e");
  EXPECT_EQ(index.runs().front().name, "c");
}

TEST(Fingerprints, AreBounded) {
  FingerprintIndex index;
  for (int i = 0; i < 5000; ++i) {
    index.add(record("r" + std::to_string(i), "2026-11-22T00:00:00Z", Verdict::oops, false, "f" + std::to_string(i)));
  }
  EXPECT_EQ(index.rows().size(), FingerprintIndex::kMostRows);
  EXPECT_EQ(index.rows_left_out(), 2 * 3000U);
  EXPECT_LE(index.runs().size(), FingerprintIndex::kMostRuns);
  EXPECT_EQ(index.run_count(), 5000U);
}

TEST(ManyReport, LinksTheNewestRunOfEachAndNamesWhatItCannotRead) {
  RunFolder runs;
  runs.write("20261122T000000Z-x/results.json",
             results_json(sample_run(), std::vector{results_of({deadlock_result()})}));
  runs.write("20261123T000000Z-x/results.json", "{ cut");
  runs.write("20261124T000000Z-explore/certificate.json", certificate_json(sample_certificate()));
  const auto folders = find_run_folders(runs.path());
  ASSERT_TRUE(folders.ok());
  const auto report = write_many_report(*folders, runs.file("pages"));
  ASSERT_TRUE(report.ok()) << report.error().message;
  EXPECT_EQ(report->runs, 2U);
  EXPECT_EQ(report->unreadable, 1U);
  const std::string html = runs.read("pages/index.html");
  expect_allowed(html);
  EXPECT_THAT(html, HasSubstr("runs/20261122t000000z-x/index.html"));
  EXPECT_THAT(html, HasSubstr("20261123T000000Z-x"));
  EXPECT_THAT(runs.read("pages/runs/20261122t000000z-x/index.html"), HasSubstr("../../style.css"));
  EXPECT_THAT(runs.read("pages/runs/20261124t000000z-explore/index.html"), HasSubstr("explore bbm-pte"));
}

}  // namespace
}  // namespace remapstorm
