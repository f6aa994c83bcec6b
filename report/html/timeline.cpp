// SPDX-License-Identifier: Apache-2.0
#include "report/html/timeline.h"

#include <algorithm>

namespace remapstorm {

void TimelineLane::add(const TimelinePiece& piece) {
  pieces_.push_back(piece);
  spans_ += piece.spans;
  if (pieces_.size() > kMostPieces) thin_out();
}

std::vector<TimelinePiece> TimelineLane::pieces() const {
  std::vector<TimelinePiece> sorted = pieces_;
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.begin < b.begin; });
  return sorted;
}

void TimelineLane::thin_out() {
  pieces_ = pieces();
  // What came since the last time may fit into the slots there are.
  if (slot_ > Nanoseconds{0}) merge_slots();
  while (pieces_.size() > kMostPieces / 2) {
    slot_ = slot_ == Nanoseconds{0} ? Nanoseconds(1000) : 2 * slot_;
    merge_slots();
  }
}

void TimelineLane::merge_slots() {
  std::vector<TimelinePiece> merged;
  for (const TimelinePiece& piece : pieces_) {
    if (merged.empty() || piece.begin / slot_ != merged.back().begin / slot_) {
      merged.push_back(piece);
      continue;
    }
    TimelinePiece& last = merged.back();
    last.end = std::max(last.end, piece.end);
    last.spans += piece.spans;
    last.open = last.open || piece.open;
    last.context = std::max(last.context & 3U, piece.context & 3U);
  }
  pieces_ = std::move(merged);
}

void TimelineLane::shift(Nanoseconds by) {
  for (TimelinePiece& piece : pieces_) {
    piece.begin += by;
    piece.end += by;
  }
}

void Timeline::add(const Span& span) {
  auto [longest, first] = longest_.emplace(span.kind, span);
  if (!first && span.length() > longest->second.length()) longest->second = span;
  TimelinePiece piece{span.begin, span.end, 1, span.open, span.context};
  if (only_) {
    const Nanoseconds shift = SpanFinder::in_guest_time(span.kind) ? offset_ : Nanoseconds{0};
    if (piece.end + shift < only_->begin || piece.begin + shift > only_->end) return;
  }
  lanes_[{span.vcpu, span.kind}].add(piece);
}

void Timeline::add(TimelineMark mark) {
  if (only_ && (mark.time < only_->begin || mark.time > only_->end)) return;
  if (marks_.size() < kMostMarks) {
    marks_.push_back(std::move(mark));
  } else {
    ++marks_left_out_;
  }
}

void Timeline::reach(Nanoseconds host_time) { all_.end = std::max(all_.end, GuestClock::bounded(host_time)); }

void Timeline::finish(const SpanFinder& spans) {
  const Nanoseconds offset = spans.clock().to_host(Nanoseconds{0});
  for (auto& [place, lane] : lanes_) {
    if (SpanFinder::in_guest_time(place.second)) lane.shift(offset);
  }
  for (auto& [kind, span] : longest_) span = spans.on_host_line(span);
}

bool Timeline::coarse() const {
  return marks_left_out_ != 0 ||
         std::any_of(lanes_.begin(), lanes_.end(), [](const auto& lane) { return lane.second.coarse(); });
}

const Span* Timeline::longest(SpanKind kind) const {
  const auto found = longest_.find(kind);
  return found == longest_.end() ? nullptr : &found->second;
}

}  // namespace remapstorm
