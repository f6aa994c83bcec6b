// SPDX-License-Identifier: Apache-2.0
// SnapshotStore: booted guests kept on disk, so that a later run needs no boot. One file for each machine (kernel,
// command line, cpus, memory); what it was made on (host, program) is checked when it is read, and a file that does not
// fit is replaced by the next keep().
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "vmm/snapshot_file.h"

namespace remapstorm {

// What a booted guest depends on. All texts are compared as they are.
struct BootIdentity {
  std::string kernel;     // hash of the vmlinux
  std::string initramfs;  // hash of the file
  std::string command_line;
  unsigned cpus = 0;
  std::uint64_t memory = 0;  // bytes
  std::string host_kind;
  std::string host_cpu;
  std::string host_kernel;
  std::string program;  // build id of the harness: its devices and its view of the guest are part of the machine
  std::string cpu = "as the host's";  // what the guest is shown

  [[nodiscard]] SnapshotKey key() const;
  // The same for all hosts and programs.
  [[nodiscard]] std::string file_name() const;
};

class SnapshotStore {
 public:
  // The oldest go when there are more, or when they take more room.
  static constexpr std::size_t kMostFiles = 24;
  static constexpr std::uint64_t kMostBytes = 2ULL << 30;

  // Made when something is first kept.
  explicit SnapshotStore(std::string folder) : folder_(std::move(folder)) {}

  struct Found {
    std::optional<StoredSnapshot> snapshot;
    std::string refused;  // why the one that is there is of no use; empty if there is none
  };
  [[nodiscard]] Found find(const BootIdentity& identity) const;
  // Errors: host (the disk is full, the folder cannot be written); nothing half-written stays.
  Status keep(const BootIdentity& identity, const Snapshot& snapshot, std::string_view note) const;
  // Forgets the one for this machine, if it is there: it was restored and did not come up.
  void drop(const BootIdentity& identity) const;

 private:
  [[nodiscard]] std::string path_of(const BootIdentity& identity) const;
  void tidy() const;

  std::string folder_;
};

}  // namespace remapstorm
