// SPDX-License-Identifier: Apache-2.0
#include "trial/host_share.h"

#include <algorithm>

namespace remapstorm {

void ThreadShare::advance(Nanoseconds now, const ThreadLook& look, Nanoseconds late) {
  constexpr Nanoseconds kNone{0};
  if (!last_) {
    last_ = now;
    before_ = look;
    lost_ = look.waited;
    return;
  }
  const Nanoseconds passed = std::max(kNone, now - *last_);
  const Nanoseconds ran = std::max(kNone, look.ran - before_.ran);
  const Nanoseconds waited = std::max(kNone, look.waited - before_.waited);

  // Who sleeps now has all waits behind it, so they are all in `waited`. Who is ready now may have waited for any time.
  const Nanoseconds slept = look.asleep ? std::max(kNone, passed - ran - waited) : kNone;
  had_ += std::min({vouched_, passed, ran + slept});

  if (!before_.asleep && !look.asleep && ran == kNone) {
    lost_ += passed;
  } else if (late > kAway) {
    lost_ += std::max(kNone, late - ran);
  }
  lost_ = std::max(lost_, look.waited + uncounted_);
  if (look.asleep) uncounted_ = lost_ - look.waited;  // throttled or stopped, then

  last_ = now;
  before_ = look;
}

void GivenTime::advance(Nanoseconds now, std::span<const Nanoseconds> had) {
  for (std::size_t i = threads_.size(); i < had.size(); ++i) threads_.push_back({had[i], Nanoseconds(0)});
  Nanoseconds step = had.empty() ? Nanoseconds(0) : Nanoseconds::max();
  for (std::size_t i = 0; i < had.size(); ++i) {
    threads_[i].lead += had[i] - threads_[i].had;
    threads_[i].had = had[i];
    step = std::min(step, threads_[i].lead);
  }
  for (VcpuThread& vcpu_thread : threads_) vcpu_thread.lead = std::min(vcpu_thread.lead - step, kLead);
  if (!last_) {
    last_ = now;
    return;
  }
  given_ += step;
  attended_ += std::clamp(now - *last_, Nanoseconds(0), kAbsence);
  last_ = now;
}

}  // namespace remapstorm
