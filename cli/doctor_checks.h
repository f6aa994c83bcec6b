// SPDX-License-Identifier: Apache-2.0
// The checks of `doctor`. Each looks at one thing and never changes anything.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/paths.h"
#include "base/result.h"

namespace remapstorm {

struct Check {
  enum class State : std::uint8_t {
    good,
    warning,  // works, or works in part
    missing,  // the main job, running a scenario, cannot be done
  };
  std::string name;
  State state = State::good;
  std::string finding;  // what is there
  std::string hint;     // what to do, if not good
};

// The host as KVM shows it: device, API, capabilities, calibration. One entry each.
std::vector<Check> check_kvm();
// May this user delay guest memory (stage2-delay)?
Check check_userfaultfd();
Check check_memory();
// A limit of this process that is too small for a run, if there is one.
std::optional<Check> check_memory_limits();
// `what`: "cache" or "state"; `path` need not exist yet.
Check check_disk(const std::string& what, const std::string& path, std::uint64_t needed_bytes);
// Debian packages of SOURCE_DIR/tools/packages.txt.
Check check_packages(const std::string& source_dir);
Check check_guest_image(const Paths& paths, const Environment& environment, const std::string& called);

// Pure parts, for tests.

// MemAvailable of /proc/meminfo in bytes; 0 if it is not there.
std::uint64_t available_memory(std::string_view meminfo);
// Names in `list` (tools/packages.txt) for `who` that `status` (/var/lib/dpkg/status) does not show as installed.
std::vector<std::string> missing_packages(std::string_view list, std::string_view status, std::string_view who);

// 0 if nothing is missing.
int doctor_exit_code(const std::vector<Check>& checks);

}  // namespace remapstorm
