// SPDX-License-Identifier: Apache-2.0
#include "results/output_dir.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>

#include "base/repeater.h"
#include "results/folder_mark.h"
#include "results/owner_file.h"
#include "telemetry/sinks.h"
#include "tests/base/temporary_folder.h"

namespace remapstorm {
namespace {

namespace fs = std::filesystem;

std::string read_back(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void run_once(const std::string& directory, const std::string& content) {
  Result<OutputDirectory> output = OutputDirectory::at(directory);
  ASSERT_TRUE(output.ok()) << output.error().message;
  ASSERT_TRUE(output->write("results.json", content).ok());
  const Result<std::string> trial = output->make_trial("irq", "inplace", 0);
  ASSERT_TRUE(trial.ok());
  std::ofstream(output->working_path() + "/" + *trial + "/console.log") << content;
  const Status finished = output->finish();
  ASSERT_TRUE(finished.ok()) << finished.error().message;
}

TEST(OutputDirectory, NothingIsThereUnderItsNameBeforeTheEnd) {
  const TemporaryFolder folder;
  Result<OutputDirectory> output = OutputDirectory::at(folder.file("out"));
  ASSERT_TRUE(output.ok()) << output.error().message;
  EXPECT_EQ(output->path(), folder.file("out"));
  ASSERT_TRUE(output->write("results.json", "{}").ok());
  EXPECT_FALSE(fs::exists(folder.file("out/results.json")));
  ASSERT_TRUE(output->finish().ok());
  EXPECT_EQ(read_back(folder.file("out/results.json")), "{}");
  EXPECT_FALSE(fs::exists(output->working_path()) && !output->working_path().empty());
}

TEST(OutputDirectory, ASecondRunReplacesTheFirst) {
  const TemporaryFolder folder;
  run_once(folder.file("out"), "first");
  std::ofstream(folder.file("out/mine.txt")) << "a person's own file";
  run_once(folder.file("out/"), "second");
  EXPECT_EQ(read_back(folder.file("out/results.json")), "second");
  EXPECT_EQ(read_back(folder.file("out/irq/inplace/trial-0/console.log")), "second");
  EXPECT_EQ(read_back(folder.file("out/mine.txt")), "a person's own file");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.file("out")), fs::directory_iterator()), 4) << "and the mark";
}

TEST(OutputDirectory, GivingUpLeavesEarlierResultsAndNothingElse) {
  const TemporaryFolder folder;
  run_once(folder.file("out"), "first");
  {
    Result<OutputDirectory> output = OutputDirectory::at(folder.file("out"));
    ASSERT_TRUE(output.ok());
    ASSERT_TRUE(output->write("results.json", "half").ok());
  }
  EXPECT_EQ(read_back(folder.file("out/results.json")), "first");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.file("out")), fs::directory_iterator()), 3);
}

TEST(OutputDirectory, AKilledRunIsCleanedUpByTheNext) {
  const TemporaryFolder folder;
  run_once(folder.file("out"), "first");
  const pid_t child = ::fork();
  if (child == 0) {
    Result<OutputDirectory> output = OutputDirectory::at(folder.file("out"));
    if (output.ok() && output->write("results.json", "half").ok()) ::raise(SIGKILL);
    ::_exit(1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(read_back(folder.file("out/results.json")), "first") << "earlier results stay readable";
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.file("out")), fs::directory_iterator()), 5) << "mark, owner";
  run_once(folder.file("out"), "third");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.file("out")), fs::directory_iterator()), 3);
}

// Three trials, the third of which stops in the middle; `begun`: or before its first event was written.
void record_three(OutputDirectory& output, bool begun) {
  for (std::uint64_t trial = 0; trial < 3; ++trial) {
    const Result<std::string> folder = output.make_trial("irq", "inplace", trial);
    if (!folder.ok()) ::_exit(2);
    Result<JsonlSink> sink = JsonlSink::create(output.working_path() + "/" + *folder + "/events.jsonl");
    if (!sink.ok()) ::_exit(3);
    if (trial == 2 && !begun) return;
    sink->on_event(Event{Nanoseconds(0), std::nullopt, -1, PlanEvent{"{}"}});
    sink->on_event(Event{Nanoseconds(1), std::nullopt, -1, LifecycleEvent{LifecycleEvent::What::ready, {}}});
    if (trial < 2)
      sink->on_event(Event{Nanoseconds(2), std::nullopt, -1, LifecycleEvent{LifecycleEvent::What::end, {}}});
    if (!sink->flush().ok()) ::_exit(4);
    if (trial == 2) {
      std::ofstream(output.working_path() + "/" + *folder + "/events.jsonl", std::ios::app) << "{\"t\":12,\"ty";
      std::ofstream(output.working_path() + "/results.json.tmp.1234") << "{";
    }
  }
}

// A run of these that is killed then; `begin`: below_state() or at(DIR).
void run_until_killed(const std::function<Result<OutputDirectory>()>& begin, bool begun = true) {
  const pid_t child = ::fork();
  if (child == 0) {
    Result<OutputDirectory> output = begin();
    if (!output.ok()) ::_exit(1);
    record_three(*output, begun);
    ::raise(SIGKILL);
    ::_exit(5);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status)) << WEXITSTATUS(status);
}

void expect_rescued(const OutputDirectory& next, const std::string& folder) {
  ASSERT_EQ(next.rescued().size(), 1U);
  EXPECT_EQ(next.rescued()[0].folder, folder);
  EXPECT_EQ(next.rescued()[0].finished, 2U);
  EXPECT_EQ(next.rescued()[0].cut, 1U);
  EXPECT_TRUE(recording_is_whole(folder + "/irq/inplace/trial-0/events.jsonl"));
  EXPECT_TRUE(recording_is_whole(folder + "/irq/inplace/trial-1/events.jsonl"));
  EXPECT_FALSE(fs::exists(folder + "/irq/inplace/trial-2"));
  const std::string cut = read_back(folder + "/irq/inplace/trial-2-cut/events.jsonl");
  EXPECT_TRUE(cut.ends_with("}\n")) << "no half line is left: " << cut;
  EXPECT_FALSE(fs::exists(folder + "/results.json.tmp.1234"));
  const std::string notice = read_back(folder + "/INCOMPLETE");
  EXPECT_NE(notice.find("remapstorm replay " + folder), std::string::npos) << notice;
  EXPECT_NE(describe(next.rescued()[0]).find("2 finished trials are kept in " + folder), std::string::npos);
}

TEST(OutputDirectory, FinishedTrialsOfAKilledRunAreKeptByTheNext) {
  const TemporaryFolder folder;
  run_until_killed([&] { return OutputDirectory::below_state(folder.path(), "20260101T000000Z", "a"); });
  Result<OutputDirectory> next = OutputDirectory::below_state(folder.path(), "20260101T000001Z", "b");
  ASSERT_TRUE(next.ok()) << next.error().message;
  expect_rescued(*next, folder.file("runs/20260101T000000Z-a-incomplete"));
  ASSERT_TRUE(next->finish().ok());
  EXPECT_EQ(fs::read_symlink(folder.file("runs/latest")), "20260101T000001Z-b");
  const Result<OutputDirectory> third = OutputDirectory::below_state(folder.path(), "20260101T000002Z", "c");
  EXPECT_TRUE(third.ok() && third->rescued().empty()) << "once is enough";
}

// On another machine that shares our files, such as the lab's host.
TEST(OutputDirectory, ARunElsewhereIsLeftAloneWhileItLives) {
  const TemporaryFolder folder;
  run_until_killed([&] { return OutputDirectory::below_state(folder.path(), "20260101T000000Z", "a"); });
  const std::string owner = folder.file("runs/.remapstorm-unfinished-20260101T000000Z-a/" + std::string(kOwnerName));
  OwnerIdentity elsewhere = OwnerIdentity::of_this_process();
  elsewhere.boot = "another";
  unsigned long long count = 0;
  std::ofstream(owner, std::ios::trunc) << owner_text(elsewhere, count);
  {
    const Repeater alive(std::chrono::milliseconds(200),
                         [&] { std::ofstream(owner, std::ios::trunc) << owner_text(elsewhere, ++count); });
    const Result<OutputDirectory> beside = OutputDirectory::below_state(folder.path(), "20260101T000001Z", "b");
    ASSERT_TRUE(beside.ok()) << beside.error().message;
    EXPECT_TRUE(beside->rescued().empty());
  }
  elsewhere = OwnerIdentity::of_this_process();
  elsewhere.start = "1";
  std::ofstream(owner, std::ios::trunc) << owner_text(elsewhere, count);
  Result<OutputDirectory> next = OutputDirectory::below_state(folder.path(), "20260101T000002Z", "c");
  ASSERT_TRUE(next.ok()) << next.error().message;
  expect_rescued(*next, folder.file("runs/20260101T000000Z-a-incomplete"));
}

TEST(OutputDirectory, TwoRunsAtOnceInOneFolderAreNotBothRecorded) {
  const TemporaryFolder folder;
  Result<OutputDirectory> first = OutputDirectory::at(folder.file("out"));
  ASSERT_TRUE(first.ok());
  const Result<OutputDirectory> second = OutputDirectory::at(folder.file("out"));
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().kind, ErrorKind::usage);
  EXPECT_NE(second.error().message.find(folder.file("out") + " is in use"), std::string::npos)
      << second.error().message;
  ASSERT_TRUE(first->write("results.json", "{}").ok());
  ASSERT_TRUE(first->finish().ok());
  EXPECT_TRUE(OutputDirectory::at(folder.file("out")).ok());
}

TEST(OutputDirectory, AFolderThatIsNotOursIsRefusedWithoutAByteChanged) {
  const TemporaryFolder folder;
  fs::create_directories(folder.file("report"));
  std::ofstream(folder.file("report/source.cpp")) << "int main() {}";
  const auto before = fs::last_write_time(folder.path());
  const Result<OutputDirectory> output = OutputDirectory::at(folder.path());
  ASSERT_FALSE(output.ok());
  EXPECT_EQ(output.error().kind, ErrorKind::usage);
  EXPECT_EQ(read_back(folder.file("report/source.cpp")), "int main() {}");
  EXPECT_EQ(folder.entries(), 1U);
  EXPECT_EQ(fs::last_write_time(folder.path()), before);
}

TEST(OutputDirectory, AFolderThatIsRemovedMeanwhileIsNoSuccess) {
  for (const char* doomed : {"out", "out/.remapstorm-unfinished", "trial"}) {
    const TemporaryFolder folder;
    Result<OutputDirectory> output = OutputDirectory::at(folder.file("out"));
    ASSERT_TRUE(output.ok());
    const Result<std::string> trial = output->make_trial("irq", "inplace", 0);
    ASSERT_TRUE(trial.ok());
    fs::remove_all(doomed == std::string("out")     ? folder.file("out")
                   : doomed == std::string("trial") ? output->working_path() + "/" + *trial
                                                    : output->working_path());
    const bool whole = fs::exists(output->working_path());
    EXPECT_EQ(output->make_trial("irq", "inplace", 1).ok(), whole) << doomed;
    if (whole) {
      EXPECT_TRUE(output->write("results.json", "{}").ok());
    }
    const Status finished = output->finish();
    ASSERT_FALSE(finished.ok()) << doomed;
    EXPECT_EQ(finished.error().kind, ErrorKind::host);
    EXPECT_FALSE(fs::exists(folder.file("out/results.json"))) << doomed;
  }
}

// A disk that is full, say.
TEST(OutputDirectory, GivingUpKeepsRecordingsAndNamesThem) {
  for (const bool below_state : {false, true}) {
    const TemporaryFolder folder;
    Result<OutputDirectory> output = below_state ? OutputDirectory::below_state(folder.path(), "20260101T000000Z", "a")
                                                 : OutputDirectory::at(folder.file("out"));
    ASSERT_TRUE(output.ok());
    record_three(*output, true);
    const Error error = output->give_up(host_error("no space"));
    const std::string kept = below_state ? folder.file("runs/20260101T000000Z-a-incomplete")
                                         : folder.file("out/incomplete-" + std::to_string(::getpid()));
    EXPECT_EQ(error.message, "no space; 3 recordings are kept in " + kept);
    EXPECT_TRUE(recording_is_whole(kept + "/irq/inplace/trial-0/events.jsonl"));
    EXPECT_TRUE(is_marked(kept));
    EXPECT_FALSE(fs::exists(kept + "/" + kOwnerName));
  }
}

TEST(OutputDirectory, AFolderThatNothingCameOfIsNotLeftBehind) {
  const TemporaryFolder folder;
  { ASSERT_TRUE(OutputDirectory::at(folder.file("out")).ok()); }
  EXPECT_EQ(folder.entries(), 0U);
}

// Nothing in it says what was asked: it would only make a replay of the others fail.
TEST(OutputDirectory, ARecordingWithoutAnEventIsNotKept) {
  const TemporaryFolder folder;
  run_until_killed([&] { return OutputDirectory::below_state(folder.path(), "20260101T000000Z", "a"); }, false);
  const fs::path working = folder.file("runs/.remapstorm-unfinished-20260101T000000Z-a");
  fs::create_directories(working / "irq/inplace/trial-3");
  std::ofstream(working / "irq/inplace/trial-3/events.jsonl") << "{\"v\":3,\"ty";  // half of its first line
  const Result<OutputDirectory> next = OutputDirectory::below_state(folder.path(), "20260101T000001Z", "b");
  ASSERT_TRUE(next.ok()) << next.error().message;
  ASSERT_EQ(next->rescued().size(), 1U);
  EXPECT_EQ(next->rescued()[0].finished, 2U);
  EXPECT_EQ(next->rescued()[0].cut, 0U);
  const fs::path kept = next->rescued()[0].folder;
  EXPECT_EQ(std::distance(fs::directory_iterator(kept / "irq/inplace"), fs::directory_iterator()), 2);
}

TEST(OutputDirectory, TheyAreKeptInAFolderThatWasAskedForToo) {
  const TemporaryFolder folder;
  run_once(folder.file("out"), "first");
  run_until_killed([&] { return OutputDirectory::at(folder.file("out")); });
  const Result<OutputDirectory> next = OutputDirectory::at(folder.file("out"));
  ASSERT_TRUE(next.ok());
  ASSERT_EQ(next->rescued().size(), 1U);
  EXPECT_TRUE(next->rescued()[0].folder.starts_with(folder.file("out/incomplete-")));
  expect_rescued(*next, next->rescued()[0].folder);
  EXPECT_EQ(read_back(folder.file("out/results.json")), "first") << "earlier results stay";
}

TEST(OutputDirectory, ARescueThatWasKilledItselfIsDoneAgain) {
  const TemporaryFolder folder;
  run_until_killed([&] { return OutputDirectory::below_state(folder.path(), "20260101T000000Z", "a"); });
  const fs::path working = folder.file("runs/.remapstorm-unfinished-20260101T000000Z-a");
  fs::rename(working / "irq/inplace/trial-2", working / "irq/inplace/trial-2-cut");  // as far as it came
  const Result<OutputDirectory> next = OutputDirectory::below_state(folder.path(), "20260101T000001Z", "b");
  ASSERT_TRUE(next.ok());
  expect_rescued(*next, folder.file("runs/20260101T000000Z-a-incomplete"));
}

TEST(OutputDirectory, TheSameTrialOnceMoreGetsAFolderOfItsOwn) {
  const TemporaryFolder folder;
  Result<OutputDirectory> output = OutputDirectory::at(folder.file("out"));
  ASSERT_TRUE(output.ok());
  EXPECT_EQ(*output->make_trial("irq", "inplace", 3), "irq/inplace/trial-3");
  EXPECT_EQ(*output->make_trial("irq", "inplace", 3), "irq/inplace/trial-3-again-2");
  EXPECT_EQ(*output->make_trial("irq", "inplace", 3), "irq/inplace/trial-3-again-3");
}

TEST(OutputDirectory, ARunInProgressIsNotTakenForAbandoned) {
  const TemporaryFolder folder;
  Result<OutputDirectory> first = OutputDirectory::below_state(folder.path(), "20260101T000000Z", "a");
  Result<OutputDirectory> second = OutputDirectory::below_state(folder.path(), "20260101T000000Z", "a");
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_NE(first->path(), second->path());
  ASSERT_TRUE(first->write("f", "1").ok());
  ASSERT_TRUE(second->write("f", "2").ok());
  ASSERT_TRUE(first->finish().ok());
  ASSERT_TRUE(second->finish().ok());
  EXPECT_EQ(read_back(folder.file("runs/20260101T000000Z-a/f")), "1");
  EXPECT_EQ(read_back(folder.file("runs/20260101T000000Z-a-2/f")), "2");
  EXPECT_EQ(read_back(folder.file("runs/latest/f")), "2");
}

TEST(OutputDirectory, TheLatestLinkFollows) {
  const TemporaryFolder folder;
  for (const std::string label : {"one", "two"}) {
    Result<OutputDirectory> output = OutputDirectory::below_state(folder.path(), "20260101T000000Z", label);
    ASSERT_TRUE(output.ok());
    ASSERT_TRUE(output->write("f", label).ok());
    ASSERT_TRUE(output->finish().ok());
    EXPECT_EQ(read_back(folder.file("runs/latest/f")), label);
  }
}

TEST(OutputDirectory, RefusesAFile) {
  const TemporaryFolder folder;
  std::ofstream(folder.file("out")) << "x";
  const Result<OutputDirectory> output = OutputDirectory::at(folder.file("out"));
  ASSERT_FALSE(output.ok());
  EXPECT_EQ(output.error().kind, ErrorKind::usage);
}

TEST(OutputDirectory, NamesAPlaceItCannotCreate) {
  const Result<OutputDirectory> output = OutputDirectory::at("/proc/no/such");
  ASSERT_FALSE(output.ok());
  EXPECT_EQ(output.error().kind, ErrorKind::usage);
  EXPECT_NE(output.error().message.find("/proc/no/such"), std::string::npos) << output.error().message;
}

TEST(TimeStamp, IsUtc) {
  EXPECT_EQ(time_stamp(0), "19700101T000000Z");
  EXPECT_EQ(rfc3339(1769903999), "2026-01-31T23:59:59Z");
}

}  // namespace
}  // namespace remapstorm
