// SPDX-License-Identifier: Apache-2.0
#include "results/work_folder.h"

#include <unistd.h>

#include <filesystem>
#include <vector>

#include "base/syscall.h"
#include "results/folder_log.h"
#include "results/folder_mark.h"
#include "results/output_dir.h"

namespace remapstorm {

namespace fs = std::filesystem;

Status make_folders(const std::string& path, ChosenBy who) {
  std::error_code error;
  fs::create_directories(path, error);
  if (!error) return {};
  Error failed = errno_error("create", path, error.value());
  failed.kind = kind_of_place(error.value(), who);
  if (error == std::errc::no_space_on_device)
    failed.hint = "free some space, or choose another place with --output-dir";
  return failed;
}

Status check_writable(const std::string& path, ChosenBy who) {
  if (::access(path.c_str(), W_OK) == 0) return {};
  Error failed = errno_error("write into", path, errno);
  failed.kind = kind_of_place(failed.errnum, who);
  failed.hint = "choose a folder you can write to: --output-dir DIR, or REMAPSTORM_STATE=DIR for all runs";
  return failed;
}

Result<WorkFolder> WorkFolder::at(const std::string& requested, const OwnerNote& note) {
  return open(requested, requested, note);
}

// The first that is not there: another command may have begun in the same second.
Result<WorkFolder> WorkFolder::fresh(const std::string& path, const OwnerNote& note) {
  return open(free_name(path), {}, note);
}

Result<WorkFolder> WorkFolder::open(std::string path, const std::string& requested, const OwnerNote& note) {
  WorkFolder folder;
  std::error_code error;
  fs::path whole = fs::absolute(path, error).lexically_normal();
  if (!whole.has_filename()) whole = whole.parent_path();
  path = whole.string();
  if (fs::exists(path, error) && !fs::is_directory(path, error)) return usage_error(path + " is no folder");
  RS_TRY(check_folder(path, requested.empty() ? path : "--output-dir " + requested));
  folder.made_ = !fs::exists(path, error);
  const ChosenBy who = requested.empty() ? ChosenBy::us : ChosenBy::user;
  RS_TRY(make_folders(path, who));
  folder.path_ = path;
  RS_TRY(check_writable(path, who));
  RS_ASSIGN(FolderOwner owner, FolderOwner::take(path, note));
  folder.owner_.emplace(std::move(owner));
  if (!is_marked(path)) RS_TRY(mark_folder(path, {}));
  return folder;
}

WorkFolder::~WorkFolder() {
  if (!owner_) return;
  const bool ours = owner_->still_ours();
  owner_.reset();
  const std::vector<std::string> files = files_below(path_);
  const bool nothing = files.empty() || files == std::vector<std::string>{kLogName};
  if (ours && made_ && nothing) (void)remove_marked(path_);
}

Status WorkFolder::look(std::initializer_list<std::string> files) const {
  if (!owner_->still_ours()) {
    return host_error(path_ + " was removed, or taken over by another process, while this went on",
                      "give each command an --output-dir of its own");
  }
  for (const std::string& file : files) {
    std::error_code error;
    if (!fs::exists(path_ + "/" + file, error))
      return host_error(path_ + "/" + file + " was made and is no longer there");
  }
  return {};
}

}  // namespace remapstorm
