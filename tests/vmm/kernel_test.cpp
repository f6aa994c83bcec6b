// SPDX-License-Identifier: Apache-2.0
#include "vmm/kernel.h"

#include <gtest/gtest.h>

#include "base/hex.h"
#include "tests/vmm/kallsyms_builder.h"

namespace remapstorm {
namespace {

FileBytes bytes_of(const std::string& text) { return {text.begin(), text.end()}; }

FileBytes map_of(const std::vector<ListedSymbol>& list) {
  std::string text;
  for (const ListedSymbol& symbol : list) {
    text += hex(symbol.address.value).substr(2) + " " + symbol.type + " " + symbol.name + "\n";
  }
  return bytes_of(text);
}

// Without kallsyms; linux_banner is where kernel_symbols() has it.
FileBytes silent_content(std::size_t functions) {
  FileBytes content(0x100 + functions * 0x20 + 64, '\0');
  std::memcpy(content.data() + 0x100 + functions * 0x20, "Linux version 6.12.1 (somebody)", 31);
  return content;
}

Result<Kernel> opened(const FileBytes& kernel, const std::optional<FileBytes>& symbols, Isa isa = Isa::x86_64) {
  const TestFile image(kernel);
  const TestFile given(symbols.value_or(FileBytes(1, 'x')));
  return open_kernel({image.path(), symbols ? given.path() : ""}, isa);
}

std::string refusal(const Result<Kernel>& kernel) {
  EXPECT_FALSE(kernel.ok());
  if (kernel.ok()) return {};
  EXPECT_EQ(kernel.error().kind, ErrorKind::usage);
  return kernel.error().message + "\n" + kernel.error().hint;
}

void expect_has(const std::string& text, const std::string& words) {
  EXPECT_NE(text.find(words), std::string::npos) << text;
}

TEST(OpenKernel, TakesWhatTheKernelHas) {
  TestElf elf;
  elf.symbols = {{"start", kX86Text, 16, STT_FUNC, STB_GLOBAL}};
  const auto whole = opened(elf.build(), {});
  ASSERT_TRUE(whole.ok()) << whole.error().message;
  EXPECT_EQ(whole->symbols_of, "its symbol table");
  EXPECT_EQ(whole->symbols.describe(Gva(kX86Text + 4)), "start+0x4/0x10");

  TestKallsyms table;
  table.symbols = kernel_symbols(kX86Text, 300);
  const auto stripped = opened(elf_kernel(table.build()), {});
  ASSERT_TRUE(stripped.ok()) << stripped.error().message;
  EXPECT_EQ(stripped->symbols_of, "its kallsyms");
  EXPECT_EQ(stripped->symbols.describe(Gva(kX86Text + 0x124)), "page_function_1+0x4/0x20");
}

TEST(OpenKernel, WithoutSymbolsNamesWhereTheyAre) {
  const std::string said = refusal(opened(elf_kernel(silent_content(10)), {}));
  expect_has(said, "neither a symbol table nor kallsyms");
  expect_has(said, "linux-image-VERSION-dbg");
}

TEST(OpenKernel, TakesASystemMapOfTheSameBuild) {
  const auto list = kernel_symbols(kX86Text, 300);
  const auto kernel = opened(elf_kernel(silent_content(300)), map_of(list));
  ASSERT_TRUE(kernel.ok()) << kernel.error().message;
  EXPECT_EQ(kernel->symbols.find("page_function_299"), Gva(kX86Text + 0x100 + 299 * 0x20));
  expect_has(refusal(opened(elf_kernel(silent_content(300)), map_of(kernel_symbols(kX86Text, 301)))),
             "not of the same build");
  expect_has(refusal(opened(elf_kernel(silent_content(300)), map_of({{Gva(kX86Text), 'T', "_text"}}))), "linux_banner");
}

TEST(OpenKernel, ComparesGivenNamesWithItsOwn) {
  TestKallsyms table;
  table.symbols = kernel_symbols(kX86Text, 300);
  const FileBytes kernel = elf_kernel(table.build());
  EXPECT_TRUE(opened(kernel, map_of(table.symbols)).ok());
  auto moved = table.symbols;
  moved[201].address = moved[201].address + 4;
  expect_has(refusal(opened(kernel, map_of(moved))), moved[201].name + " is at 0x");
  expect_has(refusal(opened(kernel, map_of({{Gva(kX86Text), 'T', "another"}}))), "no name in common");
}

TEST(OpenKernel, TakesTheSymbolTableOfADebugPackage) {
  TestElf debug;
  debug.symbols = {{"_text", kX86Text, 16, STT_FUNC, STB_GLOBAL},
                   {"linux_banner", kX86Text + 0x100 + 300 * 0x20, 16, STT_OBJECT, STB_GLOBAL}};
  EXPECT_TRUE(opened(elf_kernel(silent_content(300)), debug.build()).ok());
  expect_has(refusal(opened(elf_kernel(silent_content(300)), TestElf().build())), "no symbol table");
}

TEST(OpenKernel, RefusesWhatIsNoMap) {
  const FileBytes kernel = elf_kernel(silent_content(300));
  expect_has(refusal(opened(kernel, bytes_of("hello\n"))), ":1: neither ELF nor a line of a System.map");
  expect_has(refusal(opened(kernel, bytes_of("ffffffff81000000 T _text\nffffffff81000010\n"))), ":2: neither");
  // As Debian has it in /boot.
  const std::string said = refusal(
      opened(kernel, bytes_of("ffffffffffffffff B The real System.map is in the linux-image-6.1-dbg package\n")));
  expect_has(said, "The real System.map is in the linux-image-6.1-dbg package");
  expect_has(said, "/usr/lib/debug/boot");
}

TEST(OpenKernel, AFlatKernelIsLinkedWhereItsSymbolsSay) {
  TestKallsyms table;
  table.symbols = kernel_symbols(kArmText, 300);
  table.base = kArmText;
  table.absolute_too = false;
  table.base_in_file = false;
  FileBytes content = table.build();
  const auto kernel = opened(flat_kernel(content), {}, Isa::arm64);
  ASSERT_TRUE(kernel.ok()) << kernel.error().message;
  EXPECT_TRUE(kernel->image.flat());
  const auto magic = kernel->image.bytes_at(Gva(kArmText + 56), 4);
  ASSERT_EQ(magic.size(), 4u);
  EXPECT_EQ(magic[0], std::byte{'A'});
  EXPECT_TRUE(kernel->image.bytes_at(Gva(kArmText + content.size()), 4).empty()) << "zeros that the file does not hold";
  expect_has(refusal(opened(flat_kernel(content), {}, Isa::x86_64)), "made for another machine (arm64)");

  const FileBytes silent = flat_kernel(silent_content(300));
  EXPECT_TRUE(opened(silent, map_of(kernel_symbols(kArmText, 300)), Isa::arm64).ok());
  auto without_text = kernel_symbols(kArmText, 300);
  without_text.erase(without_text.begin());
  expect_has(refusal(opened(silent, map_of(without_text), Isa::arm64)), "no _text");
}

}  // namespace
}  // namespace remapstorm
