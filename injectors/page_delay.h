// SPDX-License-Identifier: Apache-2.0
// PageDelay: makes the next guest access to a page of guest memory wait in stage 2 for a given time.
//
// Guest memory is a shared memfd mapping. arm() registers the page with userfaultfd in MINOR mode and drops its
// page-table entry (MADV_DONTNEED on a shared mapping drops the entry, never the content; KVM's MMU notifier drops its
// own). The next access through that mapping then waits until a thread of ours, which sleeps for the delay first,
// answers with UFFDIO_CONTINUE. No content is copied, so nothing can race with the other vCPUs. Source:
// Documentation/admin-guide/mm/userfaultfd.rst.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "base/address.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/result.h"

namespace remapstorm {

// A userfaultfd that serves minor faults on shared memory, also those taken in the kernel (KVM's own accesses): by the
// system call, else by /dev/userfaultfd. ErrorKind::unavailable with a hint when this user or kernel has none.
Result<Fd> open_userfaultfd();

struct PageDelayEnd {
  std::uint32_t token = 0;
  Gpa page;
  Nanoseconds requested{0};
  // From the arrival of the fault to its answer; nothing if nobody touched the page before cancel_all().
  std::optional<Nanoseconds> measured;
  // Of what it is longer than asked for, what the host added: it did not run the thread that answers.
  Nanoseconds late{0};
  std::optional<Error> error;
};

class PageDelay {
 public:
  static constexpr std::size_t kPageSize = 4096;
  using OnEnd = std::function<void(const PageDelayEnd&)>;

  // Errors: those of open_userfaultfd().
  static Result<std::unique_ptr<PageDelay>> create(const Clock& clock, OnEnd on_end);
  ~PageDelay();
  PageDelay(const PageDelay&) = delete;
  PageDelay& operator=(const PageDelay&) = delete;

  // `host_page`: where that page stands in the mapping KVM was given, page-aligned. Refused (ErrorKind::usage) when a
  // delay on the same page is still in force. on_end is called once per armed delay, from the serving thread, with no
  // lock of ours held.
  Status arm(Gpa page, std::byte* host_page, Nanoseconds delay, std::uint32_t token);
  // Serves waiting accesses at once and takes back what was never touched.
  void cancel_all();
  // Someone is waiting on a delayed page right now.
  [[nodiscard]] bool anyone_waiting() const;

 private:
  struct Armed {
    std::uint32_t token = 0;
    Gpa page;
    Nanoseconds delay{0};
    std::optional<Nanoseconds> fault_at;
  };
  using Due = std::pair<std::byte*, Armed>;

  PageDelay(const Clock& clock, OnEnd on_end, Fd uffd, Fd wake);
  void serve();
  void read_faults();
  [[nodiscard]] std::vector<Due> take_due();
  void wait_until(Nanoseconds due) const;
  [[nodiscard]] int poll_timeout_ms() const;
  void finish(std::byte* host_page, const Armed& armed, Nanoseconds ran_before);

  const Clock& clock_;
  OnEnd on_end_;
  Fd uffd_;
  Fd wake_;
  mutable std::mutex mutex_;
  std::map<std::byte*, Armed> armed_;
  unsigned ending_ = 0;  // no longer armed, but on_end is not done with them
  std::atomic<bool> stopping_{false};
  std::atomic<bool> flush_{false};
  std::thread thread_;
};

}  // namespace remapstorm
