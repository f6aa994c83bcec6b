// SPDX-License-Identifier: Apache-2.0
#include "results/folder_log.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <vector>

#include "base/syscall.h"
#include "results/folder_mark.h"

namespace remapstorm {

Result<Fd> open_log(const std::string& folder) {
  if (!is_marked(folder)) return usage_error(folder + " does not carry our mark");
  const std::string path = folder + "/" + kLogName;
  std::vector<std::string> listed = marked_files(folder);
  if (std::find(listed.begin(), listed.end(), kLogName) == listed.end()) {
    std::error_code error;
    const std::filesystem::file_status status = std::filesystem::symlink_status(path, error);
    if (std::filesystem::exists(status)) return usage_error(path + " was not made by remapstorm");
    // First the list, so that a kill in the middle leaves no file that nobody owns.
    listed.emplace_back(kLogName);
    RS_TRY(mark_folder(folder, listed));
  }
  Fd fd(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0644));
  if (!fd.valid()) return errno_error("open", path, errno);
  return fd;
}

}  // namespace remapstorm
