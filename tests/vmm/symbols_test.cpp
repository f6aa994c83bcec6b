// SPDX-License-Identifier: Apache-2.0
#include "vmm/symbols.h"

#include <gtest/gtest.h>

#include "tests/vmm/elf_builder.h"
#include "vmm/kernel_image.h"
#include "vmm/symbols_elf.h"

namespace remapstorm {
namespace {

Symbols sample() {
  return Symbols({{"vmemmap_remap_pte", Gva(0x1000), 0x100, false},
                  {"init_mm", Gva(0x9000), 0x400, true},
                  {"helper", Gva(0x1100), 0x20, false},
                  {"helper", Gva(0x3000), 0x20, false},
                  {"shared", Gva(0x4000), 0x10, false},
                  {"shared", Gva(0x5000), 0x10, true},
                  {"__alias_of_helper", Gva(0x1100), 0x20, true},
                  {"label", Gva(0x6000), 0, false},
                  {"next", Gva(0x6040), 0x10, false}});
}

TEST(Symbols, LookupKnowsOffsetAndSize) {
  const Symbols symbols = sample();
  const auto at = symbols.lookup(Gva(0x10ff));
  ASSERT_TRUE(at.has_value());
  EXPECT_EQ(at->name, "vmemmap_remap_pte");
  EXPECT_EQ(at->offset, 0xffu);
  EXPECT_EQ(at->size, 0x100u);
  EXPECT_EQ(symbols.describe(Gva(0x1004)), "vmemmap_remap_pte+0x4/0x100");
}

TEST(Symbols, BetweenSymbolsThereIsNothing) {
  const Symbols symbols = sample();
  EXPECT_FALSE(symbols.lookup(Gva(0x0fff)).has_value());
  EXPECT_FALSE(symbols.lookup(Gva(0x1120)).has_value());
  EXPECT_FALSE(symbols.lookup(Gva(0xffffffffffffffff)).has_value());
  EXPECT_EQ(symbols.describe(Gva(0x2000)), "0x2000");
  EXPECT_FALSE(Symbols().lookup(Gva(0)).has_value());
}

TEST(Symbols, UnsizedLabelsReachToTheNextSymbol) {
  const Symbols symbols = sample();
  EXPECT_EQ(symbols.lookup(Gva(0x603f))->name, "label");
  EXPECT_EQ(symbols.lookup(Gva(0x6040))->name, "next");
}

TEST(Symbols, FindPrefersGlobalThenLowest) {
  const Symbols symbols = sample();
  EXPECT_EQ(symbols.find("shared"), Gva(0x5000));
  EXPECT_EQ(symbols.find("helper"), Gva(0x1100));
  EXPECT_EQ(symbols.find("__alias_of_helper"), Gva(0x1100));
  EXPECT_EQ(symbols.find("nothing"), std::nullopt);
}

TEST(Symbols, ResolvesExpressions) {
  const Symbols symbols = sample();
  EXPECT_EQ(*symbols.resolve("init_mm"), Gva(0x9000));
  EXPECT_EQ(*symbols.resolve("vmemmap_remap_pte+0x1c"), Gva(0x101c));
  EXPECT_EQ(*symbols.resolve("vmemmap_remap_pte+28"), Gva(0x101c));
  EXPECT_EQ(*symbols.resolve("0xffffffff81000000"), Gva(0xffffffff81000000));
}

TEST(Symbols, ResolveSaysWhatIsWrong) {
  const Symbols symbols = sample();
  const auto typo = symbols.resolve("vmemmap_remap_ptr+4");
  ASSERT_FALSE(typo.ok());
  EXPECT_EQ(typo.error().kind, ErrorKind::usage);
  EXPECT_NE(typo.error().hint.find("vmemmap_remap_pte"), std::string::npos);
  EXPECT_NE(symbols.resolve("init_mm+zz").error().message.find("no number"), std::string::npos);
  EXPECT_FALSE(symbols.resolve("init_mm+").ok());
  EXPECT_FALSE(symbols.resolve("0x").ok());
  EXPECT_FALSE(symbols.resolve("0xfffffffffffffffff").ok());
  EXPECT_FALSE(symbols.resolve("").ok());
  const auto beyond = symbols.resolve("vmemmap_remap_pte+0x100");
  ASSERT_FALSE(beyond.ok());
  EXPECT_NE(beyond.error().message.find("0x100 bytes"), std::string::npos);
}

constexpr std::uint64_t kText = 0xffffffff81000000;

TEST(Symbols, FromElfLeavesNoiseOut) {
  TestElf elf;
  elf.symbols = {{"start", kText, 16, STT_FUNC, STB_GLOBAL},
                 {"__pfx_start", kText - 16, 16, STT_FUNC, STB_LOCAL},
                 {"data", kText + 0x1000, 8, STT_OBJECT, STB_LOCAL},
                 {"file.c", 0, 0, STT_FILE, STB_LOCAL},
                 {".L12", kText + 4, 0, STT_NOTYPE, STB_LOCAL}};
  const TestFile file(elf.build());
  const auto image = KernelImage::open(file.path(), Isa::x86_64);
  ASSERT_TRUE(image.ok()) << image.error().message;
  const auto symbols = symbols_of_elf(file.path(), image->file());
  ASSERT_TRUE(symbols.ok()) << symbols.error().message;
  EXPECT_EQ(symbols->size(), 2u);
  EXPECT_EQ(symbols->describe(Gva(kText + 4)), "start+0x4/0x10");
  EXPECT_EQ(symbols->find("data"), Gva(kText + 0x1000));
}

// 0xfff0, where a vCPU that was reset begins, was shown as exception_stacks+0x3ff0.
TEST(Symbols, WhatIsAnOffsetNamesNoAddress) {
  TestElf elf;
  elf.symbols = {{"start", kText, 16, STT_FUNC, STB_GLOBAL},
                 {"low", 0x1000000, 16, STT_FUNC, STB_GLOBAL},
                 {"exception_stacks", 0xc000, 0x8000, STT_OBJECT, STB_GLOBAL, 2}};
  const TestFile file(elf.build());
  const auto image = KernelImage::open(file.path(), Isa::x86_64);
  ASSERT_TRUE(image.ok()) << image.error().message;
  const auto symbols = symbols_of_elf(file.path(), image->file());
  ASSERT_TRUE(symbols.ok()) << symbols.error().message;
  EXPECT_EQ(symbols->find("exception_stacks"), Gva(0xc000));
  EXPECT_EQ(symbols->describe(Gva(0xfff0)), "0xfff0");
  EXPECT_EQ(symbols->describe(Gva(0x1000001)), "low+0x1/0x10") << "code linked where it is loaded";
}

TEST(Symbols, AStrippedFileHasNone) {
  const TestFile file(TestElf().build());
  const auto image = KernelImage::open(file.path(), Isa::x86_64);
  ASSERT_TRUE(image.ok());
  const auto symbols = symbols_of_elf(file.path(), image->file());
  ASSERT_TRUE(symbols.ok()) << symbols.error().message;
  EXPECT_EQ(symbols->size(), 0u);
}

}  // namespace
}  // namespace remapstorm
