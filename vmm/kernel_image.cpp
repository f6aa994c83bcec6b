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

Error bad(const std::string& path, const std::string& what) { return usage_error(path + ": " + what); }

struct Format {
  std::size_t offset;
  std::string_view magic;
  const char* hint;
};

// What people take for a kernel and read_kernel_file() leaves as it is. Linux Documentation/arch/x86/boot.rst (HdrS:
// one older than 2.6.26); the other by its own format.
constexpr Format kFormats[] = {
    {0x202, "HdrS", "this is a bzImage that does not say where its kernel lies: give the vmlinux of the same build"},
    {0, "070701", "this is an initramfs, not a kernel"},
};

std::string hint_for(std::span<const std::byte> file) {
  const std::string_view content(reinterpret_cast<const char*>(file.data()), file.size());
  for (const Format& format : kFormats) {
    if (content.size() >= format.offset && content.substr(format.offset).starts_with(format.magic)) return format.hint;
  }
  return {};
}

bool is_flat(Isa isa, std::span<const std::byte> file) {
  const FlatKernel* const form = arch_of(isa).flat_kernel;
  return form != nullptr && form->recognise(file);
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
  RS_ASSIGN(KernelFile file, read_kernel_file(path, kMostKernelBytes));
  image.file_ = std::move(file.bytes);
  image.flat_ = is_flat(isa, image.file());
  for (const Isa other : kIsas) {
    if (other == isa || !is_flat(other, image.file())) continue;
    return bad(path, std::string("made for another machine (") + isa_name(other) + "), not for " + isa_name(isa));
  }
  RS_TRY(image.flat_ ? image.read_flat() : image.read_elf());
  return image;
}

Status KernelImage::read_flat() {
  RS_ASSIGN(const std::uint64_t memory_bytes, arch_of(isa_).flat_kernel->memory_bytes(path_, file()));
  if (memory_bytes < file_.size()) return bad(path_, "its header says less than the file's size");
  segments_ = {{Gpa(0), Gva(0), 0, file_.size(), memory_bytes}};
  return {};
}

Status KernelImage::read_elf() {
  if (elf_version(EV_CURRENT) == EV_NONE) return internal_error("libelf is too old");
  const ElfHandle elf(elf_memory(reinterpret_cast<char*>(file_.data()), file_.size()));
  RS_ASSIGN(const GElf_Ehdr header, read_header(path_, elf.get(), isa_, file()));
  RS_ASSIGN(segments_, read_segments(path_, elf.get(), header, file_.size()));
  RS_TRY(check_overlaps(path_, segments_));
  entry_ = Gpa(header.e_entry);
  const bool inside = std::any_of(segments_.begin(), segments_.end(), [&](const KernelSegment& segment) {
    return header.e_entry - segment.physical.value < segment.memory_bytes;
  });
  if (!inside) return bad(path_, "its entry point lies outside every loadable segment");
  return {};
}

void KernelImage::link_at(Gva text) {
  if (flat_) segments_.front().virtual_address = text;
}

std::span<const std::byte> KernelImage::bytes_at(Gva address, std::size_t most) const {
  for (const KernelSegment& segment : segments_) {
    if (address < segment.virtual_address) continue;
    const std::uint64_t offset = address - segment.virtual_address;
    if (offset >= segment.file_bytes) continue;
    return bytes(segment).subspan(offset, std::min<std::uint64_t>(most, segment.file_bytes - offset));
  }
  return {};
}

std::optional<std::uint64_t> KernelImage::offset_in_memory(std::size_t file_offset) const {
  const auto first = std::min_element(segments_.begin(), segments_.end(), [](const auto& a, const auto& b) {
    return a.virtual_address < b.virtual_address;
  });
  for (const KernelSegment& segment : segments_) {
    if (file_offset < segment.file_offset || file_offset - segment.file_offset >= segment.file_bytes) continue;
    return segment.virtual_address - first->virtual_address + (file_offset - segment.file_offset);
  }
  return std::nullopt;
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
