// SPDX-License-Identifier: Apache-2.0
// A Snapshot on disk. The file is sparse: regions lie in it page for page, and pages of zeros are holes, so that it is
// mapped and not read. A header of fixed size, then the description (CBOR), then the regions; each with a checksum
// (XXH3), so that a file that is cut or damaged is refused and never half restored.
//
//   offset 0      header: magic, version, sizes, checksums (snapshot_header.h)
//          64     description: key, KVM state, devices, run loops, which pages are stored, note
//          ...    regions, from a multiple of 4096
//
// Not for files from strangers: whoever can write it can write the guest's kernel. But nothing in it crashes the
// reader.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "vmm/snapshot.h"

namespace remapstorm {

// What must be the same for a snapshot to be of use, in the order in which it is compared: {"guest image", "1f2e..."}.
using SnapshotKey = std::vector<std::pair<std::string, std::string>>;

struct StoredSnapshot {
  Snapshot snapshot;
  std::string note;  // whatever the writer keeps beside it
};

// The file appears whole or not at all. Errors: host (a full disk says so); usage for a snapshot with a device access
// half done, which cannot be kept.
Status save_snapshot(const std::string& path, const SnapshotKey& key, const Snapshot& snapshot, std::string_view note);

// Errors, each naming the file and why it is refused: usage for one that is missing, cut, damaged, of another version,
// or made for another key ("of another guest image: 1f2e..., not 3c4d..."); host.
Result<StoredSnapshot> load_snapshot(const std::string& path, const SnapshotKey& key);

}  // namespace remapstorm
