// SPDX-License-Identifier: Apache-2.0
#include "vmm/snapshot_file.h"

#include <unistd.h>
#include <xxhash.h>

#include <cerrno>
#include <memory>

#include "base/atomic_file.h"
#include "base/syscall.h"
#include "vmm/snapshot_header.h"

namespace remapstorm {
namespace {

using Hash = std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)>;

Hash make_hash() {
  Hash hash(XXH3_createState(), &XXH3_freeState);
  XXH3_64bits_reset(hash.get());
  return hash;
}

std::uint64_t pages_checksum(const std::vector<MemoryImage::Region>& regions) {
  const Hash hash = make_hash();
  for (const MemoryImage::Region& region : regions) {
    for (const PageRange& range : region.stored) {
      XXH3_64bits_update(hash.get(), region.page(range.first), range.count * kGuestPageSize);
    }
  }
  return XXH3_64bits_digest(hash.get());
}

Status write_at(int fd, std::span<const std::byte> bytes, std::uint64_t offset) {
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return errno_error("pwrite", "", written < 0 ? errno : ENOSPC);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
    offset += static_cast<std::uint64_t>(written);
  }
  return {};
}

Status write_pages(int fd, const MemoryImage& memory, std::uint64_t offset) {
  for (const MemoryImage::Region& region : memory.regions()) {
    for (const PageRange& range : region.stored) {
      RS_TRY(write_at(fd, {region.page(range.first), range.count * kGuestPageSize},
                      offset + range.first * kGuestPageSize));
    }
    offset += region.bytes;
  }
  return {};
}

// The header, its description, and where the regions lie in the file.
struct Opened {
  SnapshotDescription description;
  std::vector<MemoryImage::Region> regions;
};

Result<Opened> open(const Mapping& file) {
  const std::span<const std::byte> bytes = file.bytes();
  RS_ASSIGN(const SnapshotHeader header, decode_header(bytes, bytes.size()));
  const auto text = bytes.subspan(SnapshotHeader::kBytes, header.description_bytes);
  if (XXH3_64bits(text.data(), text.size()) != header.description_checksum) {
    return usage_error("damaged: its description does not add up");
  }
  Opened opened;
  RS_ASSIGN(opened.description, decode_description(text));
  std::uint64_t offset = header.pages_offset;
  for (const RegionDescription& region : opened.description.regions) {
    if (region.bytes > bytes.size() - offset)
      return usage_error("damaged: memory region " + region.name + " is not in it");
    opened.regions.push_back({region.name, region.base, region.bytes, bytes.data() + offset, region.stored});
    offset += region.bytes;
  }
  if (offset != bytes.size()) return usage_error("damaged: it is longer than its memory regions");
  if (pages_checksum(opened.regions) != header.pages_checksum) return usage_error("damaged: its pages do not add up");
  return opened;
}

}  // namespace

Status save_snapshot(const std::string& path, const SnapshotKey& key, const Snapshot& snapshot, std::string_view note) {
  SnapshotDescription description{key, snapshot.kvm_state(), snapshot.platform_state(), snapshot.run_states(),
                                  {},  std::string(note)};
  for (const Vcpu::RunState& run : description.run) {
    if (run.pending_write) return usage_error("a snapshot in the middle of a device access cannot be kept in a file");
  }
  SnapshotHeader header;
  std::uint64_t region_bytes = 0;
  for (const MemoryImage::Region& region : snapshot.memory().regions()) {
    description.regions.push_back({region.name, region.base, region.bytes, region.stored});
    region_bytes += region.bytes;
  }
  const std::vector<std::byte> text = encode_description(description);
  header.description_bytes = text.size();
  header.description_checksum = XXH3_64bits(text.data(), text.size());
  header.pages_offset = (SnapshotHeader::kBytes + text.size() + kGuestPageSize - 1) / kGuestPageSize * kGuestPageSize;
  header.file_bytes = header.pages_offset + region_bytes;
  header.pages_checksum = pages_checksum(snapshot.memory().regions());
  const Status written = replace_file(path, [&](int fd) -> Status {
    RS_TRY(check_call(::ftruncate(fd, static_cast<off_t>(header.file_bytes)), "ftruncate"));
    RS_TRY(write_pages(fd, snapshot.memory(), header.pages_offset));
    RS_TRY(write_at(fd, text, SnapshotHeader::kBytes));
    return write_at(fd, encode_header(header), 0);
  });
  if (!written) return written.error().in("keeping a snapshot in " + path);
  return {};
}

Result<StoredSnapshot> load_snapshot(const std::string& path, const SnapshotKey& key) {
  RS_ASSIGN(Mapping file, Mapping::read_only_file(path));
  Result<Opened> opened = open(file);
  if (!opened) return opened.error().in(path);
  if (std::string why = key_difference(key, opened->description.key); !why.empty()) {
    return usage_error(path + ": " + std::move(why));
  }
  SnapshotDescription& description = opened->description;
  return StoredSnapshot{
      Snapshot::of_parts(MemoryImage::of_file(std::move(file), std::move(opened->regions)), std::move(description.kvm),
                         std::move(description.platform), std::move(description.run)),
      std::move(description.note)};
}

}  // namespace remapstorm
