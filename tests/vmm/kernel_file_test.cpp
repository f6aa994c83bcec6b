// SPDX-License-Identifier: Apache-2.0
#include "vmm/kernel_file.h"

#include <archive.h>
#include <archive_entry.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "base/rng.h"
#include "tests/vmm/elf_builder.h"
#include "vmm/unpack.h"

namespace remapstorm {
namespace {

using testing::HasSubstr;

constexpr std::size_t kMost = 1 << 20;

// As the tool of that name packs it; lz4: the frame that is not the legacy one.
FileBytes packed(const std::string& how, const FileBytes& content) {
  archive* const writing = archive_write_new();
  EXPECT_EQ(archive_write_add_filter_by_name(writing, how.c_str()), ARCHIVE_OK) << how;
  EXPECT_EQ(archive_write_set_format_raw(writing), ARCHIVE_OK);
  EXPECT_EQ(archive_write_set_bytes_in_last_block(writing, 1), ARCHIVE_OK);
  FileBytes out(kMost, 0);
  std::size_t used = 0;
  EXPECT_EQ(archive_write_open_memory(writing, out.data(), out.size(), &used), ARCHIVE_OK);
  archive_entry* const entry = archive_entry_new();
  archive_entry_set_filetype(entry, AE_IFREG);
  EXPECT_EQ(archive_write_header(writing, entry), ARCHIVE_OK);
  EXPECT_EQ(archive_write_data(writing, content.data(), content.size()), static_cast<la_ssize_t>(content.size()));
  archive_entry_free(entry);
  EXPECT_EQ(archive_write_free(writing), ARCHIVE_OK);
  out.resize(used);
  return out;
}

constexpr const char* kWays[] = {"gzip", "xz", "lzma", "zstd", "lz4", "bzip2"};

// Kernels have their length behind the packed bytes, but for gzip.
FileBytes payload(const std::string& how, const FileBytes& content) {
  FileBytes bytes = packed(how, content);
  if (how != "gzip") bytes.insert(bytes.end(), {'\x78', '\x56', '\x34', '\x12'});
  return bytes;
}

FileBytes bzimage(const FileBytes& payload, std::uint8_t setup_sectors = 2) {
  constexpr std::uint32_t kIntoProtectedMode = 100;
  const std::size_t sectors = setup_sectors == 0 ? 4 : setup_sectors;
  FileBytes file((sectors + 1) * 512 + kIntoProtectedMode, '\x90');
  const auto put = [&](std::size_t at, auto value) { std::memcpy(file.data() + at, &value, sizeof(value)); };
  put(0x1f1, setup_sectors);
  std::memcpy(file.data() + 0x202, "HdrS", 4);
  put(0x206, std::uint16_t{0x20f});
  put(0x248, kIntoProtectedMode);
  put(0x24c, static_cast<std::uint32_t>(payload.size()));
  file.insert(file.end(), payload.begin(), payload.end());
  file.insert(file.end(), 300, '\xcc');
  return file;
}

FileBytes efi_image(const FileBytes& payload) {
  FileBytes file(0x100, 0);
  std::memcpy(file.data(), "MZ\0\0zimg", 8);
  const std::uint32_t offset = 0x100, length = static_cast<std::uint32_t>(payload.size());
  std::memcpy(file.data() + 8, &offset, 4);
  std::memcpy(file.data() + 12, &length, 4);
  file.insert(file.end(), payload.begin(), payload.end());
  return file;
}

Result<KernelFile> read(const FileBytes& bytes, std::size_t most = kMost) {
  const TestFile file(bytes);
  return read_kernel_file(file.path(), most);
}

void expect_same(const Result<KernelFile>& kernel, const FileBytes& content, const std::string& how) {
  ASSERT_TRUE(kernel.ok()) << how << ": " << kernel.error().message;
  ASSERT_EQ(kernel->bytes.size(), content.size()) << how;
  EXPECT_EQ(std::memcmp(kernel->bytes.data(), content.data(), content.size()), 0) << how;
}

TEST(KernelFile, WhatIsNotPackedIsLeftAlone) {
  const FileBytes elf = TestElf().build();
  const auto kernel = read(elf);
  expect_same(kernel, elf, "elf");
  EXPECT_THAT(kernel->taken_of, testing::Not(HasSubstr("payload")));
}

TEST(KernelFile, IsTakenOutOfEachCompression) {
  const FileBytes elf = TestElf().build();
  for (const std::string how : kWays) {
    const auto kernel = read(packed(how, elf));
    expect_same(kernel, elf, how);
    EXPECT_THAT(kernel->taken_of, HasSubstr("the " + how + " payload of "));
  }
}

TEST(KernelFile, IsTakenOutOfABzImageAndAnEfiImage) {
  const FileBytes elf = TestElf().build();
  for (const std::string how : kWays) {
    const auto kernel = read(bzimage(payload(how, elf)));
    expect_same(kernel, elf, "bzImage " + how);
    EXPECT_THAT(kernel->taken_of, HasSubstr("the " + how + " payload of the bzImage "));
    expect_same(read(efi_image(payload(how, elf))), elf, "EFI " + how);
  }
  expect_same(read(bzimage(payload("xz", elf), 0)), elf, "0 stands for 4 sectors");
  expect_same(read(packed("gzip", bzimage(payload("xz", elf)))), elf, "a packed bzImage");
}

TEST(KernelFile, HeadersThatPointOutsideAreRefused) {
  const FileBytes whole = bzimage(payload("gzip", TestElf().build()));
  for (const std::size_t field : {0x248, 0x24c}) {
    FileBytes lying = whole;
    std::memset(lying.data() + field, 0xff, 4);
    const auto kernel = read(lying);
    ASSERT_FALSE(kernel.ok());
    EXPECT_EQ(kernel.error().kind, ErrorKind::usage);
    EXPECT_THAT(kernel.error().message, HasSubstr("outside the file"));
  }
  FileBytes cut = whole;
  cut.resize(0x300);
  EXPECT_FALSE(read(cut).ok());
  const auto unknown = read(bzimage(FileBytes(400, 0x33)));
  ASSERT_FALSE(unknown.ok());
  EXPECT_THAT(unknown.error().message, HasSubstr("in a way not known here"));
}

TEST(KernelFile, WhatIsDamagedOrCutIsRefused) {
  const FileBytes elf = TestElf().build();
  for (const std::string how : kWays) {
    FileBytes cut = packed(how, elf);
    cut.resize(cut.size() / 2);
    const auto kernel = read(cut);
    ASSERT_FALSE(kernel.ok()) << how;
    EXPECT_EQ(kernel.error().kind, ErrorKind::usage) << how;
  }
}

TEST(KernelFile, WhatGrowsBeyondTheLimitIsRefused) {
  for (const std::string how : kWays) {
    const auto kernel = read(packed(how, FileBytes(kMost / 2, 0)), 100'000);
    ASSERT_FALSE(kernel.ok()) << how;
    EXPECT_THAT(kernel.error().message, HasSubstr("MiB")) << how;
  }
}

TEST(KernelFile, IsNotUnpackedForEver) {
  FileBytes bytes = TestElf().build();
  for (int i = 0; i < 5; ++i) bytes = efi_image(packed("gzip", bytes));
  const auto kernel = read(bytes);
  ASSERT_FALSE(kernel.ok());
  EXPECT_THAT(kernel.error().message, HasSubstr("packed more than 4 times"));
}

TEST(KernelFile, NoiseIsNeverMoreThanAnError) {
  Rng rng(7);
  const FileBytes whole = bzimage(payload("zstd", TestElf().build()));
  for (int round = 0; round < 300; ++round) {
    FileBytes bytes = whole;
    for (int i = 0; i < 8; ++i) bytes[rng.next() % bytes.size()] = static_cast<char>(rng.next());
    const auto kernel = read(bytes);
    if (!kernel.ok()) {
      EXPECT_EQ(kernel.error().kind, ErrorKind::usage);
    }
  }
}

}  // namespace
}  // namespace remapstorm
