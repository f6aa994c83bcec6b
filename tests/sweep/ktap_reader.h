// SPDX-License-Identifier: Apache-2.0
// Reads KTAP as strictly as the format allows and kunit.py wants: version line, name of the subtest, plan, results
// numbered from 1, a subtest two columns further in and before the result, of the same name, of what it is part of.
#pragma once

#include <map>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

namespace remapstorm {

class KtapReader {
 public:
  explicit KtapReader(const std::string& text) {
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) lines_.push_back(line);
    read(0);
    if (problem_.empty() && at_ != lines_.size()) fail("what follows is part of no test");
  }
  [[nodiscard]] const std::string& problem() const { return problem_; }
  [[nodiscard]] std::size_t depth() const { return results_.size(); }
  [[nodiscard]] std::size_t results_at(std::size_t level) const { return results_.at(level); }
  // Names of the tests that have no subtests.
  [[nodiscard]] const std::vector<std::string>& leaves() const { return leaves_; }

 private:
  static bool is_diagnostic(const std::string& line) {
    const std::size_t begin = line.find_first_not_of(' ');
    return begin != std::string::npos && line.substr(begin, 2) == "# ";
  }
  std::string fail(const std::string& what) {
    if (problem_.empty()) problem_ = "line " + std::to_string(at_ + 1) + ": " + what;
    return {};
  }

  // Returns the name that the level gives itself; the top has none.
  std::string read(std::size_t level) {
    std::string name;
    const std::string indent(level * 2, ' ');
    if (at_ >= lines_.size() || lines_[at_] != indent + "KTAP version 1") return fail("no version line");
    ++at_;
    std::smatch found;
    if (level > 0) {
      const std::string head = indent + "# Subtest: ";
      if (at_ >= lines_.size() || !lines_[at_].starts_with(head)) return fail("no name of the subtest");
      name = lines_[at_++].substr(head.size());
    }
    if (at_ >= lines_.size() || !std::regex_match(lines_[at_], found, std::regex(indent + "1\\.\\.([0-9]+)"))) {
      return fail("no plan");
    }
    const std::size_t planned = std::stoul(found[1]);
    ++at_;
    const std::regex result(indent + "(not )?ok ([0-9]+) ([^# ][^# ]*)( # (SKIP|TIMEOUT|ERROR)( [^#]*)?)?");
    for (std::size_t number = 1; number <= planned && problem_.empty(); ++number) {
      while (at_ < lines_.size() && is_diagnostic(lines_[at_])) ++at_;
      std::string inner;
      if (at_ < lines_.size() && lines_[at_] == indent + "  KTAP version 1") inner = read(level + 1);
      while (at_ < lines_.size() && is_diagnostic(lines_[at_])) ++at_;
      if (!problem_.empty()) return name;
      if (at_ >= lines_.size() || !std::regex_match(lines_[at_], found, result)) return fail("no result");
      if (std::stoul(found[2]) != number) return fail("results are not numbered one after the other");
      if (!inner.empty() && found[3] != inner) return fail("the result is not that of subtest " + inner);
      if (inner.empty()) leaves_.push_back(found[3]);
      ++results_[level];
      ++at_;
    }
    while (level == 0 && at_ < lines_.size() && is_diagnostic(lines_[at_])) ++at_;
    return name;
  }

  std::vector<std::string> lines_;
  std::size_t at_ = 0;
  std::string problem_;
  std::vector<std::string> leaves_;
  std::map<std::size_t, std::size_t> results_;
};

}  // namespace remapstorm
