// SPDX-License-Identifier: Apache-2.0
#include "results/folder_mark.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <system_error>

#include "base/atomic_file.h"
#include "results/folder_owner.h"
#include "results/recorded_results.h"

namespace remapstorm {
namespace {

namespace fs = std::filesystem;

constexpr const char* kReport = "report";
constexpr std::string_view kMarkFirstLine = "remapstorm made this folder; below are its files 1";

Error folder_failed(const std::string& doing, const std::error_code& code) {
  Error error = host_error(doing + ": " + code.message());
  error.errnum = code.value();
  return error;
}

bool is_there(const fs::path& path) {
  std::error_code error;
  return fs::exists(fs::symlink_status(path, error));
}

// Names what lies in the folder: a list that was tampered with reaches nothing outside.
bool is_below(const fs::path& name) {
  if (name.empty() || name.is_absolute()) return false;
  return std::none_of(name.begin(), name.end(), [](const fs::path& part) { return part == ".." || part == "."; });
}

// No part of it is a link to elsewhere.
bool is_reached_without_links(const fs::path& folder, const fs::path& name) {
  fs::path at = folder;
  for (const fs::path& part : name.parent_path()) {
    at /= part;
    if (!is_real_folder(at)) return false;
  }
  return true;
}

// Removes the folders that a file leaves empty.
void drop_empty_parents(const fs::path& folder, const fs::path& name) {
  for (fs::path at = name.parent_path(); !at.empty(); at = at.parent_path()) {
    if (::rmdir((folder / at).c_str()) != 0) return;
  }
}

std::string first_part(const std::string& name) { return name.substr(0, name.find('/')); }

// Of the earlier list, what makes place: all but recordings of scenarios that are not made anew.
std::vector<std::string> outdated(const std::vector<std::string>& earlier, const std::vector<std::string>& fresh) {
  std::set<std::string> made, recorded;
  for (const std::string& name : fresh) made.insert(first_part(name));
  for (const std::string& name : earlier) {
    if (name.ends_with("/events.jsonl")) recorded.insert(first_part(name));
  }
  std::vector<std::string> names;
  for (const std::string& name : earlier) {
    if (!recorded.contains(first_part(name)) || made.contains(first_part(name))) names.push_back(name);
  }
  return names;
}

// What is in the way of `name` and not ours; empty: nothing.
std::string obstacle(const fs::path& to, const fs::path& name, const std::set<std::string>& ours) {
  fs::path at;
  for (const fs::path& part : name) {
    at /= part;
    const bool last = at == name;
    if (!is_there(to / at)) return {};
    if (!last && is_real_folder(to / at)) continue;
    if (!ours.contains(at.string())) return (to / at).string();
    return {};
  }
  return {};
}

// Folder by folder: only where there is one of the same name already its entries go one by one.
std::error_code move_tree(const fs::path& from, const fs::path& to, bool top) {
  std::error_code error;
  std::vector<fs::path> names;
  for (fs::directory_iterator entry(from, error), end; !error && entry != end; entry.increment(error)) {
    const fs::path name = entry->path().filename();
    if (!top || (name != kAsideName && name != kMarkName)) names.push_back(name);
  }
  // Last what says that all is there.
  std::sort(names.begin(), names.end(), [](const fs::path& a, const fs::path& b) {
    return (a == "results.json") != (b == "results.json") ? b == "results.json" : a < b;
  });
  for (const fs::path& name : names) {
    if (error) return error;
    if (is_real_folder(from / name) && is_real_folder(to / name)) {
      error = move_tree(from / name, to / name, false);
      if (!error) fs::remove(from / name, error);
    } else {
      fs::rename(from / name, to / name, error);
    }
  }
  return error;
}

}  // namespace

bool is_real_folder(const std::filesystem::path& path) {
  std::error_code error;
  return fs::is_directory(fs::symlink_status(path, error));
}

bool is_marked(const std::string& folder) {
  const fs::path path = fs::path(folder) / kMarkName;
  std::error_code error;
  if (!fs::is_regular_file(fs::symlink_status(path, error))) return false;
  std::ifstream in(path, std::ios::binary);
  std::string line;
  return std::getline(in, line) && line == kMarkFirstLine;
}

Status check_folder(const std::string& folder, const std::string& asked) {
  std::error_code error;
  const fs::file_status status = fs::status(folder, error);
  if (!fs::exists(status)) return {};
  if (!fs::is_directory(status)) return usage_error(asked + " is not a folder", "give another --output-dir");
  if (is_marked(folder)) return {};
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    // Of another run that is about to mark it.
    if (entry->path().filename().string().starts_with(kMarkName) && entry->path().filename() != kMarkName) continue;
    if (read_recorded_results(folder + "/results.json").ok()) {
      return usage_error(asked + " holds results without the mark of a folder that remapstorm may replace",
                         "it is of an earlier version, or a copy: give another --output-dir, or remove it");
    }
    return usage_error(asked + " is not empty and was not made by remapstorm: nothing in it is touched",
                       "give an --output-dir that is new, empty, or of an earlier run");
  }
  if (error) return folder_failed("reading the folder " + asked, error);
  return {};
}

std::vector<std::string> files_below(const std::string& folder) {
  std::vector<std::string> files;
  std::error_code error;
  const fs::path base(folder);
  for (fs::recursive_directory_iterator entry(base, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().lexically_relative(base).string();
    if (name == kAsideName) entry.disable_recursion_pending();
    if (name == kAsideName || name == kMarkName || name.starts_with(kOwnerName) || is_real_folder(entry->path()))
      continue;
    files.push_back(name);
  }
  std::sort(files.begin(), files.end());
  return files;
}

Status mark_folder(const std::string& folder, const std::vector<std::string>& files) {
  std::string text(kMarkFirstLine);
  text += '\n';
  for (const std::string& file : files) text += file + '\n';
  return write_file_atomically(folder + "/" + kMarkName, text);
}

std::vector<std::string> marked_files(const std::string& folder) {
  std::vector<std::string> files;
  if (!is_marked(folder)) return files;
  // `report` may have been made later, by another command.
  std::set<std::string> marked{kReport};
  std::ifstream in(folder + "/" + kMarkName, std::ios::binary);
  std::string line;
  std::getline(in, line);
  while (std::getline(in, line)) {
    if (!is_below(line)) continue;
    files.push_back(line);
    const fs::path inner(line);
    if (inner.filename() == kMarkName && inner.has_parent_path()) marked.insert(inner.parent_path().string());
  }
  for (const std::string& below : marked) {
    if (!is_real_folder(fs::path(folder) / below) || !is_marked(folder + "/" + below)) continue;
    files.push_back(below + "/" + kMarkName);
    for (const std::string& file : marked_files(folder + "/" + below))
      files.push_back((fs::path(below) / file).string());
  }
  std::sort(files.begin(), files.end());
  files.erase(std::unique(files.begin(), files.end()), files.end());
  return files;
}

Status remove_marked(const std::string& folder) {
  if (!is_marked(folder)) return usage_error(folder + " does not carry our mark: it is not removed");
  const fs::path base(folder);
  for (const std::string& name : marked_files(folder)) {
    if (!is_reached_without_links(base, name)) continue;
    std::error_code error;
    fs::remove(base / name, error);
    if (error && !is_real_folder(base / name)) return folder_failed("removing " + (base / name).string(), error);
    drop_empty_parents(base, name);
  }
  std::error_code error;
  std::vector<std::string> inner;
  for (fs::directory_iterator entry(base, error), end; !error && entry != end; entry.increment(error)) {
    if (is_real_folder(entry->path()) && is_marked(entry->path().string())) inner.push_back(entry->path().string());
  }
  for (const std::string& one : inner) RS_TRY(remove_marked(one));
  fs::remove(base / kMarkName, error);
  if (error) return folder_failed("removing " + (base / kMarkName).string(), error);
  (void)::rmdir(folder.c_str());
  return {};
}

Status remove_below(const std::string& folder, const std::string& name) {
  if (!is_marked(folder)) return usage_error(folder + " does not carry our mark: nothing in it is removed");
  if (!is_below(name)) return usage_error(name + " is no name below " + folder);
  if (!is_reached_without_links(folder, name)) return {};
  std::error_code error;
  fs::remove_all(fs::path(folder) / name, error);
  if (error) return folder_failed("removing " + folder + "/" + name, error);
  return {};
}

Status move_into_marked(const std::string& from, const std::string& to) {
  const std::vector<std::string> fresh = files_below(from);
  const std::vector<std::string> earlier = marked_files(to);
  const std::set<std::string> ours(earlier.begin(), earlier.end());
  for (const std::string& name : fresh) {
    if (const std::string path = obstacle(to, name, ours); !path.empty()) {
      return usage_error(path + " is in the way and was not made by remapstorm",
                         "move it, or give another --output-dir");
    }
  }
  // First both lists, so that a kill in the middle leaves nothing that nobody owns.
  std::set<std::string> all = ours;
  all.insert(fresh.begin(), fresh.end());
  RS_TRY(mark_folder(to, {all.begin(), all.end()}));
  const fs::path base(to);
  const fs::path aside = fs::path(from) / kAsideName;
  std::error_code error;
  for (const std::string& name : outdated(earlier, fresh)) {
    all.erase(name);
    if (!is_reached_without_links(base, name) || !is_there(base / name) || is_real_folder(base / name)) continue;
    fs::create_directories((aside / name).parent_path(), error);
    if (!error) fs::rename(base / name, aside / name, error);
    if (error) return folder_failed("moving " + (base / name).string() + " aside", error);
    drop_empty_parents(base, name);
  }
  all.insert(fresh.begin(), fresh.end());
  error = move_tree(from, to, true);
  if (error) return folder_failed("moving the results from " + from + " to " + to, error);
  fs::remove_all(aside, error);
  fs::remove(fs::path(from) / kMarkName, error);
  (void)::rmdir(from.c_str());
  return mark_folder(to, {all.begin(), all.end()});
}

}  // namespace remapstorm
