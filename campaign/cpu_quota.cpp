// SPDX-License-Identifier: Apache-2.0
#include "campaign/cpu_quota.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string_view>
#include <vector>

namespace remapstorm {
namespace {

namespace fs = std::filesystem;

bool has_word(const std::string& list, std::string_view wanted) {
  std::istringstream words(list);
  for (std::string word; std::getline(words, word, ',');) {
    if (word == wanted) return true;
  }
  return false;
}

// mountinfo writes blanks and backslashes as \ooo.
std::string unescaped(const std::string& text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool octal = text[i] == '\\' && i + 3 < text.size();
    plain += octal ? static_cast<char>(((text[i + 1] - '0') << 6) | ((text[i + 2] - '0') << 3) | (text[i + 3] - '0'))
                   : text[i];
    if (octal) i += 3;
  }
  return plain;
}

struct Mount {
  std::string root;  // of the hierarchy, as it is mounted
  std::string at;
  bool version_2 = false;
};

// Mounted hierarchies that can limit processor time.
std::vector<Mount> cpu_mounts(const std::string& root) {
  std::vector<Mount> mounts;
  std::ifstream in(root + "/proc/self/mountinfo");
  for (std::string line; std::getline(in, line);) {
    const std::size_t dash = line.find(" - ");
    if (dash == std::string::npos) continue;
    std::istringstream before(line.substr(0, dash));
    std::istringstream after(line.substr(dash + 3));
    std::string id, parent, device, type, source, options;
    Mount mount;
    before >> id >> parent >> device >> mount.root >> mount.at;
    after >> type >> source >> options;
    mount.version_2 = type == "cgroup2";
    if (!mount.version_2 && !(type == "cgroup" && has_word(options, "cpu"))) continue;
    mount.root = unescaped(mount.root);
    mount.at = unescaped(mount.at);
    mounts.push_back(std::move(mount));
  }
  return mounts;
}

// Path of this process's group in the hierarchy of `mount`, without a slash in front: "a/b", or "" for its root.
std::optional<std::string> group_in(const Mount& mount, const std::string& root) {
  std::ifstream in(root + "/proc/self/cgroup");
  for (std::string line; std::getline(in, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    if (mount.version_2 ? !controllers.empty() : !has_word(controllers, "cpu")) continue;
    std::string path = line.substr(second + 1);
    // A container's mount shows its own group as the top.
    if (mount.root != "/" && path.starts_with(mount.root)) path.erase(0, mount.root.size());
    path.erase(0, path.find_first_not_of('/') == std::string::npos ? path.size() : path.find_first_not_of('/'));
    return path.starts_with("..") ? std::string() : path;
  }
  return std::nullopt;
}

std::optional<double> quota_of(const std::string& folder, bool version_2) {
  double quota = 0;
  double period = 0;
  if (version_2) {
    std::ifstream in(folder + "/cpu.max");  // "QUOTA PERIOD" or "max PERIOD"
    in >> quota >> period;
    if (!in) return std::nullopt;
  } else {
    std::ifstream(folder + "/cpu.cfs_quota_us") >> quota;  // -1: none
    std::ifstream(folder + "/cpu.cfs_period_us") >> period;
  }
  if (!(quota > 0) || !(period > 0)) return std::nullopt;
  return quota / period;
}

}  // namespace

std::optional<double> cpu_quota(const std::string& root) {
  std::optional<double> least;
  for (const Mount& mount : cpu_mounts(root)) {
    std::optional<std::string> group = group_in(mount, root);
    while (group) {
      const auto quota = quota_of(root + mount.at + "/" + *group, mount.version_2);
      if (quota) least = std::min(least.value_or(*quota), *quota);
      if (group->empty()) break;
      group = fs::path(*group).parent_path().string();
    }
  }
  return least;
}

}  // namespace remapstorm
