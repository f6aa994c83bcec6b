// SPDX-License-Identifier: Apache-2.0
#include "base/build_id.h"

#include <elf.h>
#include <link.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace remapstorm {
namespace {

// Notes: ELF gABI, "Note Section"; NT_GNU_BUILD_ID is named "GNU".
std::string in_notes(const std::byte* at, std::size_t size) {
  const auto aligned = [](std::size_t length) { return (length + 3) & ~std::size_t{3}; };
  while (size >= sizeof(ElfW(Nhdr))) {
    ElfW(Nhdr) note;
    std::memcpy(&note, at, sizeof(note));
    const std::size_t name = sizeof(note), content = name + aligned(note.n_namesz);
    const std::size_t whole = content + aligned(note.n_descsz);
    if (whole > size) break;
    if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 && std::memcmp(at + name, "GNU", 4) == 0) {
      static constexpr char kDigits[] = "0123456789abcdef";
      std::string text;
      for (std::size_t i = 0; i < note.n_descsz; ++i) {
        const auto value = std::to_integer<unsigned>(at[content + i]);
        text += kDigits[value >> 4];
        text += kDigits[value & 15];
      }
      return text;
    }
    at += whole;
    size -= whole;
  }
  return {};
}

int look(dl_phdr_info* info, std::size_t, void* out) {
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr)& header = info->dlpi_phdr[i];
    if (header.p_type != PT_NOTE) continue;
    const auto* notes = reinterpret_cast<const std::byte*>(info->dlpi_addr + header.p_vaddr);
    auto& text = *static_cast<std::string*>(out);
    text = in_notes(notes, header.p_memsz);
    if (!text.empty()) break;
  }
  return 1;  // the program itself comes first; its libraries do not count
}

}  // namespace

std::string build_id() {
  std::string text;
  ::dl_iterate_phdr(look, &text);
  return text.empty() ? "none" : text;
}

}  // namespace remapstorm
