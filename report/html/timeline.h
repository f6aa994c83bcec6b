// SPDX-License-Identifier: Apache-2.0
// Timeline: what each vCPU went through, in bounded memory whatever the trial's length. A lane that gets too full has
// its nearest neighbours drawn together; what was is counted, never dropped.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "telemetry/spans.h"

namespace remapstorm {

// One span, or several so close to each other that they are drawn as one.
struct TimelinePiece {
  Nanoseconds begin{0}, end{0};
  std::uint64_t spans = 1;
  bool open = false;
  std::uint32_t context = 0;
};

class TimelineLane {
 public:
  static constexpr std::size_t kMostPieces = 2048;
  void add(const TimelinePiece& piece);
  // In order of their beginnings.
  [[nodiscard]] std::vector<TimelinePiece> pieces() const;
  [[nodiscard]] std::uint64_t spans() const { return spans_; }
  [[nodiscard]] bool coarse() const { return slot_ > Nanoseconds{0}; }
  void shift(Nanoseconds by);

 private:
  void thin_out();
  void merge_slots();
  std::vector<TimelinePiece> pieces_;
  std::uint64_t spans_ = 0;
  Nanoseconds slot_{0};  // pieces that begin in the same slot of this length are one; 0: none are
};

// Something that took no time.
struct TimelineMark {
  enum class Kind : std::uint8_t { irq, nmi, hold, delay, look, milestone } kind = Kind::irq;
  Nanoseconds time{0};  // host
  int vcpu = -1;
  std::string label;
};

struct TimeRange {
  Nanoseconds begin{0}, end{0};
  [[nodiscard]] Nanoseconds length() const { return end - begin; }
};

// Fold of all events, or of those that matter within a range.
class Timeline {
 public:
  static constexpr std::size_t kMostMarks = 2048;
  using Place = std::pair<int, SpanKind>;  // vCPU, -1 for what is none's

  // `only`: keep what touches this range, given on the host's line; `offset` is what has to be added to guest time
  // then.
  explicit Timeline(std::optional<TimeRange> only = {}, Nanoseconds offset = Nanoseconds{0})
      : only_(only), offset_(offset) {}
  void add(const Span& span);
  void add(TimelineMark mark);
  // Of any event: how far time has come.
  void reach(Nanoseconds host_time);
  // After the last event: places guest time among host time.
  void finish(const SpanFinder& spans);

  [[nodiscard]] const std::map<Place, TimelineLane>& lanes() const { return lanes_; }
  [[nodiscard]] const std::vector<TimelineMark>& marks() const { return marks_; }
  [[nodiscard]] std::uint64_t marks_left_out() const { return marks_left_out_; }
  [[nodiscard]] TimeRange range() const { return only_.value_or(all_); }
  [[nodiscard]] bool coarse() const;
  // The longest span of a kind, if there was one.
  [[nodiscard]] const Span* longest(SpanKind kind) const;

 private:
  std::optional<TimeRange> only_;
  Nanoseconds offset_;
  TimeRange all_;
  std::map<Place, TimelineLane> lanes_;
  std::vector<TimelineMark> marks_;
  std::uint64_t marks_left_out_ = 0;
  std::map<SpanKind, Span> longest_;
};

}  // namespace remapstorm
