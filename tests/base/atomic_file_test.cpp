// SPDX-License-Identifier: Apache-2.0
#include "base/atomic_file.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <fstream>
#include <iterator>

#include "tests/base/temporary_folder.h"

namespace remapstorm {
namespace {

std::string read_back(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(AtomicFile, WritesTheWholeContent) {
  const TemporaryFolder folder;
  const std::string content = std::string("a\0b\n", 4) + std::string(300000, 'x');
  ASSERT_TRUE(write_file_atomically(folder.file("f"), content).ok());
  EXPECT_EQ(read_back(folder.file("f")), content);
  EXPECT_EQ(folder.entries(), 1U) << "no temporary file stays";
}

TEST(AtomicFile, ReplacesAnEarlierFile) {
  const TemporaryFolder folder;
  ASSERT_TRUE(write_file_atomically(folder.file("f"), "long first content").ok());
  ASSERT_TRUE(write_file_atomically(folder.file("f"), "").ok());
  EXPECT_EQ(read_back(folder.file("f")), "");
}

TEST(AtomicFile, WritersOfOneFileDoNotShareATemporaryOne) {
  const TemporaryFolder folder;
  const Status outer = replace_file(folder.file("f"), [&](int fd) -> Status {
    if (::write(fd, "outer", 5) != 5) return internal_error("write");
    return write_file_atomically(folder.file("f"), "inner, and longer");
  });
  ASSERT_TRUE(outer.ok()) << outer.error().message;
  EXPECT_EQ(read_back(folder.file("f")), "outer");
  EXPECT_EQ(folder.entries(), 1U);
}

TEST(AtomicFile, NamesAMissingFolder) {
  const TemporaryFolder folder;
  const Status status = write_file_atomically(folder.file("no/such/f"), "x");
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().kind, ErrorKind::host);
  EXPECT_EQ(status.error().errnum, ENOENT);
  EXPECT_NE(status.error().message.find(folder.file("no/such/f")), std::string::npos) << status.error().message;
}

TEST(AtomicFile, RenameOntoAFolderFailsAndLeavesNothing) {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder.file("f"));
  const Status status = write_file_atomically(folder.file("f"), "x");
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().errnum, EISDIR);
  EXPECT_EQ(folder.entries(), 1U);
}

TEST(AtomicFile, AFullDiskKeepsTheEarlierFileAndLeavesNoHalf) {
  const TemporaryFolder folder;
  ASSERT_TRUE(write_file_atomically(folder.file("f"), "earlier").ok());

  // A file size limit makes write() stop half-way, as a full disk does.
  rlimit saved{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &saved), 0);
  const auto saved_handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{4096, saved.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const Status status = write_file_atomically(folder.file("f"), std::string(10000, 'x'));
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &saved), 0);
  std::signal(SIGXFSZ, saved_handler);

  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().kind, ErrorKind::host);
  EXPECT_EQ(status.error().errnum, EFBIG);
  EXPECT_EQ(read_back(folder.file("f")), "earlier");
  EXPECT_EQ(folder.entries(), 1U);
}

}  // namespace
}  // namespace remapstorm
