// SPDX-License-Identifier: Apache-2.0
#include "vmm/kernel_image.h"

#include <gelf.h>

#include <algorithm>

#include "vmm/arch/arch.h"
#include "vmm/elf_handle.h"
#include "vmm/kernel_file.h"

namespace remapstorm {
namespace {

constexpr std::size_t kMaxSegments = 64;
constexpr std::size_t kMostBytes = std::size_t{4} << 30;  // with KASAN and debug information it is about 1 GiB

Error bad(const std::string& path, const std::string& what) { return usage_error(path + ": " + what); }

struct Format {
  std::size_t offset;
  std::string_view magic;
  const char* hint;
};

// What people take for a kernel image and read_kernel_file() leaves as it is. Linux Documentation/arch/x86/boot.rst
// (HdrS: one older than 2.6.26), arch/arm64/booting.rst (ARM\x64); the other by its own format.
constexpr Format kFormats[] = {
    {0x202, "HdrS", "this is a bzImage that does not say where its kernel lies: give the vmlinux of the same build"},
    {0x38, "ARM\x64", "this is an arm64 Image: give the vmlinux of the same build"},
    {0, "070701", "this is an initramfs, not a kernel"},
};

std::string hint_for(std::span<const std::byte> file) {
  const std::string_view content(reinterpret_cast<const char*>(file.data()), file.size());
  for (const Format& format : kFormats) {
    if (content.size() >= format.offset && content.substr(format.offset).starts_with(format.magic)) return format.hint;
  }
  return {};
}

Result<GElf_Ehdr> read_header(const std::string& path, Elf* elf, Isa isa, std::span<const std::byte> file) {
  if (elf == nullptr || elf_kind(elf) != ELF_K_ELF) {
    Error error = bad(path, "not an ELF file");
    error.hint = hint_for(file);
    return error;
  }
  GElf_Ehdr header = {};
  if (gelf_getehdr(elf, &header) == nullptr) return bad(path, "truncated: it has no whole ELF header");
  if (header.e_ident[EI_CLASS] != ELFCLASS64) return bad(path, "not a 64-bit ELF file");
  if (header.e_ident[EI_DATA] != ELFDATA2LSB) return bad(path, "not a little-endian ELF file");
  if (header.e_machine != arch_of(isa).elf_machine) {
    return bad(path, "made for another machine (ELF machine " + std::to_string(header.e_machine) + "), not for " +
                         isa_name(isa));
  }
  if (header.e_type != ET_EXEC && header.e_type != ET_DYN) return bad(path, "not an executable ELF file");
  return header;
}

Result<std::vector<KernelSegment>> read_segments(const std::string& path, Elf* elf, const GElf_Ehdr& header,
                                                 std::uint64_t file_size) {
  if (header.e_phnum == 0) return bad(path, "no loadable segment");
  std::size_t count = 0;
  if (elf_getphdrnum(elf, &count) != 0) return bad(path, "truncated: its program headers cannot be read");
  const auto headers_end = end_of(header.e_phoff, std::uint64_t{header.e_phentsize} * header.e_phnum);
  if (count > 0 && (!headers_end || *headers_end > file_size)) {
    return bad(path, "truncated: its program headers lie beyond the end of the file");
  }
  std::vector<KernelSegment> segments;
  for (std::size_t i = 0; i < count; ++i) {
    GElf_Phdr program = {};
    if (gelf_getphdr(elf, static_cast<int>(i), &program) == nullptr) {
      return bad(path, "truncated: program header " + std::to_string(i) + " cannot be read");
    }
    if (program.p_type != PT_LOAD || program.p_memsz == 0) continue;
    const std::string name = "segment " + std::to_string(i);
    const auto file_end = end_of(program.p_offset, program.p_filesz);
    if (!file_end || *file_end > file_size) return bad(path, "truncated: " + name + " lies beyond the end of the file");
    if (program.p_filesz > program.p_memsz) return bad(path, name + " is larger in the file than in memory");
    if (!end_of(program.p_paddr, program.p_memsz)) return bad(path, name + " wraps around the address space");
    if (segments.size() == kMaxSegments) return bad(path, "more than " + std::to_string(kMaxSegments) + " segments");
    segments.push_back(
        {Gpa(program.p_paddr), Gva(program.p_vaddr), program.p_offset, program.p_filesz, program.p_memsz});
  }
  if (segments.empty()) return bad(path, "no loadable segment");
  return segments;
}

Status check_overlaps(const std::string& path, std::vector<KernelSegment> segments) {
  std::sort(segments.begin(), segments.end(),
            [](const KernelSegment& a, const KernelSegment& b) { return a.physical < b.physical; });
  for (std::size_t i = 1; i < segments.size(); ++i) {
    if (segments[i - 1].physical.value + segments[i - 1].memory_bytes > segments[i].physical.value) {
      return bad(path, "two loadable segments overlap in memory");
    }
  }
  return {};
}

}  // namespace

const char* isa_name(Isa isa) { return arch_of(isa).name; }

Result<KernelImage> KernelImage::open(const std::string& path, Isa isa) {
  KernelImage image;
  image.path_ = path;
  image.isa_ = isa;
  RS_ASSIGN(KernelFile file, read_kernel_file(path, kMostBytes));
  image.file_ = std::move(file.bytes);
  if (elf_version(EV_CURRENT) == EV_NONE) return internal_error("libelf is too old");
  const ElfHandle elf(elf_memory(reinterpret_cast<char*>(image.file_.data()), image.file_.size()));
  RS_ASSIGN(const GElf_Ehdr header, read_header(path, elf.get(), isa, image.file()));
  RS_ASSIGN(image.segments_, read_segments(path, elf.get(), header, image.file_.size()));
  RS_TRY(check_overlaps(path, image.segments_));
  image.entry_ = Gpa(header.e_entry);
  const bool inside = std::any_of(image.segments_.begin(), image.segments_.end(), [&](const KernelSegment& segment) {
    return header.e_entry - segment.physical.value < segment.memory_bytes;
  });
  if (!inside) return bad(path, "its entry point lies outside every loadable segment");
  return image;
}

std::span<const std::byte> KernelImage::bytes(const KernelSegment& segment) const {
  return file().subspan(segment.file_offset, segment.file_bytes);
}

Gpa KernelImage::lowest() const {
  return std::min_element(segments_.begin(), segments_.end(),
                          [](const auto& a, const auto& b) { return a.physical < b.physical; })
      ->physical;
}

Gpa KernelImage::end() const {
  Gpa end;
  for (const KernelSegment& segment : segments_) end = std::max(end, segment.physical + segment.memory_bytes);
  return end;
}

}  // namespace remapstorm
