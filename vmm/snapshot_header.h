// SPDX-License-Identifier: Apache-2.0
// The first bytes of a snapshot file, and its description. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "vmm/kvm_state.h"
#include "vmm/memory_image.h"
#include "vmm/platform.h"
#include "vmm/snapshot_file.h"

namespace remapstorm {

inline constexpr std::uint32_t kSnapshotVersion = 2;

struct SnapshotHeader {
  static constexpr std::uint64_t kBytes = 64;
  std::uint64_t description_bytes = 0;
  std::uint64_t description_checksum = 0;
  std::uint64_t pages_offset = 0;  // multiple of 4096
  std::uint64_t file_bytes = 0;
  std::uint64_t pages_checksum = 0;  // over the stored pages, in order
};

// Does it begin as a snapshot does, of whatever version? `bytes`: 8 or more.
bool has_snapshot_magic(std::span<const std::byte> bytes);
std::vector<std::byte> encode_header(const SnapshotHeader& header);
// `file_bytes`: what the file really has. Errors: usage (no snapshot, another version, damaged, cut).
Result<SnapshotHeader> decode_header(std::span<const std::byte> bytes, std::uint64_t file_bytes);

struct RegionDescription {
  std::string name;
  Gpa base;
  std::uint64_t bytes = 0;
  std::vector<PageRange> stored;
};

struct SnapshotDescription {
  SnapshotKey key;
  KvmState kvm;
  PlatformState platform;
  std::vector<Vcpu::RunState> run;
  std::vector<RegionDescription> regions;
  std::string note;
};

std::vector<std::byte> encode_description(const SnapshotDescription& description);
// Whatever the bytes are: a description whose page ranges lie ascending inside their regions, or an error (usage).
Result<SnapshotDescription> decode_description(std::span<const std::byte> bytes);

// Empty, or what the first difference is: "of another host CPU: A, not B".
std::string key_difference(const SnapshotKey& wanted, const SnapshotKey& found);

}  // namespace remapstorm
