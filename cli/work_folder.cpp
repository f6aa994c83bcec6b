// SPDX-License-Identifier: Apache-2.0
#include "cli/work_folder.h"

#include <unistd.h>

#include <cmath>
#include <filesystem>

#include "base/syscall.h"
#include "results/folder_mark.h"
#include "results/output_dir.h"

namespace remapstorm {

namespace fs = std::filesystem;

Status make_folders(const std::string& path, bool asked_for) {
  std::error_code error;
  fs::create_directories(path, error);
  if (!error) return {};
  Error failed = errno_error("create", path, error.value());
  failed.kind = kind_of_place(error.value(), asked_for);
  if (error == std::errc::no_space_on_device)
    failed.hint = "free some space, or choose another place with --output-dir";
  return failed;
}

Status check_writable(const std::string& path, bool asked_for) {
  if (::access(path.c_str(), W_OK) == 0) return {};
  Error failed = errno_error("write into", path, errno);
  failed.kind = kind_of_place(failed.errnum, asked_for);
  failed.hint = "choose a folder you can write to: --output-dir DIR, or REMAPSTORM_STATE=DIR for all runs";
  return failed;
}

namespace {

// The first that is not there: another command may have begun in the same second.
Result<std::string> new_folder(const CommandContext& context, const std::string& name, const std::string& place) {
  RS_ASSIGN(const Paths paths, find_paths(context.environment, context.home));
  return free_name(paths.state + "/" + place + "/" + name);
}

}  // namespace

Result<WorkFolder> WorkFolder::open(const CommandContext& context, const std::string& requested,
                                    const std::string& name, const std::string& place) {
  WorkFolder folder;
  std::string path = requested;
  if (path.empty()) {
    RS_ASSIGN(path, new_folder(context, name, place));
  }
  std::error_code error;
  fs::path whole = fs::absolute(path, error).lexically_normal();
  if (!whole.has_filename()) whole = whole.parent_path();
  path = whole.string();
  if (fs::exists(path, error) && !fs::is_directory(path, error)) return usage_error(path + " is no folder");
  RS_TRY(check_folder(path, requested.empty() ? path : "--output-dir " + requested));
  folder.made_ = !fs::exists(path, error);
  RS_TRY(make_folders(path, !requested.empty()));
  folder.path_ = path;
  RS_TRY(check_writable(path, !requested.empty()));
  RS_ASSIGN(FolderOwner owner, FolderOwner::take(path, note_to(context)));
  folder.owner_.emplace(std::move(owner));
  if (!is_marked(path)) RS_TRY(mark_folder(path, {}));
  return folder;
}

WorkFolder::~WorkFolder() {
  if (!owner_) return;
  const bool ours = owner_->still_ours();
  owner_.reset();
  if (ours && made_ && files_below(path_).empty()) (void)remove_marked(path_);
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

std::string time_left_text(double seconds) {
  const long whole = std::lround(seconds);
  if (whole < 90) return std::to_string(whole) + " s";
  if (whole < 5400) return std::to_string(whole / 60) + " min " + std::to_string(whole % 60) + " s";
  return std::to_string(whole / 3600) + " h " + std::to_string(whole / 60 % 60) + " min";
}

std::string progress_text(const std::string& what, std::size_t done, std::size_t all,
                          const std::optional<Nanoseconds>& left) {
  std::string text = what + ": " + std::to_string(done) + " of " + std::to_string(all) + " trials";
  return left ? text + ", about " + time_left_text(in_seconds(*left)) + " left" : text;
}

}  // namespace remapstorm
