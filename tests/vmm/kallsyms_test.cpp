// SPDX-License-Identifier: Apache-2.0
#include "vmm/kallsyms.h"

#include <gtest/gtest.h>

#include "base/rng.h"
#include "tests/vmm/kallsyms_builder.h"

namespace remapstorm {
namespace {

Result<std::vector<ListedSymbol>> listed(const FileBytes& kernel, Isa isa = Isa::x86_64) {
  const TestFile file(kernel);
  const auto image = KernelImage::open(file.path(), isa);
  if (!image.ok()) return image.error();
  return read_kallsyms(*image);
}

void expect_list(const Result<std::vector<ListedSymbol>>& list, const std::vector<ListedSymbol>& wanted) {
  ASSERT_TRUE(list.ok()) << list.error().message;
  ASSERT_EQ(list->size(), wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    EXPECT_EQ((*list)[i].name, wanted[i].name);
    EXPECT_EQ((*list)[i].type, wanted[i].type) << wanted[i].name;
    EXPECT_EQ((*list)[i].address, wanted[i].address) << wanted[i].name;
  }
}

TEST(Kallsyms, OfBothLayouts) {
  TestKallsyms table;
  table.symbols = kernel_symbols(kX86Text, 1000);
  for (const bool addresses_first : {false, true}) {
    table.addresses_first = addresses_first;
    expect_list(listed(elf_kernel(table.build())), table.symbols);
  }
}

TEST(Kallsyms, PerCpuVariablesAreNoAddressesFromTheBase) {
  TestKallsyms table;
  table.symbols = {
      {Gva(0), 'A', "__per_cpu_start"}, {Gva(0x1000), 'A', "cpu_page_count"}, {Gva(0x3000), 'A', "__per_cpu_end"}};
  for (const ListedSymbol& symbol : kernel_symbols(kX86Text, 300)) table.symbols.push_back(symbol);
  const auto list = listed(elf_kernel(table.build()));
  expect_list(list, table.symbols);
  const Symbols symbols = symbols_of_list(*list);
  EXPECT_EQ(symbols.find("cpu_page_count"), Gva(0x1000));
  EXPECT_FALSE(symbols.lookup(Gva(0x1000))) << "an offset names no address";
}

TEST(Kallsyms, OfAnImageWhoseBaseIsInARelocation) {
  TestKallsyms table;
  table.symbols = kernel_symbols(kArmText, 700);
  table.base = kArmText;
  table.absolute_too = false;
  table.base_in_file = false;
  expect_list(listed(flat_kernel(table.build()), Isa::arm64), table.symbols);
  table.base_in_file = true;
  expect_list(listed(flat_kernel(table.build()), Isa::arm64), table.symbols);
}

TEST(Kallsyms, LongNamesAndThoseOfUnknownType) {
  TestKallsyms table;
  table.symbols = kernel_symbols(kX86Text, 300);
  table.symbols.push_back({Gva(kX86Text + 0x10000), 'T', std::string(300, 'x')});
  table.symbols.push_back({Gva(kX86Text + 0x10020), '?', "unknown"});
  expect_list(listed(elf_kernel(table.build())), table.symbols);
}

TEST(Kallsyms, WhatHasNoneSaysSo) {
  const auto none = listed(elf_kernel(FileBytes(8192, '0')));
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error().kind, ErrorKind::usage);
  EXPECT_NE(none.error().message.find("no kallsyms"), std::string::npos) << none.error().message;
}

TEST(Kallsyms, TablesThatDoNotBelongTogetherAreRefused) {
  TestKallsyms table;
  table.symbols = kernel_symbols(kX86Text, 600);
  std::swap(table.symbols[10].address, table.symbols[500].address);
  const auto unsorted = listed(elf_kernel(table.build()));
  ASSERT_FALSE(unsorted.ok());
  EXPECT_NE(unsorted.error().message.find("no addresses"), std::string::npos) << unsorted.error().message;

  table.symbols = kernel_symbols(kX86Text, 600);
  FileBytes damaged = table.build();
  damaged[table.before] = 99;  // how many there are
  const auto names = listed(elf_kernel(damaged));
  ASSERT_FALSE(names.ok());
  EXPECT_NE(names.error().message.find("no names"), std::string::npos) << names.error().message;
}

// A hostile kernel: whatever it holds, the answer is a list or an error of the user's.
TEST(Kallsyms, SurvivesDamage) {
  Rng rng(7);
  std::size_t read_all = 0;
  for (unsigned round = 0; round < 400; ++round) {
    TestKallsyms table;
    table.symbols = kernel_symbols(kX86Text, 70 + rng.next() % 300);
    table.addresses_first = rng.chance(0.5);
    FileBytes content = table.build();
    for (unsigned change = 0; change < 1 + round % 8; ++change) {
      content[rng.next() % content.size()] = static_cast<char>(rng.next());
    }
    if (rng.chance(0.2)) content.resize(1 + rng.next() % content.size());
    const auto list = listed(elf_kernel(content));
    if (!list.ok()) {
      ASSERT_EQ(list.error().kind, ErrorKind::usage) << list.error().message;
      continue;
    }
    ++read_all;
  }
  EXPECT_GT(read_all, 50u) << "damage that leaves it readable must occur, or nothing behind the checks was tested";
}

}  // namespace
}  // namespace remapstorm
