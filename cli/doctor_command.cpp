// SPDX-License-Identifier: Apache-2.0
// doctor: what this machine has and lacks.
#include <nlohmann/json.hpp>

#include "cli/arguments.h"
#include "cli/doctor_checks.h"
#include "results/exit_code.h"

namespace remapstorm {
namespace {

constexpr std::uint64_t kCacheBytes = 6ULL << 30;  // unpacked kernel source and its build, while it is built
constexpr std::uint64_t kStateBytes = 256ULL << 20;

std::string_view state_name(Check::State state) {
  switch (state) {
    case Check::State::good:
      return "ok";
    case Check::State::warning:
      return "warning";
    case Check::State::missing:
      return "MISSING";
  }
  return "MISSING";
}

std::vector<Check> all_checks(const CommandContext& context) {
  std::vector<Check> checks = check_kvm();
  checks.push_back(check_userfaultfd());
  checks.push_back(check_memory());
  if (auto limited = check_memory_limits()) checks.push_back(*std::move(limited));
  const Result<Paths> paths = find_paths(context.environment, context.home);
  if (paths.ok()) {
    checks.push_back(check_disk("cache", paths->cache, kCacheBytes));
    checks.push_back(check_disk("state", paths->state, kStateBytes));
    checks.push_back(check_guest_image(*paths, context.environment, context.called));
  } else {
    checks.push_back({"folders", Check::State::missing, paths.error().message, paths.error().hint});
  }
  checks.push_back(check_packages(context.source_dir));
  return checks;
}

void print_pretty(std::ostream& out, const std::vector<Check>& checks) {
  for (const Check& check : checks) {
    std::string name = check.name;
    name.resize(13, ' ');
    std::string state(state_name(check.state));
    state.resize(9, ' ');
    out << name << state << check.finding << '\n';
    if (check.state != Check::State::good && !check.hint.empty()) out << "             HINT: " << check.hint << '\n';
  }
  out << (doctor_exit_code(checks) == kExitOk ? "\nscenarios can run here\n" : "\nscenarios cannot run here\n");
}

void print_json(std::ostream& out, const std::vector<Check>& checks) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Check& check : checks) {
    list.push_back({{"name", check.name},
                    {"state", check.state == Check::State::missing ? "missing" : state_name(check.state)},
                    {"finding", check.finding},
                    {"hint", check.hint}});
  }
  out << nlohmann::ordered_json{{"schema", 1}, {"can_run", doctor_exit_code(checks) == kExitOk}, {"checks", list}}.dump(
             2, ' ', false, nlohmann::ordered_json::error_handler_t::replace)
      << '\n';
}

}  // namespace

int doctor_command(const CommandContext& context, const Arguments& arguments) {
  std::optional<std::string> format;
  ArgumentParser parser(
      context, {"doctor [OPTIONS]", "Checks what this machine has and lacks. Exit code 4 if scenarios cannot run here.",
                "doctor --format json"});
  parser.option("--format", format, "FORMAT", "pretty or json (pretty)");
  if (const auto finished = parse_or_finish(parser, context, arguments)) return *finished;
  const Result<std::string> chosen = parse_choice("--format", format.value_or("pretty"), {"pretty", "json"});
  if (!chosen.ok()) return report_error(context, chosen.error());
  const std::vector<Check> checks = all_checks(context);
  if (*chosen == "json") {
    print_json(context.out, checks);
  } else {
    print_pretty(context.out, checks);
  }
  return doctor_exit_code(checks);
}

}  // namespace remapstorm
