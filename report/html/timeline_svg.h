// SPDX-License-Identifier: Apache-2.0
// A Timeline as a picture: a group of lanes for each vCPU, one axis of time below.
#pragma once

#include <string>
#include <vector>

#include "report/html/svg.h"
#include "report/html/timeline.h"

namespace remapstorm {

// A moment that all lanes share: "ready", "proven".
struct TimelineNote {
  Nanoseconds time{0};
  std::string label;
  bool bad = false;
};

// `range`: what to show of it. Marks of `notes` outside are left out.
std::string timeline_svg(const Timeline& timeline, TimeRange range, const std::vector<TimelineNote>& notes,
                         const std::string& title, Look look);

}  // namespace remapstorm
