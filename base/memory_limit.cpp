// SPDX-License-Identifier: Apache-2.0
#include "base/memory_limit.h"

#include <sys/resource.h>

#include <cerrno>

namespace remapstorm {
namespace {

struct Limited {
  int resource;
  const char* name;  // with the option of the shell's ulimit
};
constexpr Limited kLimited[] = {{RLIMIT_AS, "ulimit -v"}, {RLIMIT_DATA, "ulimit -d"}};
constexpr rlim_t kUnit = 1024;  // of ulimit

}  // namespace

std::optional<MemoryLimit> least_memory_limit() {
  std::optional<MemoryLimit> least;
  for (const Limited& one : kLimited) {
    rlimit limit = {};
    if (::getrlimit(static_cast<__rlimit_resource_t>(one.resource), &limit) != 0) continue;
    if (limit.rlim_cur == RLIM_INFINITY || (least && least->bytes <= limit.rlim_cur)) continue;
    least = MemoryLimit{limit.rlim_cur, one.name};
  }
  return least;
}

Error memory_error(const std::string& doing) {
  const std::string message = (doing.empty() ? "" : doing + ": ") + std::string("out of memory");
  Error error = host_error(message, "free some memory, or run fewer guests at a time (--jobs)");
  if (const auto limit = least_memory_limit()) {
    error = unavailable_error(message + ", of which this process may use " + std::to_string(limit->bytes / kUnit) +
                                  " KiB (" + limit->name + ")",
                              limit->name + " unlimited");
  }
  error.errnum = ENOMEM;
  return error;
}

}  // namespace remapstorm
