// SPDX-License-Identifier: Apache-2.0
// The output folder of a command that adds to it as it goes, unlike results/output_dir.h: what is in it after a kill is
// what had been done.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <utility>

#include "base/paths.h"
#include "base/result.h"
#include "base/syscall.h"
#include "results/folder_owner.h"

namespace remapstorm {

// Marked (results/folder_mark.h) and owned (results/folder_owner.h) as long as this lives.
class WorkFolder {
 public:
  // `requested` (--output-dir), made if it is missing. `note`: see FolderOwner. Errors: usage (a file; not empty and
  // not ours; another process uses it; it cannot be made or written into), host.
  static Result<WorkFolder> at(const std::string& requested, const OwnerNote& note = {});
  // A new one of about that path. Errors: unavailable (it cannot be made or written into), host.
  static Result<WorkFolder> fresh(const std::string& path, const OwnerNote& note = {});

  WorkFolder(WorkFolder&& other) noexcept
      : path_(std::move(other.path_)), made_(other.made_), owner_(std::exchange(other.owner_, std::nullopt)) {}
  WorkFolder& operator=(WorkFolder&&) = delete;
  // A folder of which nothing came is not left behind.
  ~WorkFolder();

  [[nodiscard]] const std::string& path() const { return path_; }
  // Before it is said that something was recorded: whether the folder is still ours, and holds `files`. Error: host.
  [[nodiscard]] Status look(std::initializer_list<std::string> files) const;

 private:
  WorkFolder() = default;
  static Result<WorkFolder> open(std::string path, const std::string& requested, const OwnerNote& note);

  std::string path_;
  bool made_ = false;
  std::optional<FolderOwner> owner_;
};
// Makes `path` and what is above it. Errors: kind_of_place() of base/syscall.h.
Status make_folders(const std::string& path, ChosenBy who = ChosenBy::us);
// Whether files can be made in the folder `path`. Errors: the same.
Status check_writable(const std::string& path, ChosenBy who);

}  // namespace remapstorm
