// SPDX-License-Identifier: Apache-2.0
#include "results/output_rescue.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <system_error>

#include "base/atomic_file.h"
#include "plan/repeat.h"
#include "results/folder_mark.h"
#include "results/replayer.h"
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

// Temporary files of write_file_atomically().
void remove_half_files(const fs::path& folder) {
  std::error_code error;
  std::vector<fs::path> doomed;
  for (fs::recursive_directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    if (entry->path().filename().string().find(".tmp.") != std::string::npos) doomed.push_back(entry->path());
  }
  for (const fs::path& path : doomed) fs::remove(path, error);
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

std::string notice(const RescuedRun& run, const std::string& why) {
  return "There are no results beside these recordings: " + why +
         ".\nTrials that had finished: " + std::to_string(run.finished) + ".\n" +
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

// The lines that repeat them, in the order of the recordings, for a folder that will be `target`.
std::string reproduce(const fs::path& working, const std::string& target) {
  std::string lines;
  std::set<std::string> told;
  for (const fs::path& events : recordings_below(working)) {
    const Result<Replayed> replayed = replay(events.string());
    if (!replayed.ok() || replayed->plan.repeat.empty()) continue;
    const fs::path folder = events.parent_path().parent_path().parent_path();
    const std::string line = with_kept_scenario(replayed->plan.repeat, folder.string(),
                                                (fs::path(target) / fs::relative(folder, working)).lexically_normal());
    if (told.insert(line).second) lines += line + "\n";
  }
  return lines;
}

// Its verdict can be told, although it may stop in the middle; or it ended by itself, whatever came of it. One that was
// interrupted before it showed anything is no result (see showed_nothing() of campaign/campaign.h).
bool worth_keeping(const std::string& events, bool whole) {
  const Result<Replayed> replayed = replay(events);
  if (!replayed.ok()) return whole;
  const TrialResult& result = replayed->result;
  if (!result.error && result.verdict && *result.verdict != Verdict::error) return true;
  return whole && !result.interrupted;
}

// What nobody made by hand: a working folder with nothing in it that is worth keeping.
Status remove_working(const fs::path& working) {
  std::error_code error;
  fs::remove_all(working, error);
  if (error) return io_error("removing", working.string(), error);
  return {};
}

std::vector<std::string> working_folders(const std::string& parent) {
  std::vector<std::string> left;
  std::error_code error;
  for (fs::directory_iterator entry(parent, error), end; !error && entry != end; entry.increment(error)) {
    if (!entry->path().filename().string().starts_with(kWorkingPrefix)) continue;
    const std::string path = entry->path().string();
    // Made and not yet marked, by one that was killed then: there is nothing in it.
    if (!is_marked(path)) (void)::rmdir(path.c_str());
    if (is_marked(path)) left.push_back(path);
  }
  std::sort(left.begin(), left.end());
  return left;
}

void rescue_one(const std::string& path, const PlaceOf& target_of, std::vector<RescuedRun>& rescued) {
  const std::string name = fs::path(path).filename().string().substr(std::string(kWorkingPrefix).size());
  const auto run = rescue_run(path, free_name(target_of(name)));
  if (run.ok() && run->has_value()) rescued.push_back(**run);
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

std::string free_name(const std::string& name) {
  std::string chosen = name;
  std::error_code error;
  for (int number = 2; fs::exists(fs::symlink_status(chosen, error)); ++number) {
    chosen = name + "-" + std::to_string(number);
  }
  return chosen;
}

Result<std::optional<RescuedRun>> rescue_run(const std::string& working, const std::string& target,
                                             const std::string& why) {
  if (!is_marked(working)) return usage_error(working + " does not carry our mark");
  RescuedRun run;
  run.folder = target;
  std::error_code error;
  std::vector<fs::path> cut;
  bool worth = false;
  for (const fs::path& events : recordings_below(working)) {
    const bool whole = recording_is_whole(events.string());
    if (whole) {
      ++run.finished;
    } else {
      cut.push_back(events);
    }
    worth = worth || worth_keeping(events.string(), whole);
  }
  // Earlier results that had stepped aside are not to be lost with the run that would have replaced them.
  if (!worth && !fs::exists(fs::path(working) / kAsideName, error)) {
    RS_TRY(remove_working(working));
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
  // On a full disk without: the recordings are what counts.
  (void)write_file_atomically(working + "/INCOMPLETE", notice(run, why));
  (void)write_file_atomically(working + "/reproduce", reproduce(working, target));
  (void)mark_folder(working, files_below(working));
  fs::rename(working, target, error);
  if (error) return io_error("renaming " + working + " to", target, error);
  return std::optional<RescuedRun>(std::move(run));
}

std::vector<RescuedRun> rescue_in(const std::string& parent, const PlaceOf& target_of) {
  std::vector<RescuedRun> rescued;
  for (const std::string& path : working_folders(parent)) rescue_one(path, target_of, rescued);
  return rescued;
}

std::vector<RescuedRun> rescue_abandoned(const std::string& parent, const PlaceOf& target_of, const OwnerNote& note) {
  std::vector<RescuedRun> rescued;
  for (const FolderOwner& owner : FolderOwner::take_abandoned(working_folders(parent), note)) {
    rescue_one(owner.folder(), target_of, rescued);
  }
  return rescued;
}

}  // namespace remapstorm
