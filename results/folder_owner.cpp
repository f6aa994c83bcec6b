// SPDX-License-Identifier: Apache-2.0
#include "results/folder_owner.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <thread>
#include <utility>

#include "base/fd.h"
#include "base/repeater.h"
#include "base/syscall.h"
#include "results/owner_file.h"

namespace remapstorm {
namespace {

constexpr int kMostTakes = 100;

// Of a folder, so that it can be renamed meanwhile.
std::optional<std::string> read_owner(int folder, const std::string& name) {
  const Fd fd(::openat(folder, name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW));
  if (!fd.valid()) return std::nullopt;
  std::array<char, 1024> text{};
  const ssize_t size = ::pread(fd.get(), text.data(), text.size(), 0);
  return std::string(text.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
}

Status write_whole(int fd, const std::string& text, const std::string& path) {
  const ssize_t written = ::pwrite(fd, text.data(), text.size(), 0);
  if (written == static_cast<ssize_t>(text.size())) return {};
  return errno_error("write", path, written < 0 ? errno : ENOSPC);
}

// Other machines see what we write to a disk of our own only if they run on it, through our own page cache.
bool needs_sync(int fd) {
  struct statfs info = {};
  if (::fstatfs(fd, &info) != 0) return true;
  constexpr std::array<long, 5> kLocal = {EXT4_SUPER_MAGIC, BTRFS_SUPER_MAGIC, XFS_SUPER_MAGIC, TMPFS_MAGIC,
                                          OVERLAYFS_SUPER_MAGIC};
  return std::none_of(kLocal.begin(), kLocal.end(), [&](long type) { return static_cast<long>(info.f_type) == type; });
}

// A name that nobody takes twice: who follows upon one owner is decided once.
std::string successor_name(const std::string& name, std::string_view owner) {
  std::array<char, 32> hash{};
  std::snprintf(hash.data(), hash.size(), "%016llx",
                static_cast<unsigned long long>(XXH3_64bits(owner.data(), owner.size())));
  return name + ".after-" + hash.data();
}

bool same_file(const struct stat& a, const struct stat& b) { return a.st_ino == b.st_ino && a.st_dev == b.st_dev; }

// Is `name` in `folder` the file behind `fd`?
bool is_file(int folder, const std::string& name, int fd) {
  struct stat ours = {};
  struct stat there = {};
  return ::fstat(fd, &ours) == 0 && ::fstatat(folder, name.c_str(), &there, AT_SYMLINK_NOFOLLOW) == 0 &&
         same_file(ours, there);
}

// A file of ours, created exclusively; nothing: there is one.
Result<std::optional<Fd>> create_owner(int folder, const std::string& name, const OwnerIdentity& identity) {
  Fd fd(::openat(folder, name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!fd.valid() && errno == EEXIST) return std::optional<Fd>();
  if (!fd.valid()) return errno_error("create", name, errno);
  if (Status written = write_whole(fd.get(), owner_text(identity, 0), name); !written.ok()) {
    ::unlinkat(folder, name.c_str(), 0);
    return written.error();
  }
  return std::optional<Fd>(std::move(fd));
}

struct Looked {
  Fd folder;
  std::string name;
  bool there = false;
  std::string text;  // as first seen; empty also while it is being made
  OwnerLife life = OwnerLife::elsewhere;
};

Looked first_look(const std::string& folder, const std::string& name, const OwnerIdentity& here) {
  Looked one{Fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)), name, false, {}, OwnerLife::dead};
  if (!one.folder.valid()) return one;
  const auto text = read_owner(one.folder.get(), name);
  if (!text) return one;
  one.there = true;
  one.text = *text;
  one.life = judge_owner(*text, here);
  return one;
}

// Until each is known to live or not: at once on this machine, else by what changes.
void look_on(std::vector<Looked>& all, const OwnerNote& note, const OwnerPace& pace) {
  const auto open = [&] {
    return std::any_of(all.begin(), all.end(), [](const Looked& one) { return one.life == OwnerLife::elsewhere; });
  };
  for (unsigned look = 0; look < pace.looks && open(); ++look) {
    // A live one shows it by the second look.
    if (look == 2 && note) {
      note("looking whether a run on another machine, or before a reboot, still lives: at most " +
           std::to_string(std::chrono::duration_cast<std::chrono::seconds>(pace.looks * pace.beat).count()) + " s");
    }
    std::this_thread::sleep_for(pace.beat);
    for (Looked& one : all) {
      if (one.life != OwnerLife::elsewhere) continue;
      const auto text = read_owner(one.folder.get(), one.name);
      if (!text || *text != one.text) one.life = OwnerLife::alive;
    }
  }
  for (Looked& one : all) {
    if (one.life == OwnerLife::elsewhere) one.life = OwnerLife::dead;
  }
}

struct Taken {
  Fd fd;              // of the owner's file; invalid: somebody else has it
  std::string owner;  // whose it is, for people
};

Result<Taken> take_file(int folder, const std::string& path, const std::string& name, const OwnerIdentity& identity,
                        const OwnerNote& note, const OwnerPace& pace);

// Puts our file in the place of `dead`, whose text it is. Nothing: somebody else was first.
Result<std::optional<Fd>> succeed(int folder, const std::string& path, const std::string& name, const std::string& dead,
                                  const OwnerIdentity& identity, const OwnerNote& note, const OwnerPace& pace) {
  const std::string claim = successor_name(name, owner_without_count(dead));
  RS_ASSIGN(Taken claimed, take_file(folder, path, claim, identity, note, pace));
  if (!claimed.fd.valid()) return std::optional<Fd>();
  // Nobody but the holder of the claim puts another in its place, so what is there now stays.
  const auto now = read_owner(folder, name);
  std::optional<Fd> fd;
  if (now && *now == dead) {  // nor has it counted on meanwhile
    if (::renameat(folder, claim.c_str(), folder, name.c_str()) != 0) return errno_error("rename", path, errno);
    fd.emplace(std::move(claimed.fd));
  } else {
    ::unlinkat(folder, claim.c_str(), 0);
  }
  return fd;
}

Result<Taken> take_file(int folder, const std::string& path, const std::string& name, const OwnerIdentity& identity,
                        const OwnerNote& note, const OwnerPace& pace) {
  for (int attempt = 0; attempt < kMostTakes; ++attempt) {
    RS_ASSIGN(std::optional<Fd> fd, create_owner(folder, name, identity));
    if (fd) return Taken{std::move(*fd), {}};
    std::vector<Looked> there;
    there.push_back(first_look(path, name, identity));
    if (!there[0].there) continue;
    look_on(there, note, pace);
    if (there[0].life == OwnerLife::alive) {
      if (!read_owner(folder, name)) continue;  // it ended while we looked
      return Taken{Fd(), owner_name(there[0].text)};
    }
    RS_ASSIGN(std::optional<Fd> ours, succeed(folder, path, name, there[0].text, identity, note, pace));
    if (ours) return Taken{std::move(*ours), {}};
  }
  return host_error("cannot tell who uses the folder " + path);
}

}  // namespace

class FolderOwner::State {
 public:
  State(std::string folder, Fd directory, Fd file, Nanoseconds beat)
      : folder_(std::move(folder)), directory_(std::move(directory)), file_(std::move(file)) {
    struct stat info = {};
    if (::fstat(file_.get(), &info) == 0) offset_ = owner_count_offset(static_cast<std::size_t>(info.st_size));
    sync_ = needs_sync(file_.get());
    beat_.emplace(beat, [this] { count_on(); });
  }
  ~State() {
    beat_.reset();
    if (is_file(directory_.get(), kOwnerName, file_.get())) ::unlinkat(directory_.get(), kOwnerName, 0);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  [[nodiscard]] const std::string& folder() const { return folder_; }
  [[nodiscard]] bool still_ours() const {
    struct stat ours = {};
    struct stat there = {};
    return ::fstat(directory_.get(), &ours) == 0 && ::stat(folder_.c_str(), &there) == 0 && same_file(ours, there) &&
           is_file(directory_.get(), kOwnerName, file_.get());
  }

 private:
  void count_on() {
    const std::string count = owner_count_text(++count_);
    (void)!::pwrite(file_.get(), count.data(), count.size(), static_cast<off_t>(offset_));
    if (sync_) (void)::fdatasync(file_.get());
  }

  std::string folder_;
  Fd directory_;
  Fd file_;
  std::size_t offset_ = 0;
  bool sync_ = false;
  unsigned long long count_ = 0;
  std::optional<Repeater> beat_;
};

FolderOwner::FolderOwner(std::unique_ptr<State> state) : state_(std::move(state)) {}
FolderOwner::FolderOwner(FolderOwner&&) noexcept = default;
FolderOwner& FolderOwner::operator=(FolderOwner&&) noexcept = default;
FolderOwner::~FolderOwner() = default;

const std::string& FolderOwner::folder() const { return state_->folder(); }
bool FolderOwner::still_ours() const { return state_->still_ours(); }

Result<FolderOwner> FolderOwner::take(const std::string& folder, const OwnerNote& note, const OwnerPace& pace) {
  Fd directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.valid()) return errno_error("open", folder, errno);
  const OwnerIdentity identity = OwnerIdentity::of_this_process();
  Result<Taken> taken = take_file(directory.get(), folder, kOwnerName, identity, note, pace);
  if (!taken.ok()) return taken.error().in("taking the folder " + folder);
  if (!taken->fd.valid()) {
    return usage_error(folder + " is in use by another run: " + taken->owner,
                       "wait for it, or give another --output-dir");
  }
  return FolderOwner(std::make_unique<State>(folder, std::move(directory), std::move(taken->fd), pace.beat));
}

std::vector<FolderOwner> FolderOwner::take_abandoned(const std::vector<std::string>& folders, const OwnerNote& note,
                                                     const OwnerPace& pace) {
  const OwnerIdentity here = OwnerIdentity::of_this_process();
  std::vector<Looked> all;
  all.reserve(folders.size());
  for (const std::string& folder : folders) all.push_back(first_look(folder, kOwnerName, here));
  look_on(all, note, pace);
  std::vector<FolderOwner> taken;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].life != OwnerLife::dead || !all[i].folder.valid()) continue;
    const int folder = all[i].folder.get();
    Result<std::optional<Fd>> file = !all[i].there
                                         ? create_owner(folder, kOwnerName, here)
                                         : succeed(folder, folders[i], kOwnerName, all[i].text, here, note, pace);
    if (!file.ok() || !*file) continue;
    taken.push_back(
        FolderOwner(std::make_unique<State>(folders[i], std::move(all[i].folder), std::move(**file), pace.beat)));
  }
  return taken;
}

}  // namespace remapstorm
