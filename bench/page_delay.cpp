// SPDX-License-Identifier: Apache-2.0
// How exact a stage-2 delay can be at best: the same userfaultfd server, but an ordinary thread of this process touches
// the page, without KVM in between. Prints the error (measured minus requested) in microseconds: the floor of the error
// in a guest.
#include "injectors/page_delay.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <vector>

#include "base/mapping.h"
#include "base/syscall.h"

namespace remapstorm {
namespace {

constexpr int kRounds = 50;

Result<int> run() {
  SteadyClock clock;
  Fd memory(::memfd_create("bench-page-delay", MFD_CLOEXEC));
  RS_TRY(check_call(::ftruncate(memory.get(), PageDelay::kPageSize), "ftruncate"));
  RS_ASSIGN(const Mapping mapping, Mapping::shared(memory, PageDelay::kPageSize, "bench"));
  for (const int milliseconds : {1, 10, 50}) {
    std::vector<double> errors;
    std::mutex mutex;
    RS_ASSIGN(const auto delay, PageDelay::create(clock, [&](const PageDelayEnd& end) {
                const std::lock_guard lock(mutex);
                if (end.measured) {
                  errors.push_back(std::chrono::duration<double, std::micro>(*end.measured - end.requested).count());
                }
              }));
    for (int round = 1; round <= kRounds; ++round) {
      RS_TRY(delay->arm(Gpa(0), mapping.data(), std::chrono::milliseconds(milliseconds), 1));
      (void)*static_cast<volatile std::byte*>(mapping.data());
      delay->cancel_all();  // the server has forgotten this delay before the next one
    }
    const std::lock_guard lock(mutex);
    if (errors.empty()) return host_error("no delay was measured");
    std::sort(errors.begin(), errors.end());
    std::printf("%d %zu %.1f %.1f %.1f\n", milliseconds, errors.size(), errors.front(), errors[errors.size() / 2],
                errors.back());
  }
  return 0;
}

}  // namespace
}  // namespace remapstorm

int main() {
  const auto result = remapstorm::run();
  if (!result.ok()) std::fprintf(stderr, "page_delay: %s\n", result.error().message.c_str());
  return result.ok() ? *result : 75;
}
