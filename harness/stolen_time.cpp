// SPDX-License-Identifier: Apache-2.0
#include "harness/stolen_time.h"

#include <algorithm>
#include <filesystem>

namespace remapstorm {
namespace {

constexpr Nanoseconds kBetween = std::chrono::milliseconds(10);

}  // namespace

Result<std::unique_ptr<StolenTime>> StolenTime::of_threads(const std::string& tasks, const Clock& clock) {
  std::unique_ptr<StolenTime> stolen(new StolenTime(clock));
  std::error_code error;
  for (const auto& thread : std::filesystem::directory_iterator(tasks, error)) {
    stolen->threads_.emplace_back(thread.path().string());
  }
  if (error)
    return host_error(tasks + ": " + error.message(), "it is how the lab learns what the machine outside takes");
  return stolen;
}

Nanoseconds StolenTime::read() {
  const std::lock_guard lock(mutex_);
  const Nanoseconds now = clock_.now();
  if (asked_ && now - *asked_ < kBetween) return longest_;
  asked_ = now;
  for (const RunDelay& thread : threads_) longest_ = std::max(longest_, thread.read().value_or(Nanoseconds(0)));
  return longest_;
}

}  // namespace remapstorm
