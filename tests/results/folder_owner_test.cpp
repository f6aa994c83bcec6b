// SPDX-License-Identifier: Apache-2.0
#include "results/folder_owner.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "base/repeater.h"
#include "results/owner_file.h"
#include "tests/base/temporary_folder.h"

namespace remapstorm {
namespace {

namespace fs = std::filesystem;

const OwnerPace kFast{std::chrono::milliseconds(20), 10};

OwnerIdentity stranger() {
  OwnerIdentity identity = OwnerIdentity::of_this_process();
  identity.boot = "00000000-0000-0000-0000-000000000000";
  identity.host = "other";
  return identity;
}

void write_owner(const TemporaryFolder& folder, const OwnerIdentity& identity, unsigned long long count) {
  std::ofstream(folder.file(kOwnerName)) << owner_text(identity, count);
}

// The process id of one that is gone.
std::string ended_process() {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  ::waitpid(child, nullptr, 0);
  return std::to_string(child);
}

TEST(OwnerFile, TellsALiveProcessFromADeadOneAndFromOneThatHasItsNumber) {
  const OwnerIdentity here = OwnerIdentity::of_this_process();
  EXPECT_EQ(judge_owner(owner_text(here, 3), here), OwnerLife::alive);
  OwnerIdentity other = here;
  other.start = "1";
  EXPECT_EQ(judge_owner(owner_text(other, 3), here), OwnerLife::dead);
  other = here;
  other.pid = ended_process();
  EXPECT_EQ(judge_owner(owner_text(other, 3), here), OwnerLife::dead);
}

TEST(OwnerFile, WhatOnlyHasItsExitStatusLeftIsDead) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::pause();
    ::_exit(0);
  }
  OwnerIdentity other = OwnerIdentity::of_this_process();
  other.pid = std::to_string(child);
  std::ifstream in("/proc/" + other.pid + "/stat");
  const std::string stat((std::istreambuf_iterator<char>(in)), {});
  std::istringstream fields(stat.substr(stat.rfind(") ") + 2));
  for (int field = 3; field <= 22; ++field) fields >> other.start;
  EXPECT_EQ(judge_owner(owner_text(other, 1), OwnerIdentity::of_this_process()), OwnerLife::alive);
  ::kill(child, SIGKILL);
  siginfo_t info = {};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT), 0);
  EXPECT_EQ(judge_owner(owner_text(other, 1), OwnerIdentity::of_this_process()), OwnerLife::dead);
  ::waitpid(child, nullptr, 0);
}

TEST(OwnerFile, OfAnotherMachineBootOrContainerNothingIsKnownFromTheFileAlone) {
  const OwnerIdentity here = OwnerIdentity::of_this_process();
  OwnerIdentity other = here;
  other.boot = "x";
  EXPECT_EQ(judge_owner(owner_text(other, 1), here), OwnerLife::elsewhere);
  other = here;
  other.pids = "pid:[1]";
  EXPECT_EQ(judge_owner(owner_text(other, 1), here), OwnerLife::elsewhere);
  for (const char* text : {"", "remapstorm owner 2\n", "remapstorm owner 1\n", "\xff\xfe\n\n\n"}) {
    EXPECT_EQ(judge_owner(text, here), OwnerLife::elsewhere) << text;
  }
}

TEST(FolderOwner, OneAtATime) {
  const TemporaryFolder folder;
  {
    const Result<FolderOwner> first = FolderOwner::take(folder.path());
    ASSERT_TRUE(first.ok()) << first.error().message;
    EXPECT_TRUE(first->still_ours());
    const Result<FolderOwner> second = FolderOwner::take(folder.path());
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.error().kind, ErrorKind::usage);
    EXPECT_NE(second.error().message.find("process " + std::to_string(::getpid())), std::string::npos)
        << second.error().message;
    EXPECT_FALSE(second.error().hint.empty());
    EXPECT_TRUE(first->still_ours());
  }
  EXPECT_EQ(folder.entries(), 0U);
  EXPECT_TRUE(FolderOwner::take(folder.path()).ok());
}

TEST(FolderOwner, OfManyAtOnceOneGetsIt) {
  const TemporaryFolder folder;
  OwnerIdentity dead = OwnerIdentity::of_this_process();
  dead.pid = ended_process();
  for (int round = 0; round < 20; ++round) {
    write_owner(folder, dead, 5);
    std::vector<std::thread> threads;
    std::vector<std::optional<FolderOwner>> taken(8);
    for (std::optional<FolderOwner>& mine : taken) {
      threads.emplace_back([&] {
        Result<FolderOwner> owner = FolderOwner::take(folder.path());
        if (owner.ok()) mine.emplace(std::move(owner).value());
      });
    }
    for (std::thread& thread : threads) thread.join();
    std::size_t owners = 0;
    for (const std::optional<FolderOwner>& mine : taken) {
      if (!mine) continue;
      ++owners;
      EXPECT_TRUE(mine->still_ours());
    }
    EXPECT_EQ(owners, 1U);
    taken.clear();
    EXPECT_EQ(folder.entries(), 0U);
  }
}

TEST(FolderOwner, OfAKilledProcessIsTakenAtOnce) {
  const TemporaryFolder folder;
  const pid_t child = ::fork();
  if (child == 0) {
    const Result<FolderOwner> owner = FolderOwner::take(folder.path());
    if (owner.ok()) ::raise(SIGKILL);
    ::_exit(1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_TRUE(WIFSIGNALED(status));
  std::string note;
  const Result<FolderOwner> next = FolderOwner::take(folder.path(), [&](const std::string& line) { note = line; });
  ASSERT_TRUE(next.ok()) << next.error().message;
  EXPECT_EQ(note, "");
}

TEST(FolderOwner, OneElsewhereThatCountsOnLives) {
  const TemporaryFolder folder;
  const OwnerIdentity other = stranger();
  unsigned long long count = 0;
  write_owner(folder, other, count);
  const Repeater alive(std::chrono::milliseconds(15), [&] {
    std::fstream file(folder.file(kOwnerName), std::ios::in | std::ios::out);
    file.seekp(static_cast<std::streamoff>(owner_count_offset(owner_text(other, 0).size())));
    file << owner_count_text(++count) << std::flush;
  });
  const Result<FolderOwner> refused = FolderOwner::take(folder.path(), {}, kFast);
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("on other"), std::string::npos) << refused.error().message;
  EXPECT_TRUE(FolderOwner::take_abandoned({folder.path()}, {}, kFast).empty());
}

TEST(FolderOwner, OneElsewhereThatStandsStillIsLookedAtForAWhile) {
  const TemporaryFolder one, two, three, ours;
  write_owner(one, stranger(), 7);
  write_owner(two, stranger(), 7);
  write_owner(three, OwnerIdentity::of_this_process(), 7);
  const Result<FolderOwner> mine = FolderOwner::take(ours.path());
  unsigned notes = 0;
  const auto note = [&](const std::string&) { ++notes; };
  // Looked at together.
  const std::vector<FolderOwner> taken =
      FolderOwner::take_abandoned({one.path(), two.path(), three.path(), ours.path()}, note, kFast);
  ASSERT_EQ(taken.size(), 2U);
  EXPECT_TRUE(taken[0].still_ours() && taken[1].still_ours());
  EXPECT_EQ(notes, 1U);
  EXPECT_TRUE(mine.ok() && mine->still_ours());
}

TEST(FolderOwner, HalfAFileIsLookedAtForAWhileToo) {
  const TemporaryFolder folder;
  std::ofstream(folder.file(kOwnerName)) << "";
  EXPECT_TRUE(FolderOwner::take(folder.path(), {}, kFast).ok());
}

TEST(FolderOwner, WhoWasTakenForDeadLearnsOfIt) {
  const TemporaryFolder folder;
  const Result<FolderOwner> first = FolderOwner::take(folder.path());
  ASSERT_TRUE(first.ok());
  write_owner(folder, stranger(), 1);  // in place: the same file
  fs::remove(folder.file(kOwnerName));
  EXPECT_FALSE(first->still_ours());
  write_owner(folder, stranger(), 1);
  EXPECT_FALSE(first->still_ours());
}

TEST(FolderOwner, AFolderThatWasRemovedOrRenamedIsNoLongerOurs) {
  const TemporaryFolder folder;
  fs::create_directory(folder.file("a"));
  std::optional<FolderOwner> owner;
  {
    Result<FolderOwner> taken = FolderOwner::take(folder.file("a"));
    ASSERT_TRUE(taken.ok());
    owner.emplace(std::move(taken).value());
  }
  fs::rename(folder.file("a"), folder.file("b"));
  EXPECT_FALSE(owner->still_ours());
  fs::create_directory(folder.file("a"));
  EXPECT_FALSE(owner->still_ours());
  owner.reset();
  EXPECT_TRUE(fs::is_empty(folder.file("b"))) << "given free under its new name";
}

}  // namespace
}  // namespace remapstorm
