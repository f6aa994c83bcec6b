// SPDX-License-Identifier: Apache-2.0
#include "harness/host_share.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>

namespace remapstorm {

RunDelay::RunDelay(pid_t thread) : RunDelay("/proc/self/task/" + std::to_string(thread)) {}

RunDelay::RunDelay(const std::string& task) : file_(::open((task + "/schedstat").c_str(), O_RDONLY | O_CLOEXEC)) {}

std::optional<Nanoseconds> RunDelay::read() const {
  if (!file_.valid()) return Nanoseconds(0);
  char buffer[96];
  const ssize_t length = ::pread(file_.get(), buffer, sizeof(buffer), 0);
  if (length <= 0) return std::nullopt;  // ESRCH: the thread is gone
  const std::string_view text(buffer, static_cast<std::size_t>(length));
  const std::size_t space = text.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  std::int64_t delay = 0;
  const auto read = std::from_chars(text.data() + space + 1, text.data() + text.size(), delay);
  if (read.ec != std::errc{} || delay < 0) return std::nullopt;
  return Nanoseconds(delay);
}

void GivenTime::advance(Nanoseconds now, std::span<const Nanoseconds> waited) {
  waited_.resize(std::max(waited_.size(), waited.size()), Nanoseconds(0));
  Nanoseconds longest{0};
  for (std::size_t i = 0; i < waited.size(); ++i) {
    longest = std::max(longest, waited[i] - waited_[i]);
    waited_[i] = std::max(waited_[i], waited[i]);
  }
  if (last_) given_ += std::max(Nanoseconds(0), now - *last_ - longest);
  last_ = now;
}

}  // namespace remapstorm
