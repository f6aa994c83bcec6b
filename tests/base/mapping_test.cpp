// SPDX-License-Identifier: Apache-2.0
#include "base/mapping.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <utility>

#include "tests/base/temporary_folder.h"

namespace remapstorm {
namespace {

Fd memory_file(std::size_t size) {
  Fd fd(::memfd_create("mapping_test", MFD_CLOEXEC));
  EXPECT_EQ(::ftruncate(fd.get(), static_cast<off_t>(size)), 0);
  return fd;
}

TEST(Mapping, SharedMappingsOfOneFileSeeEachOther) {
  const Fd fd = memory_file(8192);
  Result<Mapping> first = Mapping::shared(fd, 8192, "first");
  Result<Mapping> second = Mapping::shared(fd, 8192, "second");
  ASSERT_TRUE(first.ok() && second.ok());
  first->bytes()[8191] = std::byte{0x5a};
  EXPECT_EQ(second->bytes()[8191], std::byte{0x5a});
}

TEST(Mapping, NamesWhatCouldNotBeMapped) {
  const Result<Mapping> result = Mapping::shared(Fd(), 4096, "guest memory");
  ASSERT_FALSE(result.ok());
  EXPECT_NE(result.error().message.find("guest memory"), std::string::npos) << result.error().message;
  EXPECT_NE(result.error().errnum, 0);
}

TEST(Mapping, MovingLeavesTheOldOneEmpty) {
  const Fd fd = memory_file(4096);
  Result<Mapping> result = Mapping::shared(fd, 4096, "memory");
  ASSERT_TRUE(result.ok());
  Mapping first = std::move(result).value();
  Mapping second = std::move(first);
  EXPECT_EQ(first.data(), nullptr);  // NOLINT(bugprone-use-after-move): the moved-from state is what is tested
  EXPECT_EQ(first.size(), 0U);
  EXPECT_EQ(second.size(), 4096U);
  second.bytes()[0] = std::byte{1};
}

TEST(Mapping, ReadsAWholeFile) {
  const TemporaryFolder folder;
  std::ofstream(folder.file("f")) << "hello";
  const Result<Mapping> result = Mapping::read_only_file(folder.file("f"));
  ASSERT_TRUE(result.ok());
  ASSERT_EQ(result->size(), 5U);
  EXPECT_EQ(std::memcmp(result->data(), "hello", 5), 0);
}

TEST(Mapping, ACopyStaysWhenTheFileIsWrittenAnew) {
  const TemporaryFolder folder;
  std::ofstream(folder.file("f")) << "hello";
  const Result<Mapping> copy = Mapping::copy_of_file(folder.file("f"), 5);
  ASSERT_TRUE(copy.ok()) << copy.error().message;
  std::ofstream(folder.file("f")) << "J";  // in place, and shorter: a mapping of the file would end in SIGBUS
  ASSERT_EQ(copy->size(), 5U);
  EXPECT_EQ(std::memcmp(copy->data(), "hello", 5), 0);
  std::ofstream(folder.file("f")) << "longer";
  EXPECT_FALSE(Mapping::copy_of_file(folder.file("f"), 5).ok());
}

void expect_usage_error(const std::string& path) {
  for (const bool copy : {false, true}) {
    const Result<Mapping> result = copy ? Mapping::copy_of_file(path, 100) : Mapping::read_only_file(path);
    ASSERT_FALSE(result.ok()) << path;
    EXPECT_EQ(result.error().kind, ErrorKind::usage) << result.error().message;
    EXPECT_NE(result.error().message.find(path), std::string::npos) << result.error().message;
  }
}

TEST(Mapping, RefusesFilesItCannotUse) {
  const TemporaryFolder folder;
  std::ofstream(folder.file("empty")).flush();
  expect_usage_error(folder.file("empty"));
  expect_usage_error(folder.file("missing"));
  expect_usage_error(folder.path().string());
  ASSERT_EQ(::mkfifo(folder.file("fifo").c_str(), 0600), 0);
  expect_usage_error(folder.file("fifo"));  // at once: nobody ever writes to it
}

}  // namespace
}  // namespace remapstorm
