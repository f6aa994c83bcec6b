// SPDX-License-Identifier: Apache-2.0
#include "cli/values.h"

#include <filesystem>
#include <limits>
#include <vector>

#include "cli/arguments.h"

namespace remapstorm {
namespace {

constexpr std::uint64_t kMostJobs = 256;

std::string absolute_path(const std::optional<std::string>& text) {
  if (!text || text->empty()) return {};
  std::error_code error;
  const std::filesystem::path path = std::filesystem::absolute(*text, error).lexically_normal();
  return error ? *text : path.string();
}

}  // namespace

Result<unsigned> parse_cpus(const std::string& text) {
  RS_ASSIGN(const std::uint64_t cpus, parse_number("--cpus", text, kMinCpus, kMaxCpus));
  return static_cast<unsigned>(cpus);
}

Result<std::uint64_t> parse_memory(const std::string& text) {
  const Result<std::uint64_t> memory = parse_size(text);
  if (!memory.ok()) return memory.error().in("--memory " + text);
  if (*memory < kMinMemory || *memory > kMaxMemory) {
    return usage_error("--memory " + text + ": give a size from " + std::to_string(kMinMemory >> 20) + "M to " +
                       std::to_string(kMaxMemory >> 20) + "M");
  }
  return *memory;
}

Result<std::uint64_t> parse_seed(const std::string& text) {
  return parse_number("--seed", text, 0, std::numeric_limits<std::uint64_t>::max());
}

Result<unsigned> parse_jobs(const std::string& text) {
  RS_ASSIGN(const std::uint64_t jobs, parse_number("--jobs", text, 1, kMostJobs));
  return static_cast<unsigned>(jobs);
}

Result<OutputFormat> parse_format(const std::string& text) {
  RS_ASSIGN(const std::string name, parse_choice("--format", text, {"pretty", "ktap", "json"}));
  return name == "ktap" ? OutputFormat::ktap : name == "json" ? OutputFormat::json : OutputFormat::pretty;
}

Result<OutputFormat> parse_two_formats(const std::string& text) {
  RS_ASSIGN(const std::string name, parse_choice("--format", text, {"pretty", "json"}));
  return name == "json" ? OutputFormat::json : OutputFormat::pretty;
}

Result<Verdict> parse_verdict(const std::string& option, const std::string& text) {
  static const std::vector<std::string> kVerdicts = {"clean", "deadlock",    "stall", "oops",   "lockdep",
                                                     "bug",   "lost-update", "hang",  "timeout"};
  RS_ASSIGN(const std::string name, parse_choice(option, text, kVerdicts));
  const std::optional<Verdict> verdict = verdict_from_name(name);
  if (!verdict) return internal_error("no verdict has the name " + name);
  return *verdict;
}

Result<std::string> parse_output_dir(const std::optional<std::string>& text) {
  if (text && text->empty()) return usage_error("--output-dir needs the name of a folder");
  return text.value_or("");
}

Result<KernelFiles> parse_kernel_files(const std::optional<std::string>& image,
                                       const std::optional<std::string>& symbols) {
  KernelFiles files = {absolute_path(image), absolute_path(symbols)};
  if (files.image.empty() && !files.symbols.empty()) {
    return usage_error("--symbols are of a kernel of your own", "give that, too: --kernel IMAGE");
  }
  return files;
}

Result<SameBytes> parse_sha256(const std::optional<std::string>& text) {
  return text ? parse_same_bytes(*text) : SameBytes();
}

}  // namespace remapstorm
