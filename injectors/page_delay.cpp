// SPDX-License-Identifier: Apache-2.0
#include "injectors/page_delay.h"

#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/syscall.h"

namespace remapstorm {
namespace {

constexpr const char* kPermissionHint =
    "run as root, or let the administrator set vm.unprivileged_userfaultfd=1 or give you access to /dev/userfaultfd";

// /dev/userfaultfd can be granted to a group; the system call needs CAP_SYS_PTRACE or the sysctl.
Result<Fd> any_userfaultfd() {
  const int by_call = static_cast<int>(::syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK));
  if (by_call >= 0) return Fd(by_call);
  const int call_errno = errno;
  Fd device(::open("/dev/userfaultfd", O_RDWR | O_CLOEXEC));
  if (device.valid()) {
    const int by_device = ::ioctl(device.get(), USERFAULTFD_IOC_NEW, O_CLOEXEC | O_NONBLOCK);
    if (by_device >= 0) return Fd(by_device);
  }
  Error error = errno_error("userfaultfd", {}, call_errno, ErrorKind::unavailable);
  error.hint = call_errno == ENOSYS ? "the host's kernel needs CONFIG_USERFAULTFD" : kPermissionHint;
  return error;
}

Nanoseconds thread_cpu_time() {
  timespec time = {};
  if (::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) != 0) return Nanoseconds(0);
  return std::chrono::seconds(time.tv_sec) + Nanoseconds(time.tv_nsec);
}

uffdio_range range_of(const std::byte* page) {
  uffdio_range range = {};
  range.start = reinterpret_cast<std::uintptr_t>(page);
  range.len = PageDelay::kPageSize;
  return range;
}

}  // namespace

Result<Fd> open_userfaultfd() {
  RS_ASSIGN(Fd uffd, any_userfaultfd());
  uffdio_api api = {};
  api.api = UFFD_API;
  api.features = UFFD_FEATURE_MINOR_SHMEM;
  if (::ioctl(uffd.get(), UFFDIO_API, &api) != 0) {
    Error error = errno_error("UFFDIO_API", "UFFD_FEATURE_MINOR_SHMEM", errno, ErrorKind::unavailable);
    error.hint = "stage-2 delays need a host kernel of at least 5.14 with CONFIG_USERFAULTFD";
    return error;
  }
  return uffd;
}

Result<std::unique_ptr<PageDelay>> PageDelay::create(const Clock& clock, OnEnd on_end) {
  RS_ASSIGN(Fd uffd, open_userfaultfd());
  Fd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake.valid()) return errno_error("eventfd", {}, errno);
  return std::unique_ptr<PageDelay>(new PageDelay(clock, std::move(on_end), std::move(uffd), std::move(wake)));
}

PageDelay::PageDelay(const Clock& clock, OnEnd on_end, Fd uffd, Fd wake)
    : clock_(clock), on_end_(std::move(on_end)), uffd_(std::move(uffd)), wake_(std::move(wake)) {
  thread_ = std::thread([this] { serve(); });
}

PageDelay::~PageDelay() {
  cancel_all();
  stopping_ = true;
  ::eventfd_write(wake_.get(), 1);
  thread_.join();
}

Status PageDelay::arm(Gpa page, std::byte* host_page, Nanoseconds delay, std::uint32_t token) {
  RS_CHECK(reinterpret_cast<std::uintptr_t>(host_page) % kPageSize == 0, "delayed page is not page-aligned");
  const std::lock_guard lock(mutex_);
  if (armed_.contains(host_page)) return usage_error("a delay on this page is already in force");

  // A page that was never touched would be missing, not minor: bring it into the page cache first.
  (void)*static_cast<volatile std::byte*>(host_page);

  uffdio_register registration = {};
  registration.range = range_of(host_page);
  registration.mode = UFFDIO_REGISTER_MODE_MINOR;
  if (::ioctl(uffd_.get(), UFFDIO_REGISTER, &registration) != 0) return errno_error("UFFDIO_REGISTER", {}, errno);
  armed_[host_page] = Armed{token, page, delay, std::nullopt};  // before the entry goes: the fault may come at once
  if (::madvise(host_page, kPageSize, MADV_DONTNEED) != 0) {
    const Error error = errno_error("madvise", "MADV_DONTNEED", errno);
    armed_.erase(host_page);
    ::ioctl(uffd_.get(), UFFDIO_UNREGISTER, &registration.range);
    return error;
  }
  return {};
}

void PageDelay::cancel_all() {
  flush_ = true;
  ::eventfd_write(wake_.get(), 1);
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      if (armed_.empty() && ending_ == 0) break;
    }
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  flush_ = false;
}

bool PageDelay::anyone_waiting() const {
  const std::lock_guard lock(mutex_);
  for (const auto& [host_page, armed] : armed_) {
    if (armed.fault_at) return true;
  }
  return false;
}

int PageDelay::poll_timeout_ms() const {
  if (flush_) return 0;
  const std::lock_guard lock(mutex_);
  std::optional<Nanoseconds> next;
  for (const auto& [host_page, armed] : armed_) {
    if (armed.fault_at && (!next || *armed.fault_at + armed.delay < *next)) next = *armed.fault_at + armed.delay;
  }
  if (!next) return 1000;
  const Nanoseconds left = *next - clock_.now();
  // Whole milliseconds only; the last one is slept exactly in serve().
  return left <= Nanoseconds(0) ? 0
                                : static_cast<int>(std::min<std::int64_t>(left / std::chrono::milliseconds(1), 1000));
}

void PageDelay::read_faults() {
  uffd_msg message = {};
  while (::read(uffd_.get(), &message, sizeof message) == static_cast<ssize_t>(sizeof message)) {
    if (message.event != UFFD_EVENT_PAGEFAULT) continue;
    auto* host_page = reinterpret_cast<std::byte*>(message.arg.pagefault.address & ~(kPageSize - 1));
    const std::lock_guard lock(mutex_);
    const auto found = armed_.find(host_page);
    if (found != armed_.end() && !found->second.fault_at) found->second.fault_at = clock_.now();
  }
}

// Sleeping may end late by a scheduler tick; the last stretch is spun so that the delay is the one asked for.
void PageDelay::wait_until(Nanoseconds due) const {
  constexpr Nanoseconds kSpun = std::chrono::microseconds(300);
  const Nanoseconds left = due - clock_.now();
  if (left > kSpun) std::this_thread::sleep_for(left - kSpun);
  while (clock_.now() < due) {
  }
}

void PageDelay::serve() {
  // Where we may (root), run before the vCPU threads that keep the cores busy; where we may not, the delay is less
  // exact.
  sched_param priority = {};
  priority.sched_priority = 1;
  ::pthread_setschedparam(::pthread_self(), SCHED_FIFO, &priority);

  while (!stopping_) {
    pollfd descriptors[2] = {{uffd_.get(), POLLIN, 0}, {wake_.get(), POLLIN, 0}};
    ::poll(descriptors, 2, poll_timeout_ms());
    if ((descriptors[1].revents & POLLIN) != 0) {
      eventfd_t ignored = 0;
      ::eventfd_read(wake_.get(), &ignored);
    }
    const Nanoseconds ran = thread_cpu_time();
    read_faults();
    for (const auto& [host_page, armed] : take_due()) {
      if (!flush_ && armed.fault_at) wait_until(*armed.fault_at + armed.delay);
      finish(host_page, armed, ran);
    }
  }
}

// All that is over within a millisecond, in that order: none may wait for one that is over later.
std::vector<PageDelay::Due> PageDelay::take_due() {
  const std::lock_guard lock(mutex_);
  const auto over = [](const Armed& armed) { return armed.fault_at.value_or(Nanoseconds(0)) + armed.delay; };
  const Nanoseconds soon = clock_.now() + std::chrono::milliseconds(1);
  std::vector<Due> due;
  for (const auto& [host_page, armed] : armed_) {
    if (flush_ || (armed.fault_at && over(armed) <= soon)) due.emplace_back(host_page, armed);
  }
  std::sort(due.begin(), due.end(), [&](const Due& a, const Due& b) { return over(a.second) < over(b.second); });
  return due;
}

// `ran_before`: processor time of this thread when it began with what is due.
void PageDelay::finish(std::byte* host_page, const Armed& armed, Nanoseconds ran_before) {
  PageDelayEnd end{armed.token, armed.page, armed.delay, std::nullopt, Nanoseconds(0), std::nullopt};
  uffdio_continue answer = {};
  answer.range = range_of(host_page);
  const bool continued = ::ioctl(uffd_.get(), UFFDIO_CONTINUE, &answer) == 0;
  if (armed.fault_at) {
    end.measured = clock_.now() - *armed.fault_at;
    // What it is late and did not work meanwhile, it was not run: busy host, throttled or stopped.
    const Nanoseconds late = *end.measured - armed.delay;
    end.late = std::max(Nanoseconds(0), late - (thread_cpu_time() - ran_before));
  }
  // EEXIST: nobody waits and the entry is back, which is what an untouched page being cancelled may look like.
  if (!continued && errno != EEXIST) end.error = errno_error("UFFDIO_CONTINUE", {}, errno);

  uffdio_range range = range_of(host_page);
  ::ioctl(uffd_.get(), UFFDIO_UNREGISTER, &range);  // also wakes whoever came in between
  {
    const std::lock_guard lock(mutex_);
    armed_.erase(host_page);
    ++ending_;
  }
  on_end_(end);
  const std::lock_guard lock(mutex_);
  --ending_;
}

}  // namespace remapstorm
