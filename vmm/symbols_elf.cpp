// SPDX-License-Identifier: Apache-2.0
#include "vmm/symbols_elf.h"

#include <gelf.h>

#include "vmm/elf_handle.h"
#include "vmm/symbol_list.h"

namespace remapstorm {
namespace {

// Where include/asm-generic/vmlinux.lds.h puts per-CPU variables: their values are offsets (x86-64's are linked at 0)
// or addresses in a template that no CPU uses. SHN_UNDEF if there is none.
std::size_t percpu_section(Elf* elf) {
  std::size_t names = 0;
  if (elf_getshdrstrndx(elf, &names) != 0) return SHN_UNDEF;
  for (Elf_Scn* section = nullptr; (section = elf_nextscn(elf, section)) != nullptr;) {
    GElf_Shdr header = {};
    if (gelf_getshdr(section, &header) == nullptr) continue;
    const char* name = elf_strptr(elf, names, header.sh_name);
    if (name != nullptr && std::string_view(name) == ".data..percpu") return elf_ndxscn(section);
  }
  return SHN_UNDEF;
}

}  // namespace

Result<Symbols> symbols_of_elf(const std::string& path, std::span<const std::byte> file) {
  if (elf_version(EV_CURRENT) == EV_NONE) return internal_error("libelf is too old");
  const ElfHandle elf(elf_memory(const_cast<char*>(reinterpret_cast<const char*>(file.data())), file.size()));
  if (!elf) return usage_error(path + ": not an ELF file");

  std::vector<Symbols::Entry> entries;
  const std::size_t percpu = percpu_section(elf.get());
  for (Elf_Scn* section = nullptr; (section = elf_nextscn(elf.get(), section)) != nullptr;) {
    GElf_Shdr header = {};
    if (gelf_getshdr(section, &header) == nullptr) return usage_error(path + ": a section header is broken");
    if (header.sh_type != SHT_SYMTAB) continue;
    Elf_Data* data = elf_getdata(section, nullptr);
    if (data == nullptr) return usage_error(path + ": its symbol table lies outside the file");
    if (header.sh_entsize != sizeof(Elf64_Sym)) return usage_error(path + ": its symbol table is broken");
    const std::size_t count = data->d_size / sizeof(Elf64_Sym);
    if (count > kMaxSymbols) return usage_error(path + ": more than 4 million symbols");
    entries.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
      GElf_Sym symbol = {};
      if (gelf_getsym(data, static_cast<int>(i), &symbol) == nullptr) continue;
      const int type = GELF_ST_TYPE(symbol.st_info);
      if (type != STT_FUNC && type != STT_OBJECT && type != STT_NOTYPE) continue;
      if (symbol.st_shndx == SHN_UNDEF || symbol.st_shndx == SHN_ABS) continue;
      const char* name = elf_strptr(elf.get(), header.sh_link, symbol.st_name);
      if (name == nullptr || is_noise(name)) continue;
      entries.push_back({name, Gva(symbol.st_value), symbol.st_size, GELF_ST_BIND(symbol.st_info) != STB_LOCAL,
                         symbol.st_shndx == percpu});
    }
  }
  return Symbols(std::move(entries));
}

}  // namespace remapstorm
