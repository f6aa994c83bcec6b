// SPDX-License-Identifier: Apache-2.0
#include "report/trace/tracks.h"

#include <algorithm>
#include <utility>

namespace remapstorm {

Nanoseconds NestedTrack::in_order(Nanoseconds now) {
  if (now < last_) ++repairs_.moved;
  last_ = std::max(last_, now);
  return last_;
}

void NestedTrack::close_innermost(Nanoseconds now, const char* why) {
  writer_.end(track_, now, {{"never ended", std::string(why)}});
  open_.pop_back();
  ++repairs_.never_ended;
}

void NestedTrack::runs_at(unsigned level, Nanoseconds now) {
  now = in_order(now);
  while (!open_.empty() && open_.back().level > level) {
    close_innermost(now, "its context was over, its end is not in the recording");
  }
}

void NestedTrack::begin(unsigned kind, std::uint64_t key, unsigned level, Nanoseconds now, TraceLabel label) {
  if (open_.size() >= kDeepest) {
    ++repairs_.not_drawn;
    return;
  }
  writer_.begin(track_, in_order(now), label);
  open_.push_back({kind, key, level, std::move(label)});
}

bool NestedTrack::end(unsigned kind, std::uint64_t key, Nanoseconds now, const std::vector<TraceNote>& notes) {
  const auto found =
      std::find_if(open_.rbegin(), open_.rend(), [&](const Open& one) { return one.kind == kind && one.key == key; });
  if (found == open_.rend()) return false;
  now = in_order(now);
  // What began after it and goes on ends here with it, and begins again.
  const auto inner = found.base();
  for (auto one = inner; one != open_.end(); ++one) writer_.end(track_, now);
  writer_.end(track_, now, notes);
  for (auto one = inner; one != open_.end(); ++one) {
    TraceLabel again = one->label;
    again.notes = {{"continued", std::string("began before; another slice ended across it")}};
    again.flow.reset();
    writer_.begin(track_, now, again);
    ++repairs_.split;
  }
  open_.erase(inner - 1);
  return true;
}

void NestedTrack::finish(Nanoseconds now) {
  now = in_order(std::max(now, last_));
  while (!open_.empty()) close_innermost(now, "open when the recording ends");
}

FlatTrack::Row& FlatTrack::row_from(Nanoseconds time) {
  const auto free = std::find_if(rows_.begin(), rows_.end(), [&](const Row& row) { return row.end <= time; });
  if (free != rows_.end()) return *free;
  if (rows_.size() < kMostRows) return rows_.emplace_back(Row{writer_.row(parent_, name_, rank_), Nanoseconds{0}});
  return *std::min_element(rows_.begin(), rows_.end(), [](const Row& a, const Row& b) { return a.end < b.end; });
}

void FlatTrack::slice(Nanoseconds from, Nanoseconds to, const TraceLabel& label, const std::vector<TraceNote>& at_end) {
  Row& row = row_from(from);
  if (from < row.end) ++repairs_.moved;
  from = std::max(from, row.end);
  to = std::max(to, from);
  row.end = to;
  writer_.begin(row.track, from, label);
  writer_.end(row.track, to, at_end);
}

void FlatTrack::instant(Nanoseconds at, const TraceLabel& label) {
  if (rows_.empty()) rows_.emplace_back(Row{writer_.row(parent_, name_, rank_), Nanoseconds{0}});
  writer_.instant(rows_.front().track, at, label);
}

}  // namespace remapstorm
