// SPDX-License-Identifier: Apache-2.0
#include "results/output_dir.h"

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
#include "results/folder_mark.h"

namespace remapstorm {
namespace {

namespace fs = std::filesystem;

Error folder_error(const std::string& doing, const std::string& path, const std::error_code& code,
                   ChosenBy who = ChosenBy::us) {
  std::string hint = "choose a folder you can write to: --output-dir DIR, or REMAPSTORM_STATE=DIR for all runs";
  if (code == std::errc::no_space_on_device) hint = "free some space, or choose another place with --output-dir";
  Error error = host_error(doing + " " + path + ": " + code.message(), hint);
  error.kind = kind_of_place(code.value(), who);
  error.errnum = code.value();
  return error;
}

std::string incomplete_name(const std::string& target, const std::string& pid) { return target + "/incomplete-" + pid; }

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
      made_target_(other.made_target_),
      rescued_(std::move(other.rescued_)),
      trials_(std::move(other.trials_)),
      owner_(std::exchange(other.owner_, std::nullopt)) {}

OutputDirectory::~OutputDirectory() { (void)keep_recordings("the command ended without them"); }

Result<OutputDirectory> OutputDirectory::at(const std::string& requested, const OwnerNote& note) {
  std::error_code error;
  fs::path target = fs::absolute(requested, error).lexically_normal();
  if (!target.has_filename()) target = target.parent_path();  // "out/" is "out"
  RS_TRY(check_folder(target.string(), "--output-dir " + requested));
  OutputDirectory output;
  output.target_ = target.string();
  output.made_target_ = !fs::exists(target, error);
  fs::create_directories(target, error);
  if (error) return folder_error("creating the output folder", target.string(), error, ChosenBy::user);
  if (::access(output.target_.c_str(), W_OK) != 0) {
    return folder_error("writing into", output.target_, std::error_code(errno, std::generic_category()),
                        ChosenBy::user);
  }
  RS_ASSIGN(FolderOwner owner, FolderOwner::take(output.target_, note));
  output.owner_.emplace(std::move(owner));
  if (!is_marked(output.target_)) RS_TRY(mark_folder(output.target_, {}));
  output.rescued_ =
      rescue_in(output.target_, [&](const std::string& pid) { return incomplete_name(output.target_, pid); });
  const std::string working = output.target_ + "/" + kWorkingPrefix + std::to_string(::getpid());
  for (int attempt = 1; output.working_.empty(); ++attempt) {
    const std::string name = working + (attempt == 1 ? "" : "-" + std::to_string(attempt));
    if (::mkdir(name.c_str(), 0755) == 0) {
      output.working_ = name;
    } else if (errno != EEXIST) {
      return folder_error("creating", name, std::error_code(errno, std::generic_category()), ChosenBy::user);
    }
  }
  RS_TRY(mark_folder(output.working_, {}));
  return output;
}

Result<OutputDirectory> OutputDirectory::below_state(const std::string& state, const std::string& stamp,
                                                     const std::string& label, const OwnerNote& note) {
  const fs::path runs = fs::path(state) / "runs";
  std::error_code error;
  fs::create_directories(runs, error);
  if (error) return folder_error("creating", runs.string(), error);
  OutputDirectory output;
  output.rescued_ = rescue_abandoned(
      runs.string(), [&](const std::string& name) { return (runs / (name + "-incomplete")).string(); }, note);
  output.latest_link_ = (runs / "latest").string();
  output.made_target_ = true;
  // Whoever makes the working folder owns the name, also against another run of the same second.
  for (int attempt = 1; attempt < 1000; ++attempt) {
    const std::string name = stamp + "-" + label + (attempt == 1 ? "" : "-" + std::to_string(attempt));
    output.target_ = (runs / name).string();
    if (fs::exists(output.target_, error)) continue;
    const Status claimed = output.claim((runs / (kWorkingPrefix + name)).string(), note);
    if (claimed.ok()) return output;
    if (claimed.error().errnum != EEXIST) return claimed.error();
  }
  return host_error("a thousand runs named " + stamp + "-" + label + " in " + runs.string());
}

Status OutputDirectory::claim(const std::string& working, const OwnerNote& note) {
  // Before it has an owner another run may take the folder for one that was never used; then it is gone, and we try
  // again.
  for (int attempt = 0; attempt < 100; ++attempt) {
    if (::mkdir(working.c_str(), 0755) != 0) {
      return folder_error("creating", working, std::error_code(errno, std::generic_category()));
    }
    Result<FolderOwner> owner = FolderOwner::take(working, note);
    if (!owner.ok() && owner.error().errnum == ENOENT) continue;
    Status marked = owner.ok() ? mark_folder(working, {}) : Status(owner.error());
    if (!marked.ok()) {
      (void)::rmdir(working.c_str());
      return marked.error();
    }
    working_ = working;
    owner_.emplace(std::move(owner).value());
    return {};
  }
  return host_error("cannot keep the folder " + working);
}

Result<std::string> OutputDirectory::make_trial(const std::string& scenario, const std::string& strategy,
                                                std::uint64_t trial) {
  // Making its parents would hide that they are gone.
  if (!is_real_folder(working_)) return look().ok() ? host_error(working_ + " is gone") : look().error();
  const std::string first = scenario + "/" + strategy + "/trial-" + std::to_string(trial);
  std::string name = first;
  std::error_code error;
  // The same trial once more, or once more the same scenario in one run, gets a folder of its own.
  for (int number = 2; fs::exists(fs::path(working_) / name, error); ++number) {
    name = first + "-again-" + std::to_string(number);
  }
  fs::create_directories(fs::path(working_) / name, error);
  if (error) return folder_error("creating", working_ + "/" + name, error);
  trials_.push_back(name);
  return name;
}

Status OutputDirectory::write(const std::string& name, std::string_view content) const {
  Status status = write_file_atomically(working_ + "/" + name, content);
  if (status.ok()) return status;
  if (!is_real_folder(working_) && !look().ok()) return look();
  Error error = status.error();
  if (error.errnum == ENOSPC || error.errnum == EDQUOT) {
    error.hint = "free some space, or choose another place with --output-dir";
  }
  return error;
}

// What will be claimed must be there: somebody may have removed it, or taken us for dead.
Status OutputDirectory::look() const {
  if (!owner_->still_ours()) {
    return host_error(target_ + " was removed, or taken over by another run, while this one went on",
                      "give each run an --output-dir of its own");
  }
  if (!is_real_folder(working_)) return host_error(working_ + ", where the run wrote, was removed while it went on");
  for (const std::string& trial : trials_) {
    if (!is_real_folder(fs::path(working_) / trial)) {
      return host_error("the recording " + trial + " was removed from " + working_ + " while the run went on");
    }
  }
  return {};
}

Status OutputDirectory::put_into_place() {
  RS_TRY(look());
  const std::vector<std::string> files = files_below(working_);
  if (latest_link_.empty()) {
    RS_TRY(move_into_marked(working_, target_));
  } else {
    RS_TRY(mark_folder(working_, files));
    std::error_code error;
    fs::rename(working_, target_, error);
    if (error) return folder_error("moving the results from " + working_ + " to", target_, error);
  }
  working_.clear();
  owner_.reset();  // from here on there is nothing to give up
  for (const std::string& file : files) {
    std::error_code error;
    if (fs::exists(fs::symlink_status(fs::path(target_) / file, error))) continue;
    return host_error(target_ + "/" + file + " was written and is no longer there");
  }
  return {};
}

Status OutputDirectory::finish() {
  if (const Status placed = put_into_place(); !placed.ok()) return give_up(placed.error());
  return latest_link_.empty() ? Status() : point_latest();
}

Status OutputDirectory::point_latest() const {
  const std::string temporary = latest_link_ + ".tmp." + std::to_string(::getpid());
  std::error_code error;
  fs::remove(temporary, error);
  fs::create_symlink(fs::path(target_).filename(), temporary, error);
  if (!error) fs::rename(temporary, latest_link_, error);
  if (error) return folder_error("the results are in " + target_ + "; pointing to them with", latest_link_, error);
  return {};
}

std::optional<RescuedRun> OutputDirectory::keep_recordings(const std::string& why) {
  if (!owner_) return std::nullopt;
  const std::string working = std::exchange(working_, {});
  // Somebody who took us for dead has kept them already.
  const bool ours = owner_->still_ours();
  std::optional<RescuedRun> kept;
  if (ours && !is_marked(working)) {
    (void)::rmdir(working.c_str());  // of which nothing came
  } else if (ours) {
    const std::string place =
        latest_link_.empty() ? incomplete_name(target_, std::to_string(::getpid())) : target_ + "-incomplete";
    const auto run = rescue_run(working, free_name(place), why);
    if (run.ok()) kept = *run;
    // As they are is better than not at all.
    if (!run.ok() && is_real_folder(working)) kept = RescuedRun{working, 0, 0};
  }
  owner_.reset();
  // A folder that nothing came of was not there before.
  if (ours && !kept && made_target_ && latest_link_.empty()) {
    if (is_marked(target_)) (void)remove_marked(target_);
    (void)::rmdir(target_.c_str());
  }
  return kept;
}

Error OutputDirectory::give_up(Error error) {
  const auto kept = keep_recordings(error.message);
  if (!kept) return error;
  const unsigned trials = kept->finished + kept->cut;
  error.message += "; " +
                   (trials == 0   ? "what was written is"
                    : trials == 1 ? "1 recording is"
                                  : std::to_string(trials) + " recordings are") +
                   " kept in " + kept->folder;
  return error;
}

std::string time_stamp(std::int64_t seconds) { return format_time(seconds, "%Y%m%dT%H%M%SZ"); }
std::string rfc3339(std::int64_t seconds) { return format_time(seconds, "%Y-%m-%dT%H:%M:%SZ"); }

}  // namespace remapstorm
