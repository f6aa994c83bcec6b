// SPDX-License-Identifier: Apache-2.0
#include "vmm/memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include "base/syscall.h"
#include "vmm/arch/arch.h"
#include "vmm/arch/host.h"

namespace remapstorm {
namespace {

Result<std::unique_ptr<MemoryRegion>> make_region(const std::string& name, Gpa base, std::uint64_t bytes) {
  auto region = std::make_unique<MemoryRegion>();
  region->name = name;
  region->base = base;
  region->fd = Fd(::memfd_create(("remapstorm-" + name).c_str(), MFD_CLOEXEC));
  if (!region->fd.valid()) return errno_error("memfd_create", name, errno);
  if (::ftruncate(region->fd.get(), static_cast<off_t>(bytes)) != 0) {
    return errno_error("ftruncate", name + ", " + std::to_string(bytes) + " bytes", errno);
  }
  RS_ASSIGN(region->mapping, Mapping::shared(region->fd, bytes, "guest memory " + name));
  RS_ASSIGN(region->guest_mapping, Mapping::shared(region->fd, bytes, "guest memory " + name));
  region->written = std::make_unique<WrittenPages>(bytes);
  return region;
}

}  // namespace

WrittenPages::WrittenPages(std::uint64_t region_bytes) : words_((region_bytes / kGuestPageSize + 63) / 64) {}

void WrittenPages::take(std::span<std::uint64_t> bitmap) {
  if (!any_.exchange(false, std::memory_order_relaxed)) return;
  for (std::size_t i = 0; i < words_.size() && i < bitmap.size(); ++i) {
    if (words_[i].load(std::memory_order_relaxed) != 0) bitmap[i] |= words_[i].exchange(0, std::memory_order_relaxed);
  }
}

void GuestMemory::note_host_write(Gpa address, std::uint64_t bytes) {
  for (const auto& region : regions_) {
    if (region->contains(address, bytes)) return region->written->note(address - region->base, bytes);
  }
}

Result<std::unique_ptr<GuestMemory>> GuestMemory::create(std::uint64_t ram_bytes) {
  if (ram_bytes % kGuestPageSize != 0) {
    return usage_error("guest memory of " + std::to_string(ram_bytes) + " bytes is not a multiple of 4096");
  }
  if (ram_bytes < kMinRamBytes || ram_bytes > kMaxRamBytes) {
    return usage_error("guest memory of " + std::to_string(ram_bytes >> 20) + " MiB is outside 2 MiB to 3072 MiB",
                       "guest RAM must end below the devices under 4 GiB");
  }
  std::unique_ptr<GuestMemory> memory(new GuestMemory);
  RS_ASSIGN(auto ram, make_region("ram", arch_of(kHostIsa).ram, ram_bytes));
  memory->regions_.push_back(std::move(ram));
  return memory;
}

Status GuestMemory::add_region(const std::string& name, Gpa base, std::uint64_t bytes, std::uint64_t unnoted) {
  const auto end = end_of(base.value, bytes);
  if (bytes == 0 || !end || base.value % kGuestPageSize != 0 || bytes % kGuestPageSize != 0) {
    return internal_error("memory region " + name + " is empty, wraps or is not made of whole pages");
  }
  for (const auto& other : regions_) {
    if (base.value < other->base.value + other->size() && other->base.value < *end) {
      return internal_error("memory region " + name + " overlaps region " + other->name);
    }
  }
  RS_ASSIGN(auto region, make_region(name, base, bytes));
  region->unnoted = std::min(unnoted, bytes);
  regions_.push_back(std::move(region));
  return {};
}

const MemoryRegion* GuestMemory::find(Gpa address) const {
  for (const auto& region : regions_) {
    if (region->contains(address, 1)) return region.get();
  }
  return nullptr;
}

const MemoryRegion* GuestMemory::named(std::string_view name) const {
  for (const auto& region : regions_) {
    if (region->name == name) return region.get();
  }
  return nullptr;
}

std::byte* GuestMemory::host_range(Gpa address, std::uint64_t bytes) const {
  for (const auto& region : regions_) {
    if (region->contains(address, bytes)) return region->mapping.data() + (address - region->base);
  }
  return nullptr;
}

std::byte* GuestMemory::guest_range(Gpa address, std::uint64_t bytes) const {
  for (const auto& region : regions_) {
    if (region->contains(address, bytes)) return region->guest_mapping.data() + (address - region->base);
  }
  return nullptr;
}

bool GuestMemory::read(Gpa address, std::span<std::byte> out) const {
  const std::byte* at = host_range(address, out.size());
  if (at == nullptr) return false;
  if (!out.empty()) std::memcpy(out.data(), at, out.size());
  return true;
}

bool GuestMemory::write(Gpa address, std::span<const std::byte> in) {
  std::byte* at = host_range(address, in.size());
  if (at == nullptr) return false;
  note_host_write(address, in.size());
  if (!in.empty()) std::memcpy(at, in.data(), in.size());
  return true;
}

bool GuestMemory::fill(Gpa address, std::uint64_t bytes, std::byte value) {
  std::byte* at = host_range(address, bytes);
  if (at == nullptr) return false;
  note_host_write(address, bytes);
  std::memset(at, std::to_integer<int>(value), bytes);
  return true;
}

}  // namespace remapstorm
