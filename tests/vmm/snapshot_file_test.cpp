// SPDX-License-Identifier: Apache-2.0
#include "vmm/snapshot_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <cstring>
#include <fstream>

#include "base/rng.h"
#include "tests/base/temporary_folder.h"
#include "vmm/snapshot_header.h"

namespace remapstorm {
namespace {

using testing::HasSubstr;

const SnapshotKey kKey = {{"guest image", "1f2e"}, {"host CPU", "a CPU"}, {"command line", "quiet"}};

std::vector<std::byte> some_bytes(std::size_t count, int from) {
  std::vector<std::byte> bytes;
  for (std::size_t i = 0; i < count; ++i) bytes.push_back(static_cast<std::byte>(static_cast<std::size_t>(from) + i));
  return bytes;
}

// A machine that never was: every field of a snapshot set, pages at both ends of memory.
Snapshot made_up(std::uint64_t ram = 4 << 20) {
  const auto memory = GuestMemory::create(ram).value();
  EXPECT_TRUE(memory->add_region("mailbox", Gpa(0xd0000000), 16384).ok());
  for (const std::uint64_t at : {std::uint64_t{0}, std::uint64_t{4096}, ram / 2, ram - 8, std::uint64_t{0xd0000000}}) {
    EXPECT_TRUE(memory->store<std::uint64_t>(Gpa(at), at + 7));
  }
  KvmState kvm;
  kvm.vm = {{32, some_bytes(520, 1)}, {36, some_bytes(48, 2)}};
  kvm.vcpus = {{{2, some_bytes(144, 3)}, {7, {}}}, {{2, some_bytes(144, 4)}}};
  const PlatformState platform = {{"serial port", some_bytes(37, 5)}, {"a \xff name", {}}};
  std::vector<Vcpu::RunState> run(2);
  run[0].resume.stepping = {Gva(0xffffffff81000000), Gva(1)};
  run[0].resume.interrupted = {{Gva(2), Gva(3)}, {Gva(4), Gva(5)}};
  run[1].step_from = {Gva(6), Gva(~0ULL)};
  run[1].cr8 = 15;
  return Snapshot::of_parts(MemoryImage::take(*memory).value(), kvm, platform, run);
}

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}
void write_file(const std::string& path, const std::string& content) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
}

void expect_same(const Snapshot& one, const Snapshot& two) {
  EXPECT_EQ(one.kvm_state(), two.kvm_state());
  EXPECT_EQ(one.platform_state(), two.platform_state());
  ASSERT_EQ(one.run_states().size(), two.run_states().size());
  for (std::size_t i = 0; i < one.run_states().size(); ++i) {
    EXPECT_EQ(one.run_states()[i].resume, two.run_states()[i].resume);
    EXPECT_EQ(one.run_states()[i].step_from, two.run_states()[i].step_from);
    EXPECT_EQ(one.run_states()[i].cr8, two.run_states()[i].cr8);
  }
  ASSERT_EQ(one.memory().regions().size(), two.memory().regions().size());
  for (std::size_t i = 0; i < one.memory().regions().size(); ++i) {
    const auto& a = one.memory().regions()[i];
    const auto& b = two.memory().regions()[i];
    EXPECT_EQ(a.name, b.name);
    EXPECT_EQ(a.base, b.base);
    ASSERT_EQ(a.stored, b.stored);
    for (const PageRange& range : a.stored) {
      EXPECT_EQ(std::memcmp(a.page(range.first), b.page(range.first), range.count * kGuestPageSize), 0);
    }
  }
}

TEST(SnapshotFile, ComesBackAsItWas) {
  const TemporaryFolder folder;
  const Snapshot snapshot = made_up();
  ASSERT_TRUE(save_snapshot(folder.file("s"), kKey, snapshot, "a note").ok());
  EXPECT_EQ(folder.entries(), 1U);
  const auto back = load_snapshot(folder.file("s"), kKey);
  ASSERT_TRUE(back.ok()) << back.error().message;
  EXPECT_EQ(back->note, "a note");
  expect_same(back->snapshot, snapshot);
}

TEST(SnapshotFile, PagesOfZerosTakeNoRoom) {
  const TemporaryFolder folder;
  ASSERT_TRUE(save_snapshot(folder.file("s"), kKey, made_up(1 << 30), "").ok());
  struct stat info = {};
  ASSERT_EQ(::stat(folder.file("s").c_str(), &info), 0);
  EXPECT_GT(info.st_size, 1 << 30);
  EXPECT_LT(info.st_blocks * 512, 1 << 20);
}

TEST(SnapshotFile, IsRefusedForAnotherKeyByName) {
  const TemporaryFolder folder;
  ASSERT_TRUE(save_snapshot(folder.file("s"), kKey, made_up(), "").ok());
  for (std::size_t i = 0; i < kKey.size(); ++i) {
    SnapshotKey other = kKey;
    other[i].second = "other";
    const auto refused = load_snapshot(folder.file("s"), other);
    ASSERT_FALSE(refused.ok());
    EXPECT_THAT(refused.error().message,
                HasSubstr("of another " + kKey[i].first + ": " + kKey[i].second + ", not other"));
  }
  EXPECT_THAT(load_snapshot(folder.file("none"), kKey).error().message, HasSubstr("none"));
}

TEST(SnapshotFile, AnotherVersionIsNamed) {
  const TemporaryFolder folder;
  ASSERT_TRUE(save_snapshot(folder.file("s"), kKey, made_up(), "").ok());
  std::string content = read_file(folder.file("s"));
  for (const int version : {1, 9}) {
    content[8] = static_cast<char>(version);
    write_file(folder.file("s"), content);
    EXPECT_THAT(load_snapshot(folder.file("s"), kKey).error().message,
                HasSubstr("version " + std::to_string(version) + ", not 2"));
  }
}

TEST(SnapshotFile, ACutFileIsRefusedWhereverItIsCut) {
  const TemporaryFolder folder;
  ASSERT_TRUE(save_snapshot(folder.file("s"), kKey, made_up(2 << 20), "").ok());
  const std::string content = read_file(folder.file("s"));
  for (std::size_t length = 1; length < content.size(); length += length < 8192 ? 61 : 65537) {
    write_file(folder.file("cut"), content.substr(0, length));
    const auto refused = load_snapshot(folder.file("cut"), kKey);
    ASSERT_FALSE(refused.ok()) << "cut at " << length;
    EXPECT_EQ(refused.error().kind, ErrorKind::usage);
  }
}

// A bit turned anywhere is found, or lies in a page that is not stored and changes nothing.
TEST(SnapshotFile, ADamagedFileIsRefused) {
  const TemporaryFolder folder;
  const Snapshot snapshot = made_up(2 << 20);
  ASSERT_TRUE(save_snapshot(folder.file("s"), kKey, snapshot, "").ok());
  const std::string content = read_file(folder.file("s"));
  Rng rng(1);
  unsigned refused = 0;
  for (int i = 0; i < 400; ++i) {
    std::string damaged = content;
    // Half of them in the header and the description.
    const std::uint64_t at = rng.next() % (i % 2 == 0 ? 1024 : content.size());
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << (rng.next() % 8)));
    write_file(folder.file("d"), damaged);
    const auto loaded = load_snapshot(folder.file("d"), kKey);
    if (loaded) expect_same(loaded->snapshot, snapshot);
    if (!loaded) ++refused;
  }
  EXPECT_GT(refused, 100U);
}

// Past its checksum: bytes that somebody made up.
TEST(SnapshotFile, AnyDescriptionIsReadOrRefused) {
  SnapshotDescription description;
  description.key = kKey;
  description.kvm = made_up().kvm_state();
  description.run = made_up().run_states();
  description.regions = {{"ram", Gpa(0), 1 << 20, {{0, 2}, {5, 251}}}};
  const std::vector<std::byte> whole = encode_description(description);
  ASSERT_TRUE(decode_description(whole).ok());
  Rng rng(2);
  for (int i = 0; i < 20000; ++i) {
    std::vector<std::byte> bytes = whole;
    for (std::uint64_t n = rng.next() % 4; n != ~0ULL; --n)
      bytes[rng.next() % bytes.size()] = static_cast<std::byte>(rng.next());
    if (i % 5 == 0) bytes.resize(rng.next() % bytes.size());
    const auto decoded = decode_description(bytes);
    if (!decoded) continue;
    for (const RegionDescription& region : decoded->regions) {
      for (const PageRange& range : region.stored) EXPECT_LE(range.first + range.count, region.bytes / kGuestPageSize);
    }
  }
}

// CBOR: an array of one element (0x81) that is such an array, and so on; the reader would go as deep.
TEST(SnapshotFile, AHeaderThatNestsWithoutEndIsRefused) {
  EXPECT_FALSE(decode_description(std::vector<std::byte>(500'000, std::byte{0x81})).ok());
  EXPECT_FALSE(decode_description(std::vector<std::byte>(500'000, std::byte{0x9f})).ok());
}

TEST(SnapshotFile, ImpossiblePagesAreRefused) {
  for (const std::vector<PageRange>& stored : std::vector<std::vector<PageRange>>{
           {{256, 1}}, {{0, 257}}, {{3, 0}}, {{5, 2}, {6, 1}}, {{1, ~0ULL}}, {{~0ULL, 2}}}) {
    SnapshotDescription description;
    description.regions = {{"ram", Gpa(0), 1 << 20, stored}};
    EXPECT_FALSE(decode_description(encode_description(description)).ok());
  }
}

TEST(SnapshotFile, AFullDiskIsSaidAndLeavesNothing) {
  const TemporaryFolder folder;
  const Snapshot snapshot = made_up();
  rlimit before = {};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit small = before;
  small.rlim_cur = 1 << 20;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const Status saved = save_snapshot(folder.file("s"), kKey, snapshot, "");
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, handler);
  ASSERT_FALSE(saved.ok());
  EXPECT_EQ(saved.error().kind, ErrorKind::host);
  EXPECT_THAT(saved.error().message, HasSubstr("keeping a snapshot in"));
  EXPECT_EQ(folder.entries(), 0U);
}

TEST(SnapshotFile, AHalfDoneAccessIsNotKept) {
  const TemporaryFolder folder;
  const Snapshot whole = made_up();
  std::vector<Vcpu::RunState> run = whole.run_states();
  run[0].pending_write = IoExit{};
  const auto memory = GuestMemory::create(4 << 20).value();
  const Snapshot half = Snapshot::of_parts(MemoryImage::take(*memory).value(), whole.kvm_state(), {}, run);
  EXPECT_FALSE(save_snapshot(folder.file("s"), kKey, half, "").ok());
  EXPECT_EQ(folder.entries(), 0U);
}

}  // namespace
}  // namespace remapstorm
