// SPDX-License-Identifier: Apache-2.0
#include "cli/work_folder.h"

#include <unistd.h>

#include <cmath>
#include <filesystem>

#include "base/syscall.h"
#include "harness/output_dir.h"

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

Result<std::string> make_work_folder(const CommandContext& context, const std::string& requested,
                                     const std::string& label, std::int64_t started) {
  std::string path = requested;
  if (path.empty()) {
    RS_ASSIGN(const Paths paths, find_paths(context.environment, context.home));
    path = paths.state + "/runs/" + time_stamp(started) + "-" + label;
  }
  std::error_code error;
  path = fs::absolute(path, error).lexically_normal().string();
  if (fs::exists(path, error) && !fs::is_directory(path, error)) return usage_error(path + " is no folder");
  RS_TRY(make_folders(path, !requested.empty()));
  RS_TRY(check_writable(path, !requested.empty()));
  return path;
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
