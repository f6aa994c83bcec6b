// SPDX-License-Identifier: Apache-2.0
#include "harness/output_dir.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <ctime>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "base/atomic_file.h"
#include "base/syscall.h"
#include "harness/output_rescue.h"

namespace remapstorm {
namespace {

namespace fs = std::filesystem;

Error folder_error(const std::string& doing, const std::string& path, const std::error_code& code,
                   bool asked_for = false) {
  std::string hint = "choose a folder you can write to: --output-dir DIR, or REMAPSTORM_STATE=DIR for all runs";
  if (code == std::errc::no_space_on_device) hint = "free some space, or choose another place with --output-dir";
  Error error = host_error(doing + " " + path + ": " + code.message(), hint);
  error.kind = kind_of_place(code.value(), asked_for);
  error.errnum = code.value();
  return error;
}

// Moves everything in `working` to `target` and removes `working`. A folder cannot be renamed over a full one, so an
// old one of the same name steps aside into `working` first.
std::error_code move_entries(const fs::path& working, const fs::path& target) {
  std::error_code error;
  std::vector<fs::path> names;
  for (fs::directory_iterator entry(working, error), end; !error && entry != end; entry.increment(error)) {
    names.push_back(entry->path().filename());
  }
  const fs::path aside = working / ".old";
  if (!error) fs::create_directory(aside, error);
  for (const fs::path& name : names) {
    if (error) return error;
    if (fs::is_directory(fs::symlink_status(target / name))) fs::rename(target / name, aside / name, error);
    if (!error) fs::rename(working / name, target / name, error);
  }
  if (error) return error;
  std::error_code ignored;
  fs::remove_all(working, ignored);
  return {};
}

std::string mark_of(const std::string& lab_job) { return lab_job.empty() ? "" : kLabMark + lab_job; }

std::string format_time(std::int64_t seconds, const char* format) {
  const std::time_t time = seconds;
  std::tm parts{};
  ::gmtime_r(&time, &parts);
  std::array<char, 64> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), format, &parts);
  return {text.data(), size};
}

}  // namespace

OutputDirectory::OutputDirectory(OutputDirectory&& other) noexcept
    : target_(std::move(other.target_)),
      working_(std::exchange(other.working_, {})),
      latest_link_(std::move(other.latest_link_)),
      rescued_(std::move(other.rescued_)),
      lock_(std::move(other.lock_)) {}

OutputDirectory::~OutputDirectory() {
  if (working_.empty()) return;
  std::error_code ignored;
  fs::remove_all(working_, ignored);
}

Result<OutputDirectory> OutputDirectory::at(const std::string& requested, const std::string& lab_job) {
  std::error_code error;
  fs::path target = fs::absolute(requested, error).lexically_normal();
  if (!target.has_filename()) target = target.parent_path();  // "out/" is "out"
  if (fs::exists(target, error) && !fs::is_directory(target, error)) {
    return usage_error("--output-dir " + requested + " is not a folder");
  }
  fs::create_directories(target, error);
  if (error) return folder_error("creating the output folder", target.string(), error, true);
  OutputDirectory output;
  output.target_ = target.string();
  output.rescued_ = rescue_abandoned(output.target_, lab_job,
                                     [&](const std::string& pid) { return output.target_ + "/incomplete-" + pid; });
  RS_TRY(output.claim(output.target_ + "/" + kWorkingPrefix + std::to_string(::getpid()) + mark_of(lab_job), true));
  return output;
}

Result<OutputDirectory> OutputDirectory::below_state(const std::string& state, const std::string& stamp,
                                                     const std::string& label, const std::string& lab_job) {
  const fs::path runs = fs::path(state) / "runs";
  std::error_code error;
  fs::create_directories(runs, error);
  if (error) return folder_error("creating", runs.string(), error);
  OutputDirectory output;
  output.rescued_ = rescue_abandoned(runs.string(), lab_job,
                                     [&](const std::string& name) { return (runs / (name + "-incomplete")).string(); });
  output.latest_link_ = (runs / "latest").string();
  // Whoever makes the working folder owns the name, also against another run of the same second.
  for (int attempt = 1; attempt < 1000; ++attempt) {
    const std::string name = stamp + "-" + label + (attempt == 1 ? "" : "-" + std::to_string(attempt));
    output.target_ = (runs / name).string();
    if (fs::exists(output.target_, error)) continue;
    const Status claimed = output.claim((runs / (kWorkingPrefix + name + mark_of(lab_job))).string());
    if (claimed.ok()) return output;
    if (claimed.error().errnum != EEXIST) return claimed.error();
  }
  return host_error("a thousand runs named " + stamp + "-" + label + " in " + runs.string());
}

Status OutputDirectory::claim(const std::string& working, bool asked_for) {
  // Between our mkdir and our lock another run may take the folder for abandoned; then it is gone, and we try again.
  for (int attempt = 0; attempt < 100; ++attempt) {
    if (::mkdir(working.c_str(), 0755) != 0) {
      return folder_error("creating", working, std::error_code(errno, std::generic_category()), asked_for);
    }
    Fd fd(::open(working.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    struct stat ours {};
    struct stat there {};
    if (fd.valid() && ::flock(fd.get(), LOCK_EX) == 0 && ::fstat(fd.get(), &ours) == 0 &&
        ::stat(working.c_str(), &there) == 0 && ours.st_ino == there.st_ino && ours.st_dev == there.st_dev) {
      working_ = working;
      lock_ = std::move(fd);
      return {};
    }
  }
  return host_error("cannot keep the folder " + working);
}

Result<std::string> OutputDirectory::make_trial(const std::string& scenario, const std::string& strategy,
                                                std::uint64_t trial) {
  const std::string first = scenario + "/" + strategy + "/trial-" + std::to_string(trial);
  std::string name = first;
  std::error_code error;
  // The same trial once more, or once more the same scenario in one run, gets a folder of its own.
  for (int number = 2; fs::exists(fs::path(working_) / name, error); ++number) {
    name = first + "-again-" + std::to_string(number);
  }
  fs::create_directories(fs::path(working_) / name, error);
  if (error) return folder_error("creating", working_ + "/" + name, error);
  return name;
}

Status OutputDirectory::write(const std::string& name, std::string_view content) const {
  Status status = write_file_atomically(working_ + "/" + name, content);
  if (status.ok()) return status;
  Error error = status.error();
  if (error.errnum == ENOSPC || error.errnum == EDQUOT) {
    error.hint = "free some space, or choose another place with --output-dir";
  }
  return error;
}

Status OutputDirectory::finish() {
  const std::string working = std::exchange(working_, {});
  std::error_code error;
  if (latest_link_.empty()) {
    error = move_entries(working, target_);
  } else {
    fs::rename(working, target_, error);
  }
  if (error) return folder_error("moving the results from " + working + " to", target_, error);
  if (latest_link_.empty()) return {};
  const std::string temporary = latest_link_ + ".tmp." + std::to_string(::getpid());
  std::error_code ignored;
  fs::remove(temporary, ignored);
  fs::create_symlink(fs::path(target_).filename(), temporary, error);
  if (!error) fs::rename(temporary, latest_link_, error);
  if (error) return folder_error("pointing to the newest run with", latest_link_, error);
  return {};
}

std::string time_stamp(std::int64_t seconds) { return format_time(seconds, "%Y%m%dT%H%M%SZ"); }
std::string rfc3339(std::int64_t seconds) { return format_time(seconds, "%Y-%m-%dT%H:%M:%SZ"); }

}  // namespace remapstorm
