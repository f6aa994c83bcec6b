// SPDX-License-Identifier: Apache-2.0
#include "trial/snapshot_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>

#include "tests/base/temporary_folder.h"

namespace remapstorm {
namespace {

using testing::HasSubstr;

BootIdentity identity() { return {"k1", "i1", "quiet", 2, 4 << 20, "kvm-hardware", "a CPU", "6.1", "build-1"}; }

Snapshot made_up() {
  const auto memory = GuestMemory::create(4 << 20).value();
  EXPECT_TRUE(memory->store<std::uint64_t>(Gpa(8192), 42));
  return Snapshot::of_parts(MemoryImage::take(*memory).value(), {}, {}, {});
}

TEST(SnapshotStore, FindsWhatItKept) {
  const TemporaryFolder folder;
  const SnapshotStore store(folder.file("snapshots"));
  EXPECT_FALSE(store.find(identity()).snapshot);
  EXPECT_EQ(store.find(identity()).refused, "") << "nothing is there: no reason to give";
  ASSERT_TRUE(store.keep(identity(), made_up(), "rings").ok());
  const auto found = store.find(identity());
  ASSERT_TRUE(found.snapshot) << found.refused;
  EXPECT_EQ(found.snapshot->note, "rings");
  store.drop(identity());
  EXPECT_FALSE(store.find(identity()).snapshot);
}

TEST(SnapshotStore, AnotherMachineIsAnotherFile) {
  const TemporaryFolder folder;
  const SnapshotStore store(folder.file("snapshots"));
  ASSERT_TRUE(store.keep(identity(), made_up(), "").ok());
  for (const auto& change : std::vector<void (*)(BootIdentity&)>{
           [](BootIdentity& one) { one.kernel = "k2"; }, [](BootIdentity& one) { one.initramfs = "i2"; },
           [](BootIdentity& one) { one.command_line = "loud"; }, [](BootIdentity& one) { one.cpus = 1; },
           [](BootIdentity& one) { one.memory = 8 << 20; }}) {
    BootIdentity other = identity();
    change(other);
    EXPECT_NE(other.file_name(), identity().file_name());
    EXPECT_EQ(store.find(other).refused, "");
  }
}

TEST(SnapshotStore, AnotherHostOrProgramIsRefusedByNameAndReplaced) {
  const TemporaryFolder folder;
  const SnapshotStore store(folder.file("snapshots"));
  ASSERT_TRUE(store.keep(identity(), made_up(), "").ok());
  const auto refused = [&](void (*change)(BootIdentity&)) {
    BootIdentity other = identity();
    change(other);
    return store.find(other).refused;
  };
  EXPECT_THAT(refused([](BootIdentity& one) { one.host_kind = "kvm-interpreting"; }),
              HasSubstr("of another kind of host: kvm-hardware, not kvm-interpreting"));
  EXPECT_THAT(refused([](BootIdentity& one) { one.host_cpu = "B"; }), HasSubstr("of another host CPU: a CPU, not B"));
  EXPECT_THAT(refused([](BootIdentity& one) { one.host_kernel = "6.2"; }), HasSubstr("of another host kernel"));
  EXPECT_THAT(refused([](BootIdentity& one) { one.program = "build-2"; }), HasSubstr("of another build of remapstorm"));
  BootIdentity mine = identity();
  mine.program = "build-2";
  ASSERT_TRUE(store.keep(mine, made_up(), "").ok());
  EXPECT_TRUE(store.find(mine).snapshot);
  EXPECT_FALSE(store.find(identity()).snapshot);
}

// Each is refused with its reason, and the next keep() puts a good one in its place.
TEST(SnapshotStore, WhateverIsWrongWithTheFileIsNamedAndItIsMadeAnew) {
  struct Wrong {
    const char* says;
    void (*spoil)(const std::string& path);
  };
  const auto other = [](void (*change)(BootIdentity&)) {
    BootIdentity one = identity();
    change(one);
    return one;
  };
  static const auto flip = [](const std::string& path, std::streamoff at) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(at);
    const int byte = file.get();
    file.seekp(at);
    file.put(static_cast<char>(byte ^ 1));
  };
  const TemporaryFolder folder;
  const SnapshotStore store(folder.path().string());
  const std::string path = folder.file(identity().file_name());
  for (const Wrong& wrong :
       std::vector<Wrong>{{"cut", [](const std::string& at) { std::filesystem::resize_file(at, 5000); }},
                          {"is empty", [](const std::string& at) { std::filesystem::resize_file(at, 0); }},
                          {"not a snapshot", [](const std::string& at) { flip(at, 0); }},
                          {"version 3, not 2", [](const std::string& at) { flip(at, 8); }},
                          {"its description does not add up", [](const std::string& at) { flip(at, 70); }},
                          {"its pages do not add up", [](const std::string& at) { flip(at, 4096 + 8192); }}}) {
    SCOPED_TRACE(wrong.says);
    ASSERT_TRUE(store.keep(identity(), made_up(), "").ok());
    wrong.spoil(path);
    const auto found = store.find(identity());
    EXPECT_FALSE(found.snapshot);
    EXPECT_THAT(found.refused, HasSubstr(wrong.says));
    EXPECT_THAT(found.refused, HasSubstr(path));
    ASSERT_TRUE(store.keep(identity(), made_up(), "").ok());
    EXPECT_TRUE(store.find(identity()).snapshot);
  }
  // The file of another machine under this one's name: a kernel, say, that was copied about.
  const std::vector<std::pair<BootIdentity, std::string>> others = {
      {other([](BootIdentity& one) { one.kernel = "k2"; }), "of another guest kernel: k2, not k1"},
      {other([](BootIdentity& one) { one.initramfs = "i2"; }), "of another initramfs: i2, not i1"},
      {other([](BootIdentity& one) { one.command_line = "loud"; }), "of another command line: loud, not quiet"},
      {other([](BootIdentity& one) { one.cpus = 8; }), "of another number of vCPUs: 8, not 2"},
      {other([](BootIdentity& one) { one.memory = 8 << 20; }), "of another memory size: 8388608, not 4194304"}};
  for (const auto& [theirs, says] : others) {
    SCOPED_TRACE(says);
    ASSERT_TRUE(store.keep(theirs, made_up(), "").ok());
    std::filesystem::rename(folder.file(theirs.file_name()), path);
    EXPECT_THAT(store.find(identity()).refused, HasSubstr(says));
    ASSERT_TRUE(store.keep(identity(), made_up(), "").ok());
    EXPECT_TRUE(store.find(identity()).snapshot);
  }
}

TEST(SnapshotStore, FilesOfOthersStayWhateverTheirName) {
  const TemporaryFolder folder;
  const SnapshotStore store(folder.path().string());
  const std::string mine = folder.file("my-vm.snapshot");
  std::ofstream(mine) << "a disk of somebody's";
  std::filesystem::last_write_time(mine, std::filesystem::file_time_type::clock::now() - std::chrono::hours(1));
  BootIdentity one = identity();
  for (unsigned i = 0; i <= SnapshotStore::kMostFiles; ++i) {
    one.command_line = std::to_string(i);
    ASSERT_TRUE(store.keep(one, made_up(), "").ok());
  }
  EXPECT_TRUE(std::filesystem::exists(mine));
  EXPECT_EQ(folder.entries(), SnapshotStore::kMostFiles + 1);
}

TEST(SnapshotStore, TheLeastUsedGoAndSoDoAbandonedOnes) {
  const TemporaryFolder folder;
  const SnapshotStore store(folder.path().string());
  const auto old = std::filesystem::file_time_type::clock::now() - std::chrono::hours(1);
  const std::string abandoned = folder.file("x.snapshot.tmp.1"), young = folder.file("y.snapshot.tmp.2");
  std::ofstream(abandoned) << "half";
  std::ofstream(young) << "half";
  std::filesystem::last_write_time(abandoned, old);
  BootIdentity one = identity();
  for (unsigned i = 0; i <= SnapshotStore::kMostFiles; ++i) {
    one.command_line = std::to_string(i);
    ASSERT_TRUE(store.keep(one, made_up(), "").ok());
    std::filesystem::last_write_time(folder.file(one.file_name()), old + std::chrono::minutes(i));
  }
  one.command_line = "newest";
  ASSERT_TRUE(store.keep(one, made_up(), "").ok());
  EXPECT_EQ(folder.entries(), SnapshotStore::kMostFiles + 1) << "and the young temporary file";
  EXPECT_FALSE(std::filesystem::exists(abandoned));
  EXPECT_TRUE(store.find(one).snapshot);
  one.command_line = "0";
  EXPECT_FALSE(store.find(one).snapshot) << "the oldest";
}

TEST(SnapshotStore, AFolderThatCannotBeIsAnError) {
  const TemporaryFolder folder;
  std::ofstream(folder.file("file")) << "x";
  const Status kept = SnapshotStore(folder.file("file/below")).keep(identity(), made_up(), "");
  ASSERT_FALSE(kept.ok());
  EXPECT_EQ(kept.error().kind, ErrorKind::host);
}

}  // namespace
}  // namespace remapstorm
