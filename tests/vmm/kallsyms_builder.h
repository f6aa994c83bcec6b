// SPDX-License-Identifier: Apache-2.0
// Lays out kallsyms as scripts/kallsyms.c does, and wraps them into kernels of both forms.
#pragma once

#include <cstring>
#include <string>
#include <vector>

#include "tests/vmm/elf_builder.h"
#include "vmm/symbol_list.h"

namespace remapstorm {

inline constexpr std::uint64_t kX86Text = 0xffffffff81000000;
inline constexpr std::uint64_t kArmText = 0xffff800080000000;

struct TestKallsyms {
  std::vector<ListedSymbol> symbols;  // sorted by address
  std::uint64_t base = kX86Text;
  bool addresses_first = false;  // up to 6.4
  bool absolute_too = true;      // CONFIG_KALLSYMS_ABSOLUTE_PERCPU
  bool base_in_file = true;      // else 0, and a relocation
  std::size_t before = 64;       // bytes before it

  [[nodiscard]] FileBytes build() const;

 private:
  void put_addresses(FileBytes& file) const;
};

inline void align_to(FileBytes& file, std::size_t unit) { file.resize((file.size() + unit - 1) / unit * unit); }

template <typename T>
void append(FileBytes& file, const T& value) {
  put_at(file, file.size(), value);
}

inline void TestKallsyms::put_addresses(FileBytes& file) const {
  align_to(file, 8);
  for (const ListedSymbol& symbol : symbols) {
    const std::uint64_t far = symbol.address.value - base;
    const bool is_far = !absolute_too || symbol.address.value >= base;
    append(file, static_cast<std::int32_t>(!is_far        ? static_cast<std::int64_t>(symbol.address.value)
                                           : absolute_too ? -1 - static_cast<std::int64_t>(far)
                                                          : static_cast<std::int64_t>(far)));
  }
  align_to(file, 8);
  const std::uint64_t at = file.size();
  append(file, base_in_file ? base : 0);
  if (base_in_file) return;
  constexpr std::uint64_t kRelative = R_AARCH64_RELATIVE;
  for (const std::uint64_t word : {base + 16, kRelative, base + 0x1000, base + at, kRelative, base}) append(file, word);
}

inline FileBytes TestKallsyms::build() const {
  FileBytes file(before, '\0');
  if (addresses_first) put_addresses(file);
  align_to(file, 8);
  append(file, static_cast<std::uint64_t>(symbols.size()));
  const std::size_t begin = file.size();
  // Token 0x80 is "page_", the others are their character.
  std::vector<std::uint32_t> markers;
  for (std::size_t i = 0; i < symbols.size(); ++i) {
    if (i % 256 == 0) markers.push_back(static_cast<std::uint32_t>(file.size() - begin));
    std::string packed = symbols[i].type + symbols[i].name;
    for (std::size_t at = packed.find("page_"); at != std::string::npos; at = packed.find("page_")) {
      packed.replace(at, 5, "\x80");
    }
    if (packed.size() < 0x80) {
      append(file, static_cast<char>(packed.size()));
    } else {
      append(file, static_cast<char>(0x80 | (packed.size() & 0x7f)));
      append(file, static_cast<char>(packed.size() >> 7));
    }
    file.insert(file.end(), packed.begin(), packed.end());
  }
  align_to(file, 8);
  for (const std::uint32_t marker : markers) append(file, marker);
  align_to(file, 8);
  if (addresses_first) file.insert(file.end(), symbols.size() * 3, '\x11');  // kallsyms_seqs_of_names of 6.2
  align_to(file, 8);
  std::vector<std::uint16_t> index;
  const std::size_t tokens = file.size();
  for (unsigned code = 0; code < 256; ++code) {
    index.push_back(static_cast<std::uint16_t>(file.size() - tokens));
    const std::string text = code == 0x80                ? "page_"
                             : code > ' ' && code < 0x7f ? std::string(1, static_cast<char>(code))
                                                         : "";
    file.insert(file.end(), text.begin(), text.end());
    file.push_back('\0');
  }
  align_to(file, 8);
  for (const std::uint16_t offset : index) append(file, offset);
  if (!addresses_first) put_addresses(file);
  return file;
}

// An x86-64 vmlinux without a symbol table, whose bytes these are.
inline FileBytes elf_kernel(const FileBytes& content) {
  TestElf elf;
  elf.segments.clear();
  elf.add(0x1000000, kX86Text, content.size(), content.size() + 0x1000);
  FileBytes file = elf.build();
  std::memcpy(file.data() + file.size() - content.size(), content.data(), content.size());
  return file;
}

// An arm64 Image of bytes that leave room for its header.
inline FileBytes flat_kernel(FileBytes content) {
  put_at(content, 16, std::uint64_t{content.size() + 0x1000});
  put_at(content, 24, std::uint64_t{0xa});
  std::memcpy(content.data() + 56, "ARM\x64", 4);
  return content;
}

// `count` functions of 32 bytes from `text` on, and what a kernel has besides.
inline std::vector<ListedSymbol> kernel_symbols(std::uint64_t text, std::size_t count) {
  std::vector<ListedSymbol> list = {{Gva(text), 'T', "_text"}, {Gva(text), 'T', "_stext"}};
  for (std::size_t i = 0; i < count; ++i) {
    list.push_back({Gva(text + 0x100 + i * 0x20), i % 3 == 0 ? 't' : 'T', "page_function_" + std::to_string(i)});
  }
  list.push_back({Gva(text + 0x100 + count * 0x20), 'D', "linux_banner"});
  return list;
}

}  // namespace remapstorm
