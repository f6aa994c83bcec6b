// SPDX-License-Identifier: Apache-2.0
// Builds small ELF files byte by byte, so that tests can also build wrong ones.
#pragma once

#include <elf.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <string>
#include <vector>

#include "base/fd.h"

namespace remapstorm {

using FileBytes = std::vector<char>;

template <typename T>
void put_at(FileBytes& file, std::size_t offset, const T& value) {
  if (file.size() < offset + sizeof(value)) file.resize(offset + sizeof(value));
  std::memcpy(file.data() + offset, &value, sizeof(value));
}

struct TestSymbol {
  std::string name;
  std::uint64_t value = 0;
  std::uint64_t size = 0;
  unsigned char type = STT_FUNC;
  unsigned char bind = STB_GLOBAL;
  Elf64_Half section = 1;  // .text; 2 is .data..percpu
};

struct TestElf {
  Elf64_Half machine = EM_X86_64;
  std::uint64_t entry = 0x1000000;
  std::vector<Elf64_Phdr> segments;  // p_offset is filled in
  std::vector<TestSymbol> symbols;

  TestElf() { add(0x1000000, 0xffffffff81000000, 0x200, 0x1000); }
  void add(std::uint64_t physical, std::uint64_t address, std::uint64_t file_bytes, std::uint64_t memory_bytes) {
    Elf64_Phdr header = {};
    header.p_type = PT_LOAD;
    header.p_paddr = physical;
    header.p_vaddr = address;
    header.p_filesz = file_bytes;
    header.p_memsz = memory_bytes;
    segments.push_back(header);
  }
  [[nodiscard]] FileBytes build() const;
};

inline FileBytes TestElf::build() const {
  FileBytes file;
  Elf64_Ehdr header = {};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_ident[EI_VERSION] = EV_CURRENT;
  header.e_type = ET_EXEC;
  header.e_machine = machine;
  header.e_version = EV_CURRENT;
  header.e_entry = entry;
  header.e_phoff = sizeof(header);
  header.e_ehsize = sizeof(header);
  header.e_phentsize = sizeof(Elf64_Phdr);
  header.e_phnum = static_cast<Elf64_Half>(segments.size());
  header.e_shentsize = sizeof(Elf64_Shdr);

  std::size_t data = sizeof(header) + segments.size() * sizeof(Elf64_Phdr);
  for (std::size_t i = 0; i < segments.size(); ++i) {
    Elf64_Phdr segment = segments[i];
    segment.p_offset = data;
    put_at(file, sizeof(header) + i * sizeof(segment), segment);
    if (file.size() < data) file.resize(data);
    file.resize(data + segment.p_filesz, static_cast<char>('A' + i));
    data = file.size();
  }
  if (!symbols.empty()) {
    std::string names(1, '\0');
    std::vector<Elf64_Sym> table(1);
    for (const TestSymbol& symbol : symbols) {
      Elf64_Sym entry_ = {};
      entry_.st_name = static_cast<Elf64_Word>(names.size());
      names += symbol.name + '\0';
      entry_.st_value = symbol.value;
      entry_.st_size = symbol.size;
      entry_.st_info = static_cast<unsigned char>(symbol.bind << 4 | symbol.type);
      entry_.st_shndx = symbol.section;
      table.push_back(entry_);
    }
    std::vector<Elf64_Shdr> sections;
    sections.reserve(5);  // references to them stay
    sections.emplace_back();
    const auto add_section = [&](const char* name, Elf64_Word type) -> Elf64_Shdr& {
      Elf64_Shdr section = {};
      section.sh_name = static_cast<Elf64_Word>(names.size());
      section.sh_type = type;
      section.sh_addralign = 1;
      names += std::string(name) + '\0';
      return sections.emplace_back(section);
    };
    add_section(".text", SHT_NOBITS);
    add_section(".data..percpu", SHT_NOBITS);
    Elf64_Shdr& symtab = add_section(".symtab", SHT_SYMTAB);
    symtab.sh_offset = (file.size() + 7) / 8 * 8;
    symtab.sh_size = table.size() * sizeof(Elf64_Sym);
    symtab.sh_link = 4;
    symtab.sh_entsize = sizeof(Elf64_Sym);
    symtab.sh_addralign = 8;
    for (std::size_t i = 0; i < table.size(); ++i) put_at(file, symtab.sh_offset + i * sizeof(Elf64_Sym), table[i]);
    Elf64_Shdr& strtab = add_section(".strtab", SHT_STRTAB);
    strtab.sh_offset = file.size();
    strtab.sh_size = names.size();
    file.insert(file.end(), names.begin(), names.end());
    header.e_shoff = (file.size() + 7) / 8 * 8;
    header.e_shnum = static_cast<Elf64_Half>(sections.size());
    header.e_shstrndx = 4;
    for (std::size_t i = 0; i < sections.size(); ++i)
      put_at(file, header.e_shoff + i * sizeof(Elf64_Shdr), sections[i]);
  }
  put_at(file, 0, header);
  return file;
}

// A file in memory that goes with the object.
class TestFile {
 public:
  explicit TestFile(const FileBytes& content) : fd_(::memfd_create("remapstorm-test", MFD_CLOEXEC)) {
    path_ = "/proc/self/fd/" + std::to_string(fd_.get());
    replace(content);
  }
  void replace(const FileBytes& content) const {
    ASSERT_EQ(::ftruncate(fd_.get(), 0), 0);
    ASSERT_EQ(::pwrite(fd_.get(), content.data(), content.size(), 0), static_cast<ssize_t>(content.size()));
  }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  Fd fd_;
  std::string path_;
};

}  // namespace remapstorm
