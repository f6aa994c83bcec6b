// SPDX-License-Identifier: Apache-2.0
#include "cli/name_list.h"

#include <algorithm>
#include <filesystem>

#include "cli/arguments.h"

namespace remapstorm {
namespace {

std::vector<std::string> known_hosts(const std::string& source_dir) {
  std::vector<std::string> hosts;
  std::error_code error;
  if (!source_dir.empty()) {
    for (const auto& entry : std::filesystem::directory_iterator(source_dir + "/lab", error)) {
      if (std::filesystem::is_regular_file(entry.path() / "machine", error)) {
        hosts.push_back("lab:" + entry.path().filename().string());
      }
    }
  }
  std::sort(hosts.begin(), hosts.end());
  hosts.insert(hosts.begin(), kKvmHost);
  return hosts;
}

}  // namespace

Result<std::vector<std::string>> split_names(const std::string& option, const std::string& text) {
  std::vector<std::string> names;
  std::size_t begin = 0;
  while (begin <= text.size()) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const std::string name = text.substr(begin, end - begin);
    if (name.empty()) return usage_error(option + " " + text + ": give names with commas between them");
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    begin = end + 1;
  }
  return names;
}

Result<std::vector<std::string>> parse_names(const std::string& option, const std::string& text,
                                             const std::vector<std::string>& known) {
  if (text == "all") return known;
  RS_ASSIGN(std::vector<std::string> names, split_names(option, text));
  for (const std::string& name : names) {
    const Result<std::string> one = parse_choice(option, name, known);
    if (!one.ok()) return one.error();
  }
  return names;
}

Result<std::vector<std::string>> parse_hosts(const std::string& option, const std::string& text,
                                             const std::string& source_dir) {
  return parse_names(option, text, known_hosts(source_dir));
}

}  // namespace remapstorm
