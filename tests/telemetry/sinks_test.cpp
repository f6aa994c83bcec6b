// SPDX-License-Identifier: Apache-2.0
#include "telemetry/sinks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>

#include "telemetry/event_json.h"
#include "telemetry/judge.h"
#include "telemetry/symbol_namer.h"
#include "tests/base/temporary_folder.h"
#include "tests/telemetry/stream.h"

namespace remapstorm {
namespace {

TEST(JsonlSink, WritesWhatCanBeReadAndJudged) {
  const TemporaryFolder folder;
  const std::string path = folder.file("events.jsonl");
  Stream stream;
  stream.begin().self_cycle().two_looks();
  {
    Result<JsonlSink> sink = JsonlSink::create(path);
    ASSERT_TRUE(sink.ok());
    for (const Event& event : stream.events) sink->on_event(event);
    EXPECT_TRUE(sink->flush().ok());
  }
  const auto recorded = read_events_file(path);
  ASSERT_TRUE(recorded.ok());
  EXPECT_EQ(recorded->events.size(), stream.events.size());
  EXPECT_EQ(judge(recorded->events).verdict, Verdict::deadlock);
}

TEST(JsonlSink, MilestonesAreOnDiskAtOnce) {
  const TemporaryFolder folder;
  const std::string path = folder.file("events.jsonl");
  Result<JsonlSink> sink = JsonlSink::create(path);
  ASSERT_TRUE(sink.ok());
  Stream stream;
  stream.console("buffered");
  sink->on_event(stream.events.back());
  EXPECT_EQ(std::filesystem::file_size(path), 0U);
  stream.milestone(LifecycleEvent::What::ready);
  sink->on_event(stream.events.back());
  EXPECT_EQ(read_events_file(path)->events.size(), 2U);
}

TEST(JsonlSink, AFloodIsCutWithAMarkerAndMilestonesGoOn) {
  const TemporaryFolder folder;
  const std::string path = folder.file("events.jsonl");
  constexpr std::uint64_t kLimit = 20'000;
  Result<JsonlSink> sink = JsonlSink::create(path, kLimit);
  ASSERT_TRUE(sink.ok());
  Stream stream;
  stream.begin();
  for (int i = 0; i < 2000; ++i) stream.console("a line of the guest's console that goes on and on");
  for (int i = 0; i < 2000; ++i) stream.fire("hold", 1, 0);
  stream.done();
  for (const Event& event : stream.events) sink->on_event(event);
  ASSERT_TRUE(sink->flush().ok());
  EXPECT_LT(std::filesystem::file_size(path), kLimit * 3 / 2);
  const auto recorded = read_events_file(path);
  ASSERT_TRUE(recorded.ok());
  std::uint64_t marked = 0;
  for (const Event& event : recorded->events) {
    if (const auto* marker = std::get_if<TruncatedEvent>(&event.body)) marked += marker->dropped;
  }
  EXPECT_GT(marked, 0U);
  EXPECT_EQ(marked, sink->dropped());
  const auto* last = std::get_if<LifecycleEvent>(&recorded->events.back().body);
  ASSERT_NE(last, nullptr);
  EXPECT_EQ(last->what, LifecycleEvent::What::end);
}

TEST(JsonlSink, AFullDiskIsAnErrorNotACrash) {
  Result<JsonlSink> sink = JsonlSink::create("/dev/full");
  ASSERT_TRUE(sink.ok());
  Stream stream;
  stream.begin();
  for (const Event& event : stream.events) sink->on_event(event);
  EXPECT_FALSE(sink->status().ok());
  EXPECT_EQ(sink->flush().error().errnum, ENOSPC);
  EXPECT_EQ(sink->flush().error().kind, ErrorKind::host);
  EXPECT_FALSE(sink->flush().error().hint.empty());
}

TEST(JsonlSink, AMissingFolderIsNamed) {
  const auto sink = JsonlSink::create("/nowhere/at/all/events.jsonl");
  ASSERT_FALSE(sink.ok());
  EXPECT_THAT(sink.error().message, testing::HasSubstr("/nowhere/at/all"));
}

TEST(CaptureSink, AGuestThatWritesWithoutEndDoesNotFillMemory) {
  CaptureSink capture(4);
  Stream stream;
  stream.begin();
  for (int i = 0; i < 10; ++i) stream.open().close();
  stream.done();
  std::size_t lifecycle = 0, kept_lifecycle = 0;
  for (const Event& event : stream.events) {
    capture.on_event(event);
    lifecycle += std::holds_alternative<LifecycleEvent>(event.body) ? 1 : 0;
  }
  std::uint64_t dropped = 0;
  for (const Event& event : capture.events()) {
    kept_lifecycle += std::holds_alternative<LifecycleEvent>(event.body) ? 1 : 0;
    if (const auto* marker = std::get_if<TruncatedEvent>(&event.body)) dropped += marker->dropped;
  }
  EXPECT_EQ(kept_lifecycle, lifecycle);
  EXPECT_EQ(capture.events().size() - 1 + dropped, stream.events.size());
  EXPECT_LE(capture.events().size(), 4 + lifecycle + 1);
}

TEST(SymbolNamer, NamesEveryAddressOnceAndBeforeItsUse) {
  CaptureSink capture, second;
  TeeSink tee({&capture, &second});
  unsigned asked = 0;
  SymbolNamer namer(
      [&](Gva pc) {
        ++asked;
        return Frame{pc, pc == kUpdatePc ? "vmemmap_update_pte" : "", 0x40};
      },
      {&tee});
  Stream stream;
  stream.open().close().fire("irq", 1, 0);
  for (const Event& event : stream.events) namer.on_event(event);
  EXPECT_EQ(asked, 1U);
  EXPECT_EQ(capture.events().size(), stream.events.size() + 1);
  EXPECT_EQ(second.events().size(), capture.events().size());
  EXPECT_TRUE(std::holds_alternative<SymbolEvent>(capture.events().front().body));
}

}  // namespace
}  // namespace remapstorm
