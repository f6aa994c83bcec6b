// SPDX-License-Identifier: Apache-2.0
#include "vmm/kernel_image.h"

#include <gtest/gtest.h>

#include "base/rng.h"
#include "tests/vmm/elf_builder.h"
#include "vmm/symbols_elf.h"

namespace remapstorm {
namespace {

Result<KernelImage> open(const FileBytes& bytes, Isa isa = Isa::x86_64) {
  const TestFile file(bytes);
  return KernelImage::open(file.path(), isa);
}

void expect_rejected(const FileBytes& bytes, const std::string& why) {
  const TestFile file(bytes);
  const auto image = KernelImage::open(file.path(), Isa::x86_64);
  ASSERT_FALSE(image.ok()) << why;
  EXPECT_EQ(image.error().kind, ErrorKind::usage);
  EXPECT_NE(image.error().message.find(file.path()), std::string::npos) << "names the file";
  EXPECT_NE(image.error().message.find(why), std::string::npos) << image.error().message;
}

TEST(KernelImage, ReadsSegmentsAndEntry) {
  TestElf elf;
  elf.add(0x2000000, 0xffffffff82000000, 0x80, 0x80);
  const auto image = open(elf.build());
  ASSERT_TRUE(image.ok()) << image.error().message;
  ASSERT_EQ(image->segments().size(), 2u);
  EXPECT_EQ(image->entry(), Gpa(0x1000000));
  EXPECT_EQ(image->lowest(), Gpa(0x1000000));
  EXPECT_EQ(image->end(), Gpa(0x2000080));
  EXPECT_EQ(image->bytes(image->segments()[0]).size(), 0x200u);
  EXPECT_EQ(image->bytes(image->segments()[1])[0], std::byte{'B'});
}

TEST(KernelImage, RejectsWhatIsNoElf) {
  expect_rejected(FileBytes(100, 'x'), "not an ELF file");
  expect_rejected(FileBytes(1, 0x7f), "not an ELF file");
  expect_rejected(FileBytes{}, "empty");
}

TEST(KernelImage, ABzImageGetsAHint) {
  FileBytes bytes(4096, 0);
  std::memcpy(bytes.data() + 0x202, "HdrS", 4);
  const auto image = open(bytes);
  ASSERT_FALSE(image.ok());
  EXPECT_NE(image.error().hint.find("vmlinux"), std::string::npos);
}

TEST(KernelImage, RejectsMissingFilesAndFolders) {
  EXPECT_EQ(KernelImage::open("/nonexistent/vmlinux", Isa::x86_64).error().kind, ErrorKind::usage);
  EXPECT_EQ(KernelImage::open("/tmp", Isa::x86_64).error().kind, ErrorKind::usage);
}

TEST(KernelImage, RejectsOtherMachinesAndClasses) {
  TestElf arm;
  arm.machine = EM_AARCH64;
  expect_rejected(arm.build(), "another machine");
  EXPECT_TRUE(open(arm.build(), Isa::arm64).ok());
  FileBytes bytes = TestElf().build();
  bytes[EI_CLASS] = ELFCLASS32;
  expect_rejected(bytes, "ELF");
  bytes[EI_CLASS] = ELFCLASS64;
  bytes[EI_DATA] = ELFDATA2MSB;
  expect_rejected(bytes, "little-endian");
  bytes = TestElf().build();
  put_at<Elf64_Half>(bytes, offsetof(Elf64_Ehdr, e_type), ET_REL);
  expect_rejected(bytes, "not an executable");
}

TEST(KernelImage, RejectsEveryTruncation) {
  const FileBytes whole = TestElf().build();
  for (std::size_t size = 1; size < whole.size(); ++size) {
    const auto image = open(FileBytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)));
    ASSERT_FALSE(image.ok()) << size;
    EXPECT_EQ(image.error().kind, ErrorKind::usage);
  }
  EXPECT_TRUE(open(whole).ok());
}

TEST(KernelImage, RejectsSegmentsThatLie) {
  TestElf elf;
  FileBytes bytes = elf.build();
  const std::size_t segment = sizeof(Elf64_Ehdr);
  put_at<Elf64_Off>(bytes, segment + offsetof(Elf64_Phdr, p_offset), ~0ull - 4);
  expect_rejected(bytes, "beyond the end of the file");
  bytes = elf.build();
  put_at<Elf64_Xword>(bytes, segment + offsetof(Elf64_Phdr, p_memsz), 0x10);
  expect_rejected(bytes, "larger in the file");
  bytes = elf.build();
  put_at<Elf64_Xword>(bytes, segment + offsetof(Elf64_Phdr, p_memsz), ~0ull);
  expect_rejected(bytes, "wraps");
}

TEST(KernelImage, RejectsNoSegmentsOverlapsAndBadEntries) {
  TestElf none;
  none.segments.clear();
  expect_rejected(none.build(), "no loadable segment");
  TestElf overlapping;
  overlapping.add(0x1000fff, 0, 0x10, 0x10);
  expect_rejected(overlapping.build(), "overlap");
  TestElf outside;
  outside.entry = 0x1001000;
  expect_rejected(outside.build(), "entry point");
  outside.entry = 0x0ffffff;
  expect_rejected(outside.build(), "entry point");
  outside.entry = 0x1000fff;
  EXPECT_TRUE(open(outside.build()).ok());
}

TEST(KernelImage, RejectsTooManySegments) {
  TestElf elf;
  for (std::uint64_t i = 1; i < 80; ++i) elf.add(0x1000000 + i * 0x1000, 0, 1, 1);
  expect_rejected(elf.build(), "more than 64");
}

// Whatever is in the file: a value or a usage error, never a crash, and never bytes outside the file.
TEST(KernelImage, SurvivesTenThousandMutations) {
  TestElf elf;
  elf.add(0x2000000, 0xffffffff82000000, 0x80, 0x100);
  elf.symbols = {{"alpha", 0xffffffff81000000, 16, STT_FUNC, STB_GLOBAL},
                 {"beta", 0xffffffff81000010, 16, STT_FUNC, STB_LOCAL},
                 {"gamma", 0xffffffff82000000, 8, STT_OBJECT, STB_GLOBAL}};
  const FileBytes whole = elf.build();
  const TestFile file(whole);
  Rng rng(20240113);
  unsigned accepted = 0;
  for (int round = 0; round < 10000; ++round) {
    FileBytes mutated = whole;
    const std::uint64_t changes = 1 + rng.next() % 8;
    for (std::uint64_t i = 0; i < changes; ++i) {
      const std::size_t headers = 3 * 64 + 64;
      // Half of the changes go where the headers are.
      const std::size_t range = rng.chance(0.5) ? headers : mutated.size();
      const std::size_t at = rng.next() % std::min(range, mutated.size());
      static constexpr char kValues[] = {0, 1, 0x7f, static_cast<char>(0x80), static_cast<char>(0xff)};
      mutated[at] = rng.chance(0.5) ? kValues[rng.next() % sizeof(kValues)] : static_cast<char>(rng.next());
    }
    if (rng.chance(0.1)) mutated.resize(1 + rng.next() % mutated.size());
    file.replace(mutated);
    const auto image = KernelImage::open(file.path(), Isa::x86_64);
    if (!image.ok()) {
      ASSERT_EQ(image.error().kind, ErrorKind::usage) << image.error().message;
      continue;
    }
    ++accepted;
    std::size_t sum = 0;
    for (const KernelSegment& segment : image->segments()) {
      for (const std::byte byte : image->bytes(segment)) sum += std::to_integer<std::size_t>(byte);
    }
    EXPECT_LT(sum, std::size_t{256} * (mutated.size() + 1) * 64);
    const auto symbols = symbols_of_elf(file.path(), image->file());
    if (!symbols.ok()) {
      ASSERT_EQ(symbols.error().kind, ErrorKind::usage);
    }
  }
  EXPECT_GT(accepted, 100u) << "mutations that still load must occur, or nothing behind the checks was tested";
}

}  // namespace
}  // namespace remapstorm
