// SPDX-License-Identifier: Apache-2.0
#include "plan/repeat.h"

#include <filesystem>

#include "base/build_id.h"
#include "base/shell_word.h"

namespace remapstorm {
namespace {

std::string begin_of(const Plan& plan) { return plan.host.line_begin.empty() ? "remapstorm" : plan.host.line_begin; }

std::string sha256_words(const Plan& plan) {
  const std::string text = same_bytes_text(bytes_of(plan));
  return text.empty() ? "" : " --sha256 " + text;
}

std::string absolute(const std::string& path) {
  std::error_code error;
  const std::string whole = std::filesystem::absolute(path, error).lexically_normal().string();
  return error ? path : whole;
}

// A shipped scenario is known by its name, a user's own by a file: the copy among the results, once there is one.
std::string scenario_word(const Plan& plan) {
  if (plan.shipped || plan.scenario_file.empty()) return plan.scenario;
  return shell_word(plan.kept_scenario.empty() ? absolute(plan.scenario_file) : plan.kept_scenario);
}

std::string command_of(const Plan& plan) {
  const Overrides& asked = plan.asked;
  std::string command = begin_of(plan) + " run " + scenario_word(plan) + " --strategy " + plan.strategy;
  if (asked.flavour) command += " --flavour " + *asked.flavour;
  command += " --cpus " + std::to_string(plan.cpus) + " --memory " + size_text(plan.memory);
  if (asked.timeout) {
    // Whole milliseconds are what the option takes exactly; it never gives up earlier than it did.
    command += " --timeout " + std::to_string((asked.timeout->count() + 999'999) / 1'000'000) + "ms";
  }
  if (asked.expect) command += " --expect " + std::string(verdict_name(*asked.expect));
  if (!asked.append.empty()) command += " --append " + shell_word(asked.append);
  if (!asked.kernel.image.empty()) command += " --kernel " + shell_word(absolute(asked.kernel.image));
  if (!asked.kernel.symbols.empty()) command += " --symbols " + shell_word(absolute(asked.kernel.symbols));
  if (asked.cold_boot) command += " --cold-boot";
  return command + sha256_words(plan) + " --seed " + std::to_string(plan.seed);
}

}  // namespace

std::string line_begin(const Environment& environment) {
  const auto lab = environment("REMAPSTORM_LAB");
  if (const auto run = environment("REMAPSTORM_RUN")) return shell_word(*run) + (lab ? " --lab " + *lab : "");
  std::error_code error;
  std::string self = shell_word(std::filesystem::read_symlink("/proc/self/exe", error).string());
  if (error) self = "remapstorm";
  return lab ? shell_word(environment("REMAPSTORM_LAB_RUN").value_or("lab/run")) + " " + *lab + " " + self : self;
}

std::string kept_scenario_name(const Plan& plan) {
  return plan.scenario + "/scenario-" + plan.scenario_sha256.substr(0, 12) + ".toml";
}

SameBytes bytes_of(const Plan& plan) {
  const std::string program = build_id();
  return {plan.scenario_sha256, plan.guest.vmlinux_sha256, plan.guest.initramfs_sha256, plan.guest.cmdline_sha256,
          program == "none" ? "" : program};
}

std::string repeat_command(const Plan& plan, std::uint64_t trial) {
  // The first trial of a run is what it does anyway.
  return command_of(plan) + (trial == 0 ? "" : " --trial " + std::to_string(trial));
}

std::string repeat_command_of_all(const Plan& plan, std::uint64_t trials) {
  return command_of(plan) + (trials == 1 ? "" : " --repeat " + std::to_string(trials));
}

std::string with_kept_scenario(const std::string& line, const std::string& folder, const std::string& placed) {
  constexpr std::string_view kBefore = " run ", kBehind = ".toml", kNext = " --strategy ";
  const std::size_t run = line.find(kBefore), next = line.find(kNext, run);
  if (run == std::string::npos || next == std::string::npos) return line;
  const std::size_t begin = run + kBefore.size();
  const std::string word = line.substr(begin, next - begin);
  const std::size_t name = word.rfind("/scenario-");
  const std::size_t end = word.find(kBehind, name);
  if (name == std::string::npos || end == std::string::npos) return line;
  const std::string file = word.substr(name + 1, end + kBehind.size() - name - 1);
  std::error_code error;
  namespace fs = std::filesystem;
  const std::string named = placed + "/" + file;
  // Compared as words: what the line says is there, stays.
  if (word == shell_word(named) || !fs::exists(fs::path(folder) / file, error)) return line;
  const std::string plain = word.front() == '\'' ? word.substr(1, end + kBehind.size() - 1) : word;
  if (fs::exists(plain, error)) return line;
  return line.substr(0, begin) + shell_word(named) + line.substr(next);
}

std::string repeat_words(const Plan& plan, const std::string& words) {
  return begin_of(plan) + " " + words + sha256_words(plan);
}

}  // namespace remapstorm
