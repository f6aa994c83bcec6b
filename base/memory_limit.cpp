// SPDX-License-Identifier: Apache-2.0
#include "base/memory_limit.h"

#include <sys/resource.h>

#include <cerrno>

namespace remapstorm {
namespace {

struct MemoryLimit {
  int resource;
  const char* option;  // of the shell's ulimit
};
constexpr MemoryLimit kMemoryLimits[] = {{RLIMIT_AS, "-v"}, {RLIMIT_DATA, "-d"}};
constexpr rlim_t kUnit = 1024;  // of ulimit

}  // namespace

Error memory_error(const std::string& doing) {
  const std::string message = (doing.empty() ? "" : doing + ": ") + std::string("out of memory");
  Error error = host_error(message, "free some memory, or run fewer guests at a time (--jobs)");
  for (const MemoryLimit& one : kMemoryLimits) {
    rlimit limit = {};
    if (::getrlimit(static_cast<__rlimit_resource_t>(one.resource), &limit) != 0) continue;
    if (limit.rlim_cur == RLIM_INFINITY) continue;
    const std::string shown = std::string("ulimit ") + one.option;
    error = unavailable_error(
        message + ", of which this process may use " + std::to_string(limit.rlim_cur / kUnit) + " KiB (" + shown + ")",
        shown + " unlimited");
    break;
  }
  error.errnum = ENOMEM;
  return error;
}

}  // namespace remapstorm
