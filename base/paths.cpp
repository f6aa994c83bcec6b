// SPDX-License-Identifier: Apache-2.0
#include "base/paths.h"

#include <pwd.h>
#include <unistd.h>

#include <cstdlib>

namespace remapstorm {
namespace {

Result<std::string> place(const Environment& environment, const std::string& home, const std::string& own,
                          const std::string& xdg, const std::string& below_home) {
  if (const auto given = environment(own)) return *given;
  if (const auto given = environment(xdg)) return *given + "/remapstorm";
  const std::string chosen_home = environment("HOME").value_or(home);
  if (chosen_home.empty()) return host_error("no home folder is known", "set HOME, or " + own);
  return chosen_home + "/" + below_home + "/remapstorm";
}

}  // namespace

Environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr || *value == '\0') return std::nullopt;
    return value;
  };
}

Result<Paths> find_paths(const Environment& environment, const std::string& home) {
  RS_ASSIGN(std::string cache, place(environment, home, "REMAPSTORM_CACHE", "XDG_CACHE_HOME", ".cache"));
  RS_ASSIGN(std::string state, place(environment, home, "REMAPSTORM_STATE", "XDG_STATE_HOME", ".local/state"));
  return Paths{std::move(cache), std::move(state)};
}

std::string home_from_user_database() {
  passwd entry{};
  passwd* found = nullptr;
  char buffer[4096];
  if (::getpwuid_r(::getuid(), &entry, buffer, sizeof buffer, &found) != 0 || found == nullptr) return {};
  return found->pw_dir;
}

}  // namespace remapstorm
