// SPDX-License-Identifier: Apache-2.0
#include "report/html/html_report.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "base/atomic_file.h"
#include "base/syscall.h"
#include "report/html/pages.h"

namespace remapstorm {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostReports = 100;
constexpr std::size_t kMostPagesOfMany = 6;
constexpr std::size_t kMostConsoleBytes = 64ULL << 20;

// A report can be made again at any time: whole files, but not synced.
Status write_files(const std::vector<PageFile>& files, const fs::path& into) {
  for (const PageFile& file : files) {
    RS_TRY(replace_file((into / file.name).string(), [&](int fd) -> Status {
      std::string_view rest = file.content;
      while (!rest.empty()) {
        const ssize_t written = ::write(fd, rest.data(), rest.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return errno_error("write", (into / file.name).string(), errno);
        rest.remove_prefix(static_cast<std::size_t>(written));
      }
      return {};
    }));
  }
  return {};
}

Status make_folder(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  return error ? errno_error("create", path.string(), error.value()) : Status();
}

// Which trials get a page: what is not as expected, then the first of each outcome, then the rest, as far as it goes.
std::vector<std::size_t> chosen_trials(const RunRecord& run, std::size_t most) {
  std::vector<std::pair<int, std::size_t>> ranked;
  std::set<std::string> known;
  for (std::size_t i = 0; i < run.trials.size(); ++i) {
    const RecordedTrial& trial = run.trials[i];
    // A sweep keeps few recordings: of the other trials the table says all there is.
    if (run.kind == RunRecord::Kind::sweep && trial.directory.empty()) continue;
    const bool first = known.insert(trial.scenario + "\n" + trial.strategy + "\n" + outcome_of(trial)).second;
    ranked.emplace_back(first ? 0 : !trial.ok ? 1 : 2, i);
  }
  std::stable_sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  if (ranked.size() > most) ranked.resize(most);
  std::vector<std::size_t> chosen;
  chosen.reserve(ranked.size());
  for (const auto& [rank, index] : ranked) chosen.push_back(index);
  return chosen;
}

std::map<std::size_t, std::string> page_names(const RunRecord& run, const std::vector<std::size_t>& chosen) {
  std::map<std::size_t, std::string> names;
  std::set<std::string> taken{"index", "windows"};
  for (const std::size_t index : chosen) {
    const RecordedTrial& trial = run.trials[index];
    const std::string base =
        slug(!trial.directory.empty() ? trial.directory : trial.scenario + "-trial-" + std::to_string(trial.trial));
    std::string name = base;
    for (int number = 2; !taken.insert(name).second; ++number) name = base + "-" + std::to_string(number);
    names[index] = name;
  }
  return names;
}

// The trial's folder, if it is one below the run's: a results.json may say anything.
std::string folder_of(const RunRecord& run, const RecordedTrial& trial) {
  if (trial.directory.empty()) return {};
  std::error_code error;
  const fs::path folder = fs::weakly_canonical(fs::path(run.folder) / trial.directory, error);
  const fs::path base = fs::weakly_canonical(run.folder, error);
  const auto mismatch = std::mismatch(base.begin(), base.end(), folder.begin(), folder.end());
  return !error && mismatch.first == base.end() ? folder.string() : std::string();
}

ConsoleFold console_log(const std::string& folder) {
  ConsoleFold console;
  std::ifstream in(folder + "/console.log", std::ios::binary);
  std::string line;
  std::size_t bytes = 0;
  for (int letter = in ? in.rdbuf()->sbumpc() : -1; letter != -1 && bytes < kMostConsoleBytes; ++bytes) {
    if (letter == '\n') {
      console.add(Nanoseconds{0}, line);
      line.clear();
    } else if (line.size() < 4096 && letter != '\r') {
      line.push_back(static_cast<char>(letter));
    }
    letter = in.rdbuf()->sbumpc();
  }
  if (!line.empty()) console.add(Nanoseconds{0}, line);
  return console;
}

// Judged again from the recording; what the run itself had written down stands beside it.
std::vector<PageFile> page_of(const RunRecord& run, const RecordedTrial& trial, const std::string& file,
                              const std::string& home, const std::vector<Page::Link>& trail) {
  TrialPageInput input{run,           trial, nullptr, run.trials.size() == 1 ? run.missing : std::vector<std::string>(),
                       ConsoleFold(), file,  home,    trail};
  const std::string folder = folder_of(run, trial);
  std::optional<TrialModel> model;
  const std::string events = folder + "/events.jsonl";
  std::error_code ignored;
  if (folder.empty() || !fs::is_regular_file(events, ignored)) {
    if (trial.verdict) input.missing.push_back("events.jsonl is not there: only what results.json says is shown");
  } else {
    Result<TrialModel> read = read_trial_model(events);
    if (read.ok()) {
      model.emplace(std::move(read).value());
      const TrialResult& again = model->replayed.result;
      if (again.error) input.missing.push_back(again.error->message);
      for (const std::string& note : again.judgement.notes) {
        const bool known = std::find(trial.notes.begin(), trial.notes.end(), note) != trial.notes.end();
        if (!known) input.missing.push_back(note);
      }
      const std::string now = outcome_of(again);
      if (!again.error && trial.verdict && now != outcome_of(trial)) {
        input.missing.push_back("the run recorded: " + outcome_of(trial) + "; judged again: " + now);
      }
      input.model = &*model;
    } else {
      input.missing.push_back("events.jsonl cannot be read: " + read.error().message);
    }
  }
  if (!folder.empty()) input.console_log = console_log(folder);
  return trial_page(input);
}

Status write_report(const RunRecord& run, const fs::path& into, const std::string& home, std::vector<Page::Link> trail,
                    const HtmlReportOptions& options) {
  if (run.kind == RunRecord::Kind::exploration) return write_files(certificate_page(run, home, trail), into);
  if (run.trials.size() == 1 && run.trials_left_out == 0 && run.kind != RunRecord::Kind::sweep) {
    return write_files(page_of(run, run.trials.front(), "index", home, trail), into);
  }
  const std::map<std::size_t, std::string> names = page_names(run, chosen_trials(run, options.most_trial_pages));
  std::map<std::size_t, std::string> pages;
  for (const auto& [index, name] : names) pages[index] = name + ".html";
  RS_TRY(write_files(run_page(run, pages, home, trail), into));
  trail.push_back({"index.html", run.name});
  // One trial at a time in memory.
  for (const auto& [index, name] : names) RS_TRY(write_files(page_of(run, run.trials[index], name, home, trail), into));
  return {};
}

}  // namespace

Status write_run_report(const std::string& path, const std::string& into, const HtmlReportOptions& options) {
  RS_ASSIGN(RunRecord run, read_run(path));
  if (!options.name.empty()) run.name = options.name;
  RS_TRY(make_folder(into));
  RS_TRY(write_files({{"style.css", std::string(style_sheet())}}, into));
  return write_report(run, into, "", {}, options);
}

Result<std::vector<std::string>> find_run_folders(const std::string& path) {
  std::error_code error;
  if (!fs::exists(path, error)) return usage_error("no such file or folder: " + path);
  if (!fs::is_directory(path, error) || is_run_folder(path)) return std::vector<std::string>{path};
  std::vector<std::string> found;
  for (fs::directory_iterator entry(path, error), end; !error && entry != end; entry.increment(error)) {
    std::error_code ignored;
    const std::string name = entry->path().filename().string();
    if (name.starts_with(".") || entry->is_symlink(ignored) || !entry->is_directory(ignored)) continue;
    if (is_run_folder(entry->path().string())) found.push_back(entry->path().string());
  }
  if (error) return usage_error("cannot read the folder " + path + ": " + error.message());
  if (found.empty()) {
    // Recordings deeper down, as those of a run whose results.json is gone.
    if (find_recordings(path).ok()) return std::vector<std::string>{path};
    return usage_error("no run in " + path, "a run leaves results.json and an events.jsonl for each trial");
  }
  std::sort(found.begin(), found.end());
  return found;
}

Result<ManyReport> write_many_report(const std::vector<std::string>& folders, const std::string& into) {
  ManyReport report;
  FingerprintIndex index;
  std::map<std::string, std::string> folder_by_name;
  for (const std::string& folder : folders) {
    Result<RunRecord> run = read_run(folder);
    if (!run.ok()) {
      ++report.unreadable;
      index.add_unreadable(fs::path(folder).filename().string(), run.error().message);
      continue;
    }
    ++report.runs;
    // Runs of the same name in different places are told apart.
    const std::string name = run->name;
    for (int number = 2; !folder_by_name.emplace(run->name, folder).second; ++number) {
      run->name = name + " (" + std::to_string(number) + ")";
    }
    index.add(*run);
  }
  if (report.runs == 0)
    return usage_error("not one of " + counted(folders.size(), "folder") +
                       " can be read: " + (index.unreadable().empty() ? "" : index.unreadable().front()));
  RS_TRY(make_folder(into));
  RS_TRY(write_files({{"style.css", std::string(style_sheet())}}, into));
  std::map<std::string, std::string> places;
  std::vector<std::string> wanted;
  for (const FingerprintRow& row : index.rows()) wanted.push_back(row.newest_run);
  for (const RunRow& row : index.runs()) wanted.push_back(row.name);
  std::set<std::string> taken;
  for (const std::string& name : wanted) {
    if (places.size() >= kMostReports) break;
    if (places.contains(name)) continue;
    Result<RunRecord> run = read_run(folder_by_name[name]);
    if (!run.ok()) continue;
    run->name = name;
    std::string place = slug(name);
    for (int number = 2; !taken.insert(place).second; ++number) place = slug(name) + "-" + std::to_string(number);
    const fs::path folder = fs::path(into) / "runs" / place;
    RS_TRY(make_folder(folder));
    RS_TRY(write_report(*run, folder, "../../", {{"../../index.html", "All runs"}}, {"", kMostPagesOfMany}));
    places[name] = "runs/" + place + "/index.html";
    ++report.reports;
  }
  RS_TRY(write_files(fingerprints_page(index, places), into));
  return report;
}

}  // namespace remapstorm
