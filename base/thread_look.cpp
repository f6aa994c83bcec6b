// SPDX-License-Identifier: Apache-2.0
#include "base/thread_look.h"

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include <charconv>
#include <string_view>

namespace remapstorm {
namespace {

using Text = char[512];  // the state is one of the first words of stat

std::optional<std::string_view> read_into(Text& buffer, const Fd& file) {
  const ssize_t length = file.valid() ? ::pread(file.get(), buffer, sizeof(buffer), 0) : -1;
  if (length <= 0) return std::nullopt;  // ESRCH: the thread is gone
  return std::string_view(buffer, static_cast<std::size_t>(length));
}

// "ran waited slices"
bool parse_schedstat(std::string_view text, ThreadLook& look) {
  std::int64_t ran = 0;
  std::int64_t waited = 0;
  const char* end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, ran);
  if (first.ec != std::errc{} || first.ptr == end || *first.ptr != ' ') return false;
  if (std::from_chars(first.ptr + 1, end, waited).ec != std::errc{} || ran < 0 || waited < 0) return false;
  look.ran = Nanoseconds(ran);
  look.waited = Nanoseconds(waited);
  return true;
}

// "tid (name) S ...": the name may hold anything, parentheses too.
bool says_asleep(std::string_view text) {
  const std::size_t name_end = text.rfind(") ");
  return name_end != std::string_view::npos && name_end + 2 < text.size() && text[name_end + 2] == 'S';
}

}  // namespace

ThreadWatch ThreadWatch::of_this_thread() {
  ThreadWatch watch("/proc/self/task/" + std::to_string(::gettid()));
  clockid_t clock = {};
  if (::pthread_getcpuclockid(::pthread_self(), &clock) == 0) watch.clock_ = clock;
  return watch;
}

ThreadWatch::ThreadWatch(const std::string& task)
    : stat_(::open((task + "/stat").c_str(), O_RDONLY | O_CLOEXEC)),
      schedstat_(::open((task + "/schedstat").c_str(), O_RDONLY | O_CLOEXEC)) {}

std::optional<ThreadLook> ThreadWatch::look() const {
  ThreadLook look;
  Text buffer;
  // The state before the waits: whoever sleeps now has all of them behind it.
  const auto stat = read_into(buffer, stat_);
  look.asleep = stat && says_asleep(*stat);
  const auto schedstat = read_into(buffer, schedstat_);
  const bool counted = schedstat && parse_schedstat(*schedstat, look);
  if (!clock_) return counted ? std::optional(look) : std::nullopt;
  timespec time = {};
  if (::clock_gettime(*clock_, &time) != 0) return std::nullopt;
  look.ran = std::chrono::seconds(time.tv_sec) + Nanoseconds(time.tv_nsec);
  return look;
}

}  // namespace remapstorm
