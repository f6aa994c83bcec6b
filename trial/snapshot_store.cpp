// SPDX-License-Identifier: Apache-2.0
#include "trial/snapshot_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <vector>

#include "base/fd.h"
#include "vmm/snapshot_header.h"

namespace remapstorm {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSuffix = ".snapshot";
constexpr auto kAbandoned = std::chrono::minutes(10);

std::string hex_hash(const void* data, std::size_t bytes) {
  const XXH128_hash_t hash = XXH3_128bits(data, bytes);
  return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
}

// What it takes on disk: the files are sparse.
std::uint64_t room_of(const fs::path& path) {
  struct stat info = {};
  return ::stat(path.c_str(), &info) == 0 ? static_cast<std::uint64_t>(info.st_blocks) * 512 : 0;
}

// By its content: a folder of that name may hold files of others.
bool is_snapshot(const fs::path& path) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW));
  std::array<std::byte, SnapshotHeader::kBytes> header{};
  struct stat info = {};
  if (!fd.valid() || ::fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode)) return false;
  return ::pread(fd.get(), header.data(), header.size(), 0) >= 8 && has_snapshot_magic(header);
}

}  // namespace

SnapshotKey BootIdentity::key() const {
  return {{"guest kernel", kernel},
          {"initramfs", initramfs},
          {"command line", command_line},
          {"number of vCPUs", std::to_string(cpus)},
          {"memory size", std::to_string(memory)},
          {"guest CPU", cpu},
          {"kind of host", host_kind},
          {"host CPU", host_cpu},
          {"host kernel", host_kernel},
          {"build of remapstorm", program}};
}

std::string BootIdentity::file_name() const {
  const std::string machine = kernel + '\n' + initramfs + '\n' + command_line + '\n' + std::to_string(cpus) + '\n' +
                              std::to_string(memory) + '\n' + cpu;
  return hex_hash(machine.data(), machine.size()) + kSuffix;
}

std::string SnapshotStore::path_of(const BootIdentity& identity) const { return folder_ + "/" + identity.file_name(); }

SnapshotStore::Found SnapshotStore::find(const BootIdentity& identity) const {
  const std::string path = path_of(identity);
  if (::access(path.c_str(), F_OK) != 0) return {};
  Result<StoredSnapshot> loaded = load_snapshot(path, identity.key());
  if (!loaded) return {std::nullopt, loaded.error().message};
  std::error_code ignored;
  fs::last_write_time(path, fs::file_time_type::clock::now(), ignored);  // the least used goes first
  return {std::move(loaded).value(), {}};
}

Status SnapshotStore::keep(const BootIdentity& identity, const Snapshot& snapshot, std::string_view note) const {
  std::error_code error;
  fs::create_directories(folder_, error);
  if (error) return host_error("cannot make the folder " + folder_ + ": " + error.message());
  RS_TRY(save_snapshot(path_of(identity), identity.key(), snapshot, note));
  tidy();
  return {};
}

void SnapshotStore::drop(const BootIdentity& identity) const { ::unlink(path_of(identity).c_str()); }

// Another process may do the same at the same time: a file that is gone already is no trouble.
void SnapshotStore::tidy() const {
  struct Kept {
    fs::path path;
    fs::file_time_type used;
  };
  std::vector<Kept> kept;
  std::error_code error;
  const auto now = fs::file_time_type::clock::now();
  for (const auto& entry : fs::directory_iterator(folder_, error)) {
    const fs::file_time_type used = entry.last_write_time(error);
    if (error) continue;
    const std::string name = entry.path().filename().string();
    if (name.ends_with(kSuffix) && is_snapshot(entry.path())) {
      kept.push_back({entry.path(), used});
    } else if (name.find(".snapshot.tmp.") != std::string::npos && now - used > kAbandoned) {
      fs::remove(entry.path(), error);  // its writer was killed
    }
  }
  std::sort(kept.begin(), kept.end(), [](const Kept& a, const Kept& b) { return a.used > b.used; });
  std::uint64_t room = 0;
  for (std::size_t i = 0; i < kept.size(); ++i) {
    room += room_of(kept[i].path);
    // The newest stays whatever its size: it was just made.
    if (i > 0 && (i >= kMostFiles || room > kMostBytes)) fs::remove(kept[i].path, error);
  }
}

}  // namespace remapstorm
