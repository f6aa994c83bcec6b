// SPDX-License-Identifier: Apache-2.0
#include "vmm/kernel.h"

#include <elf.h>

#include <cstring>
#include <string_view>
#include <utility>

#include "base/hex.h"
#include "base/mapping.h"
#include "vmm/kallsyms.h"
#include "vmm/kernel_file.h"
#include "vmm/symbols_elf.h"

namespace remapstorm {
namespace {

constexpr std::string_view kBanner = "Linux version ";

bool is_elf(std::span<const std::byte> file) {
  return file.size() >= SELFMAG && std::memcmp(file.data(), ELFMAG, SELFMAG) == 0;
}

// Empty if the kernel says nothing of itself.
Result<Symbols> symbols_inside(const KernelImage& image, std::string& source) {
  if (!image.flat()) {
    RS_ASSIGN(Symbols table, symbols_of_elf(image.path(), image.file()));
    source = "its symbol table";
    if (table.size() > 0) return table;
  }
  source = "its kallsyms";
  Result<std::vector<ListedSymbol>> list = read_kallsyms(image);
  if (list.ok()) return symbols_of_list(*std::move(list));
  return Symbols();
}

Result<Symbols> symbols_in(const std::string& path) {
  RS_ASSIGN(const KernelFile file, read_kernel_file(path, kMostKernelBytes));
  if (!is_elf(file.bytes.bytes())) return symbols_of_map(path, file.bytes.bytes());
  RS_ASSIGN(Symbols symbols, symbols_of_elf(path, file.bytes.bytes()));
  if (symbols.size() == 0) return usage_error(path + ": no symbol table", "a System.map, or an unstripped vmlinux");
  return symbols;
}

Error other_build(const std::string& path, const std::string& why) {
  return usage_error(path + " is not of the same build as the kernel: " + why);
}

// A linker takes a global name once, so those are what can be compared.
Status check_same_names(const std::string& path, const Symbols& given, const Symbols& own) {
  std::size_t same = 0;
  for (const Symbols::Entry& entry : own.entries()) {
    const auto there = entry.global ? given.find(entry.name) : std::nullopt;
    if (!there) continue;
    if (*there != entry.start) {
      return other_build(path, entry.name + " is at " + hex(there->value) + " there and at " + hex(entry.start.value) +
                                   " in the kernel");
    }
    ++same;
  }
  if (same == 0) return other_build(path, "they have no name in common");
  return {};
}

Status check_banner(const std::string& path, const Symbols& given, const KernelImage& image) {
  const auto banner = given.find("linux_banner");
  if (!banner) return other_build(path, "it cannot be told; it does not have linux_banner");
  const auto bytes = image.bytes_at(*banner, kBanner.size());
  if (std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()) != kBanner) {
    return other_build(path, "the kernel has no \"" + std::string(kBanner) + "\" at its linux_banner");
  }
  return {};
}

}  // namespace

Result<Kernel> open_kernel(const KernelFiles& files, Isa isa) {
  RS_ASSIGN(KernelImage image, KernelImage::open(files.image, isa));
  std::string source;
  RS_ASSIGN(Symbols own, symbols_inside(image, source));
  const bool knows_itself = own.size() > 0;
  Symbols symbols;
  if (!files.symbols.empty()) {
    source = files.symbols;
    RS_ASSIGN(symbols, symbols_in(files.symbols));
    if (knows_itself) RS_TRY(check_same_names(files.symbols, symbols, own));
  } else if (knows_itself) {
    symbols = std::move(own);
  } else {
    return usage_error(
        files.image + ": neither a symbol table nor kallsyms in it",
        "--symbols FILE of the same build: its System.map, or the vmlinux at the top of its build folder (Debian: "
        "package linux-image-VERSION-dbg, in /usr/lib/debug/boot)");
  }
  if (image.flat()) {
    const auto text = symbols.find("_text");
    if (!text) return usage_error(source + ": no _text, which says where " + files.image + " is linked to begin");
    image.link_at(*text);
  }
  if (!knows_itself) RS_TRY(check_banner(files.symbols, symbols, image));
  return Kernel{std::move(image), std::move(symbols), std::move(source)};
}

}  // namespace remapstorm
