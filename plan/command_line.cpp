// SPDX-License-Identifier: Apache-2.0
#include "plan/command_line.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/sha256.h"
#include "guest/abi/remapstorm_abi.h"

namespace remapstorm {
namespace {

Result<std::string> read_if_there(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return std::string();
  std::ifstream file(path);
  std::stringstream content;
  content << file.rdbuf();
  if (!file) return usage_error("cannot read " + path.string());
  return content.str();
}

void replace_all(std::string& text, const std::string& what, const std::string& by) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) {
    text.replace(at, what.size(), by);
  }
}

}  // namespace

std::string parameters_of(const std::string& file_content) {
  std::istringstream lines(file_content);
  std::string joined;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line.substr(0, line.find('#')));
    for (std::string word; words >> word;) joined += (joined.empty() ? "" : " ") + word;
  }
  return joined;
}

Result<CommandLine> command_line_of(const std::string& image_directory, HostKind kind, std::uint64_t counter_khz) {
  const std::filesystem::path folder = std::filesystem::path(image_directory) / "cmdline";
  RS_ASSIGN(const std::string common, read_if_there(folder / "common"));
  std::string line = parameters_of(common);
  if (kind == HostKind::interpreting) {
    RS_ASSIGN(const std::string extra, read_if_there(folder / "interpreting"));
    line += " " + parameters_of(extra);
  }
  replace_all(line, "@COUNTER_KHZ@", std::to_string(counter_khz));
  std::ostringstream mailbox;
  mailbox << " remapstorm.mailbox=0x" << std::hex << RS_MAILBOX_GPA;
  RS_ASSIGN(const std::string nmi, read_if_there(folder / "nmi"));
  return CommandLine{line + mailbox.str(), parameters_of(nmi)};
}

Result<std::string> command_line_sha256(const std::string& image_directory) {
  const std::filesystem::path folder = std::filesystem::path(image_directory) / "cmdline";
  RS_ASSIGN(const std::string common, read_if_there(folder / "common"));
  RS_ASSIGN(const std::string extra, read_if_there(folder / "interpreting"));
  RS_ASSIGN(const std::string nmi, read_if_there(folder / "nmi"));
  return sha256_hex(common + extra + nmi);
}

}  // namespace remapstorm
