// SPDX-License-Identifier: Apache-2.0
// WindowCount: how many remap windows are open, as a counter. Viewers need its values in the order of time, but vCPUs'
// logs are read one after the other: changes wait in a queue of bounded length, longer than all rings together, until
// no earlier one can come.
#pragma once

#include <algorithm>
#include <functional>
#include <queue>
#include <utility>
#include <vector>

#include "guest/abi/remapstorm_abi.h"
#include "report/trace/packet_writer.h"

namespace remapstorm {

class WindowCount {
 public:
  WindowCount(PacketWriter& writer, TrackId counter) : writer_(writer), counter_(counter) {}

  void change(Nanoseconds time, int by) {
    waiting_.emplace(time, by);
    if (waiting_.size() > kWaiting) write_earliest();
  }
  void finish() {
    while (!waiting_.empty()) write_earliest();
  }

 private:
  static constexpr std::size_t kWaiting = std::size_t{2} * RS_MAX_VCPUS * RS_RING_ENTRIES;
  using Change = std::pair<Nanoseconds, int>;

  void write_earliest() {
    const auto [time, by] = waiting_.top();
    waiting_.pop();
    open_ += by;
    last_ = std::max(last_, time);
    writer_.count(counter_, last_, open_);
  }

  PacketWriter& writer_;
  TrackId counter_;
  std::priority_queue<Change, std::vector<Change>, std::greater<>> waiting_;
  Nanoseconds last_{0};
  std::int64_t open_ = 0;
};

}  // namespace remapstorm
