// SPDX-License-Identifier: Apache-2.0
#include "harness/output_rescue.h"

#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "base/atomic_file.h"
#include "base/fd.h"
#include "telemetry/event_json.h"

namespace remapstorm {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kTailBytes = 64 << 10;

// The end of a file, at most kTailBytes, and where it begins.
std::string tail_of(const fs::path& path, std::uint64_t& start) {
  std::ifstream in(path, std::ios::binary | std::ios::ate);
  const auto size = static_cast<std::uint64_t>(std::max<std::streamoff>(in ? std::streamoff(in.tellg()) : 0, 0));
  start = size > kTailBytes ? size - kTailBytes : 0;
  in.seekg(static_cast<std::streamoff>(start));
  std::string text(size - start, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(std::max<std::streamsize>(in.gcount(), 0)));
  return text;
}

// Drops what stands behind the last newline; false if no line was written whole. A longer last line than kTailBytes
// stays: the reader knows it is cut.
bool drop_half_line(const fs::path& events) {
  std::uint64_t start = 0;
  const std::string tail = tail_of(events, start);
  const std::size_t newline = tail.rfind('\n');
  if (newline == std::string::npos) return start != 0;
  std::error_code ignored;
  if (newline + 1 != tail.size()) fs::resize_file(events, start + newline + 1, ignored);
  return true;
}

// Temporary files of write_file_atomically() and old results that had stepped aside.
void remove_half_files(const fs::path& folder) {
  std::error_code error;
  std::vector<fs::path> doomed;
  for (fs::recursive_directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name == ".old") entry.disable_recursion_pending();
    if (name == ".old" || name.find(".tmp.") != std::string::npos) doomed.push_back(entry->path());
  }
  for (const fs::path& path : doomed) fs::remove_all(path, error);
}

std::vector<fs::path> recordings_below(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    if (entry->path().filename() == "events.jsonl") found.push_back(entry->path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::string notice(const RescuedRun& run) {
  return "The run that wrote this was killed before it ended. Trials that had finished: " +
         std::to_string(run.finished) + ".\n" +
         (run.cut == 0 ? ""
                       : "Recordings that stop in the middle, in folders ending in " + std::string(kCutSuffix) + ": " +
                             std::to_string(run.cut) + ".\n") +
         "Their verdicts: remapstorm replay " + run.folder + "\n";
}

Error io_error(const std::string& doing, const std::string& path, const std::error_code& code) {
  Error error = host_error(doing + " " + path + ": " + code.message());
  error.errnum = code.value();
  return error;
}

// Locks tell only of those on the same host. `theirs`: process id of the lab/run of another one.
bool may_be_in_use_elsewhere(const std::string& theirs, const std::string& lab_job) {
  if (theirs == lab_job) return false;
  if (!lab_job.empty()) return true;
  int id = 0;
  std::from_chars(theirs.data(), theirs.data() + theirs.size(), id);
  return id > 0 && (::kill(id, 0) == 0 || errno == EPERM);
}

}  // namespace

std::string describe(const RescuedRun& run) {
  return "an earlier run was killed; its " + std::to_string(run.finished) +
         (run.finished == 1 ? " finished trial is kept in " : " finished trials are kept in ") + run.folder;
}

bool recording_is_whole(const std::string& events_path) {
  std::uint64_t start = 0;
  const std::string tail = tail_of(events_path, start);
  if (tail.empty() || tail.back() != '\n') return false;
  const std::size_t before = tail.size() < 2 ? std::string::npos : tail.rfind('\n', tail.size() - 2);
  const std::size_t first = before == std::string::npos ? 0 : before + 1;
  const Result<Event> last = event_from_json(std::string_view(tail).substr(first, tail.size() - first - 1));
  if (!last.ok()) return false;
  const auto* lifecycle = std::get_if<LifecycleEvent>(&last->body);
  return lifecycle != nullptr && lifecycle->what == LifecycleEvent::What::end;
}

Result<std::optional<RescuedRun>> rescue_run(const std::string& working, const std::string& target) {
  RescuedRun run;
  run.folder = target;
  std::error_code error;
  std::vector<fs::path> cut;
  for (const fs::path& events : recordings_below(working)) {
    if (recording_is_whole(events.string())) {
      ++run.finished;
    } else {
      cut.push_back(events);
    }
  }
  if (run.finished == 0) {
    fs::remove_all(working, error);
    if (error) return io_error("removing", working, error);
    return std::optional<RescuedRun>();
  }
  remove_half_files(working);
  for (const fs::path& events : cut) {
    const fs::path trial = events.parent_path();
    if (!drop_half_line(events)) {  // not even what was asked
      fs::remove_all(trial == working ? events : trial, error);
      if (error) return io_error("removing", trial.string(), error);
      continue;
    }
    ++run.cut;
    if (trial == working || trial.string().ends_with(kCutSuffix)) continue;
    fs::rename(trial, trial.string() + kCutSuffix, error);
    if (error) return io_error("renaming", trial.string(), error);
  }
  RS_TRY(write_file_atomically(working + "/INCOMPLETE", notice(run)));
  fs::rename(working, target, error);
  if (error) return io_error("renaming " + working + " to", target, error);
  return std::optional<RescuedRun>(std::move(run));
}

std::vector<RescuedRun> rescue_abandoned(const std::string& parent, const std::string& lab_job,
                                         const std::function<std::string(const std::string& rest)>& target_of) {
  std::vector<fs::path> left;
  std::error_code error;
  for (fs::directory_iterator entry(parent, error), end; !error && entry != end; entry.increment(error)) {
    if (entry->path().filename().string().starts_with(kWorkingPrefix)) left.push_back(entry->path());
  }
  std::sort(left.begin(), left.end());
  std::vector<RescuedRun> rescued;
  for (const fs::path& path : left) {
    const std::string whole = path.filename().string().substr(std::string(kWorkingPrefix).size());
    const std::size_t mark = whole.rfind(kLabMark);
    const std::string name = whole.substr(0, mark);
    const std::string theirs = mark == std::string::npos ? "" : whole.substr(mark + std::string(kLabMark).size());
    if (may_be_in_use_elsewhere(theirs, lab_job)) continue;
    const Fd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd.valid() || ::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) continue;
    std::string target = target_of(name);
    for (int number = 2; fs::exists(fs::symlink_status(target, error)); ++number) {
      target = target_of(name) + "-" + std::to_string(number);
    }
    const auto run = rescue_run(path.string(), target);
    if (run.ok() && run->has_value()) rescued.push_back(**run);
  }
  return rescued;
}

}  // namespace remapstorm
