// SPDX-License-Identifier: Apache-2.0
// Textfiles for node_exporter, and what tells several writers of metrics apart.
#include "telemetry/metrics/textfile.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <sstream>

#include "telemetry/metrics/outputs.h"
#include "telemetry/metrics/writer_slot.h"
#include "tests/base/temporary_folder.h"

namespace remapstorm {
namespace {

std::string text_in(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(Textfile, IsReplacedAsAWhole) {
  const TemporaryFolder folder;
  const std::string path = folder.file("remapstorm.prom");
  ASSERT_TRUE(write_metrics_textfile(path, "old 1\n").ok());
  ASSERT_TRUE(write_metrics_textfile(path, "new 2\n").ok());
  EXPECT_EQ(text_in(path), "new 2\n");
  EXPECT_EQ(folder.entries(), 1U);
  const Status missing = write_metrics_textfile(folder.file("no/such.prom"), "x 1\n");
  ASSERT_FALSE(missing.ok());
  EXPECT_NE(missing.error().message.find("/no/such.prom"), std::string::npos);
}

// node_exporter runs as a user of its own.
TEST(Textfile, IsReadableForEverybodyWhateverTheUmask) {
  const TemporaryFolder folder;
  const std::string path = folder.file("remapstorm.prom");
  const mode_t before = ::umask(077);
  const bool written = write_metrics_textfile(path, "x 1\n").ok();
  ::umask(before);
  ASSERT_TRUE(written);
  struct stat info = {};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0644U);
}

TEST(Textfile, NothingElseIsReplaced) {
  const TemporaryFolder folder;
  const auto put = [&](const std::string& text) { std::ofstream(folder.file("x")) << text; };
  EXPECT_TRUE(check_metrics_textfile(folder.file("x")).ok()) << "not there";
  for (const char* ours : {"", "# HELP remapstorm_build_info Which\n"}) {
    put(ours);
    EXPECT_TRUE(check_metrics_textfile(folder.file("x")).ok()) << ours;
  }
  for (const char* theirs : {"# My notes\n", "# HELP node_load1 1m load average.\n", "x"}) {
    put(theirs);
    const Status refused = check_metrics_textfile(folder.file("x"));
    ASSERT_FALSE(refused.ok()) << theirs;
    EXPECT_EQ(refused.error().kind, ErrorKind::usage);
  }
  EXPECT_FALSE(check_metrics_textfile("/dev/null").ok());
  EXPECT_FALSE(check_metrics_textfile(folder.path()).ok());
}

TEST(Textfile, WhatIsWrittenMayBeReplaced) {
  const TemporaryFolder folder;
  MetricsOptions options;
  options.textfile = folder.file("a.prom");
  Metrics metrics;
  MetricsOutputs outputs(metrics, options);
  metrics.add(Metric::serve_rounds, {}, 17);
  outputs.start();
  outputs.finish();
  EXPECT_NE(text_in(options.textfile), "");
  EXPECT_TRUE(check_metrics_textfile(options.textfile).ok());
}

TEST(MetricsOutputs, EachWriterOfAFolderHasALabelOfItsOwn) {
  EXPECT_EQ(writer_of("/x/remapstorm.prom"), "remapstorm");
  EXPECT_EQ(writer_of("shard-3.prom"), "shard-3");
  EXPECT_EQ(writer_of("/x/.prom"), ".prom");
  const TemporaryFolder folder;
  std::map<std::string, std::string> texts;
  for (const char* name : {"a", "b"}) {
    MetricsOptions options;
    options.textfile = folder.file(std::string(name) + ".prom");
    options.writer = writer_of(options.textfile);
    Metrics metrics;
    MetricsOutputs outputs(metrics, options);
    metrics.add(Metric::serve_rounds, {}, 17);
    metrics.add(Metric::metrics_failures, {"push"});
    outputs.start();
    outputs.finish();
    std::istringstream lines(text_in(options.textfile));
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with("#")) continue;
      const std::string series = line.substr(0, line.rfind(' '));
      EXPECT_NE(series.find("writer=\"" + std::string(name) + "\""), std::string::npos) << series;
      EXPECT_TRUE(texts.emplace(series, name).second) << series << " is in both";
    }
  }
  EXPECT_GE(texts.size(), 4U);
}

TEST(WriterSlot, TheLeastThatNobodyHas) {
  WriterSlot first;
  std::optional<WriterSlot> second(std::in_place);
  EXPECT_NE(first.number(), second->number());
  const unsigned freed = second->number();
  second.reset();
  EXPECT_LE(WriterSlot().number(), freed);
}

TEST(MetricsOutputs, TheLastValuesAreWritten) {
  const TemporaryFolder folder;
  MetricsOptions options;
  options.textfile = folder.file("remapstorm.prom");
  Metrics metrics;
  MetricsOutputs outputs(metrics, options);
  outputs.start();
  metrics.add(Metric::serve_rounds, {}, 17);
  outputs.finish();
  EXPECT_NE(text_in(options.textfile).find("remapstorm_serve_rounds_total 17\n"), std::string::npos);
}

}  // namespace
}  // namespace remapstorm
