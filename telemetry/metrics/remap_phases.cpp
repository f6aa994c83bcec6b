// SPDX-License-Identifier: Apache-2.0
#include "telemetry/metrics/remap_phases.h"

#include <algorithm>

#include "guest/abi/remapstorm_abi.h"
#include "telemetry/guest_clock.h"

namespace remapstorm {
namespace {

// One a vCPU is usual. A guest that begins without ending gets no more.
constexpr std::size_t kMostOpen = 64;
constexpr std::size_t kMostFlushes = 256;  // between two windows

void begin(std::optional<Nanoseconds>& since, Nanoseconds now) { since = now; }

void end(std::optional<Nanoseconds>& since, Nanoseconds now, Nanoseconds& sum) {
  // Counters of vCPUs may differ by some ticks.
  if (since) sum += std::max(Nanoseconds{0}, now - *since);
  since.reset();
}

}  // namespace

std::optional<RemapTimes> RemapPhases::fold(int vcpu, const ProbeEvent& probe, Nanoseconds now) {
  const std::uint32_t context = RS_CTX_LEVEL(probe.context);
  if (probe.probe == RS_PROBE_REMAP_BEGIN) {
    if (open_.size() >= kMostOpen) return std::nullopt;
    Open& one = open_.emplace_back(Open{probe.args[0], probe.args[1], vcpu, context, now, {}, {}, {}, {}});
    one.times.restore = probe.args[2] != 0;
    return std::nullopt;
  }
  // The newest first: a second begin without an end means that the guest lost the first.
  const auto mine = std::find_if(open_.rbegin(), open_.rend(),
                                 [&](const Open& one) { return one.vcpu == vcpu && one.context == context; });
  if (mine == open_.rend()) return std::nullopt;
  switch (probe.probe) {
    case RS_PROBE_LOCK_WANT:
      begin(mine->lock_since, now);
      break;
    case RS_PROBE_LOCK_GOT:
      end(mine->lock_since, now, mine->times.lock_wait);
      break;
    case RS_PROBE_FLUSH_BEGIN:
      begin(mine->flush_since, now);
      break;
    case RS_PROBE_FLUSH_END:
      if (mine->flush_since && mine->flushes.size() < kMostFlushes) mine->flushes.emplace_back(*mine->flush_since, now);
      end(mine->flush_since, now, mine->times.flush);
      break;
    case RS_PROBE_BBM_WINDOW: {
      const Nanoseconds cleared = std::min(GuestClock::bounded(probe.args[1]), now);
      const Nanoseconds set = std::clamp(GuestClock::bounded(probe.args[2]), cleared, now);
      mine->times.window += set - cleared;
      for (const auto& [from, until] : mine->flushes) {
        const Nanoseconds within = std::min(until, set) - std::max(from, cleared);
        mine->times.flush -= std::clamp(within, Nanoseconds{0}, mine->times.flush);
      }
      mine->flushes.clear();
      break;
    }
    case RS_PROBE_REMAP_END: {
      if (mine->start != probe.args[0] || mine->end != probe.args[1]) break;
      RemapTimes times = mine->times;
      times.began = mine->since;
      times.total = std::max(Nanoseconds{0}, now - mine->since);
      open_.erase(std::next(mine).base());
      return times;
    }
    default:
      break;
  }
  return std::nullopt;
}

}  // namespace remapstorm
