// SPDX-License-Identifier: Apache-2.0
// RingOrder: puts what several rings had into the order of the guest's clock, over many reads of them.
//
// The rings are read one after the other while the guest goes on: of two entries in two rings the later one may be seen
// and the earlier one not yet. Whoever logged the later one because of the earlier one (it got a lock that the other
// dropped) did so when that was in its ring: a second look at all rings finds it. So what the first look found has then
// everything that belongs before it, and what only the second found waits for the next one. An entry that is passed
// over while it is being written (RingPump::pump) may still come late. Pure.
#pragma once

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "telemetry/event.h"

namespace remapstorm {

class RingOrder {
 public:
  // What two looks at all rings found, the first of them ended before the second began. What can be told now.
  std::vector<Event> take(std::vector<Event> first, std::vector<Event> second) {
    std::vector<Event> all = std::exchange(later_, {});
    std::move(first.begin(), first.end(), std::back_inserter(all));
    if (all.empty()) {
      later_ = std::move(second);
      return all;
    }
    const auto earlier = [](const Event& a, const Event& b) { return a.guest_time < b.guest_time; };
    const auto horizon = std::max_element(all.begin(), all.end(), earlier)->guest_time;
    std::move(second.begin(), second.end(), std::back_inserter(all));
    std::stable_sort(all.begin(), all.end(), earlier);
    const auto behind =
        std::find_if(all.begin(), all.end(), [&](const Event& one) { return one.guest_time > horizon; });
    std::move(behind, all.end(), std::back_inserter(later_));
    all.erase(behind, all.end());
    return all;
  }
  void clear() { later_.clear(); }

 private:
  std::vector<Event> later_;
};

}  // namespace remapstorm
