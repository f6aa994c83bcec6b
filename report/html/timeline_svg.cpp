// SPDX-License-Identifier: Apache-2.0
#include "report/html/timeline_svg.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>

#include "guest/abi/remapstorm_abi.h"
#include "report/text.h"
#include "telemetry/probe_names.h"

namespace remapstorm {
namespace {

using Anchor = SvgCanvas::Anchor;
using Stroke = SvgCanvas::Stroke;
using Weight = SvgCanvas::Weight;

constexpr int kBar = 16, kVcpuHead = 26, kMarks = 18, kNoteRow = 16, kTimelineAxis = 28;
constexpr std::size_t kMostNoteRows = 3;

std::string vcpu_name(int vcpu) { return vcpu < 0 ? "host" : "vCPU " + std::to_string(vcpu); }

class Drawing {
 public:
  Drawing(const Timeline& timeline, TimeRange range, const std::vector<TimelineNote>& notes, Look look)
      : timeline_(timeline), range_(range), look_(look) {
    left_ = look.narrow ? 8 : 148;
    right_ = look.width() - (look.narrow ? 8 : 24);
    lane_ = look.narrow ? 34 : 22;
    for (const auto& [place, lane] : timeline.lanes()) {
      std::vector<TimelinePiece> pieces = lane.pieces();
      std::erase_if(pieces, [&](const TimelinePiece& one) { return one.end < range.begin || one.begin > range.end; });
      if (!pieces.empty()) lanes_.emplace(place, std::move(pieces));
    }
    for (const auto& [place, pieces] : lanes_) vcpus_.insert(place.first);
    for (const TimelineMark& mark : timeline.marks()) {
      if (visible(mark.time)) vcpus_.insert(mark.vcpu);
    }
    place_notes(notes);
    top_ = 10 + kNoteRow * static_cast<int>(std::max<std::size_t>(rows_of_notes_, 1));
    bottom_ = top_;
    for (const int vcpu : vcpus_) bottom_ += kVcpuHead + (has_marks(vcpu) ? kMarks : 0) + lane_ * lanes_of(vcpu);
  }

  std::string draw(const std::string& title) {
    canvas_.emplace(look_, bottom_ + kTimelineAxis, title);
    bands();
    axis();
    for (const auto& [note, row] : notes_) draw_note(note, row);
    int y = top_;
    for (const int vcpu : vcpus_) {
      y = group(vcpu, y);
      shaded_ = !shaded_;
    }
    return canvas_->take();
  }

 private:
  [[nodiscard]] bool visible(Nanoseconds time) const { return time >= range_.begin && time <= range_.end; }
  [[nodiscard]] double x_of(Nanoseconds time) const {
    const double share = static_cast<double>((std::clamp(time, range_.begin, range_.end) - range_.begin).count()) /
                         static_cast<double>(std::max<std::int64_t>(range_.length().count(), 1));
    return left_ + share * (right_ - left_);
  }
  [[nodiscard]] int lanes_of(int vcpu) const {
    return static_cast<int>(
        std::count_if(lanes_.begin(), lanes_.end(), [&](const auto& lane) { return lane.first.first == vcpu; }));
  }
  [[nodiscard]] bool has_marks(int vcpu) const {
    return std::any_of(timeline_.marks().begin(), timeline_.marks().end(),
                       [&](const TimelineMark& mark) { return mark.vcpu == vcpu && visible(mark.time); });
  }

  // Labels that would cover each other go into rows of their own; those that find no room are left out.
  void place_notes(const std::vector<TimelineNote>& notes) {
    std::vector<double> taken;
    for (const TimelineNote& note : notes) {
      if (!visible(note.time)) continue;
      const double width = text_width(note.label) + 10, x = x_of(note.time);
      const double begin = std::min(x, right_ - width);
      std::size_t row = 0;
      while (row < taken.size() && taken[row] > begin) ++row;
      if (row >= kMostNoteRows) continue;
      if (row == taken.size()) taken.push_back(0);
      taken[row] = begin + width;
      notes_.emplace_back(note, row);
    }
    rows_of_notes_ = taken.size();
  }

  void draw_note(const TimelineNote& note, std::size_t row) {
    const Palette& colours = canvas_->colours();
    const double x = x_of(note.time), y = 4 + kNoteRow * static_cast<double>(row) + 11;
    const char* colour = note.bad ? colours.bad : colours.dim;
    canvas_->line(x, y - 9, x, bottom_, colour, Stroke::dashed);
    const bool turned = x + text_width(note.label) + 6 > right_;
    canvas_->text(turned ? x - 4 : x + 4, y, note.label, colour, turned ? Anchor::end : Anchor::start,
                  note.bad ? Weight::bold : Weight::normal);
  }

  void bands() {
    int y = top_;
    bool shaded = false;
    for (const int vcpu : vcpus_) {
      const int height = kVcpuHead + (has_marks(vcpu) ? kMarks : 0) + lane_ * lanes_of(vcpu);
      if (shaded) canvas_->rect(0, y, look_.width(), height, canvas_->colours().band);
      shaded = !shaded;
      y += height;
    }
  }

  // Times are told from the beginning of the trial; of a short range, from its own beginning.
  void axis() {
    const bool from_range = range_.length() * 20 < range_.begin;
    const Nanoseconds zero = from_range ? range_.begin : Nanoseconds{0};
    const Nanoseconds step = round_step(range_.length(), look_.narrow ? 3 : 9);
    const std::int64_t first = ((range_.begin - zero).count() + step.count() - 1) / step.count();
    for (Nanoseconds at = zero + step * first; at <= range_.end; at += step) {
      const double x = x_of(at);
      canvas_->line(x, top_, x, bottom_ + 4, canvas_->colours().grid);
      const std::string label = (from_range ? "+" : "") + human_length(at - zero);
      const double half = text_width(label) / 2;
      const Anchor anchor = x - half < 2 ? Anchor::start : x + half > look_.width() - 2 ? Anchor::end : Anchor::middle;
      canvas_->text(anchor == Anchor::end ? look_.width() - 2.0 : std::max(x, 2.0), bottom_ + 19, label,
                    canvas_->colours().dim, anchor);
    }
  }

  // Text that keeps lines from running through it.
  void label(double x, double y, const std::string& words, const char* colour, Weight weight, int size) {
    const double width = text_width(words, size) + (weight == Weight::bold ? 4 : 0);
    canvas_->rect(x - 1, y - size + 1, width, size + 2, shaded_ ? canvas_->colours().band : canvas_->colours().paper);
    canvas_->text(x, y, words, colour, Anchor::start, weight, size);
  }

  int group(int vcpu, int y) {
    const Palette& colours = canvas_->colours();
    label(look_.narrow ? 8 : 14, y + 18, vcpu_name(vcpu), colours.ink, Weight::bold, 13);
    y += kVcpuHead;
    if (has_marks(vcpu)) {
      marks(vcpu, y);
      y += kMarks;
    }
    for (const auto& [place, pieces] : lanes_) {
      if (place.first != vcpu) continue;
      lane_of(place.second, pieces, y);
      y += lane_;
    }
    return y;
  }

  void marks(int vcpu, int y) {
    const Palette& colours = canvas_->colours();
    if (!look_.narrow) canvas_->text(left_ - 10, y + 12, "injected, looked at", colours.dim, Anchor::end);
    // As dense as the picture can show them.
    std::set<std::pair<int, TimelineMark::Kind>> drawn;
    std::vector<std::pair<double, const TimelineMark*>> shown;
    for (const TimelineMark& mark : timeline_.marks()) {
      if (mark.vcpu != vcpu || !visible(mark.time)) continue;
      const double x = x_of(mark.time);
      if (drawn.emplace(static_cast<int>(x / 2), mark.kind).second) shown.emplace_back(x, &mark);
    }
    for (std::size_t i = 0; i < shown.size(); ++i) {
      const auto& [x, mark] = shown[i];
      const std::string at = coordinate(x) + " ";
      if (mark->kind == TimelineMark::Kind::look) {
        canvas_->path("M" + at + coordinate(y + 4) + " l4 4 l-4 4 l-4 -4 z", colours.dim);
        continue;
      }
      const bool hold = mark->kind == TimelineMark::Kind::hold || mark->kind == TimelineMark::Kind::delay;
      const char* colour = colours.spans[static_cast<std::size_t>(hold ? SpanKind::hold : SpanKind::handler)];
      canvas_->path("M" + at + coordinate(y + 14) + " l-5 -11 h10 z", colour);
      // Named where there is room before the next.
      const double end = x + text_width(mark->label) + 12;
      if (end < (i + 1 < shown.size() ? shown[i + 1].first - 4 : right_)) {
        canvas_->text(x + 8, y + 13, mark->label, colour, Anchor::start, Weight::bold);
      }
    }
  }

  void lane_of(SpanKind kind, const std::vector<TimelinePiece>& pieces, int y) {
    const Palette& colours = canvas_->colours();
    const char* colour = colours.spans[static_cast<int>(kind)];
    const std::string name(span_kind_name(kind));
    if (look_.narrow) {
      label(left_, y + 10, name, colours.dim, Weight::normal, 11);
      y += 13;
    } else {
      canvas_->text(left_ - 10, y + 13, name, colours.dim, Anchor::end);
      y += 2;
    }
    canvas_->line(left_, y + kBar - 0.5, right_, y + kBar - 0.5, colours.grid);
    // What falls into the same pixel is one.
    double end = -1, begin = -1;
    const TimelinePiece* first = nullptr;  // the longest of them
    std::uint64_t spans = 0;
    bool open = false;
    const auto flush = [&] {
      if (first != nullptr) bar(*first, begin, end, y, colour, spans, open);
    };
    for (const TimelinePiece& piece : pieces) {
      const double x1 = x_of(piece.begin), x2 = std::max(x_of(piece.end), x1 + 1.5);
      // What never ended is never drawn together with what did.
      if (first != nullptr && x1 - end < 0.8 && piece.open == open) {
        end = std::max(end, x2);
        spans += piece.spans;
        if (piece.end - piece.begin > first->end - first->begin) first = &piece;
        continue;
      }
      flush();
      first = &piece;
      begin = x1;
      end = x2;
      spans = piece.spans;
      open = piece.open;
    }
    flush();
  }

  void bar(const TimelinePiece& piece, double begin, double end, int y, const char* colour, std::uint64_t spans,
           bool open) {
    const Palette& colours = canvas_->colours();
    const double width = end - begin;
    if (open) {
      // It never ended: an arrow that leaves the picture.
      const double body = std::max(width - 7, 1.0);
      canvas_->rect(begin, y, body, kBar - 2, colour);
      canvas_->path("M" + coordinate(begin + body) + " " + coordinate(y) + " l7 " + coordinate((kBar - 2) / 2.0) +
                        " l-7 " + coordinate((kBar - 2) / 2.0) + " z",
                    colour);
    } else {
      canvas_->rect(begin, y, width, kBar - 2, colour, width > 6 ? 2 : 0);
    }
    // One that is nearly all of it gives its length; the others are counted.
    const bool one_length = piece.spans == 1 && x_of(piece.end) - x_of(piece.begin) > 0.8 * width;
    // What never ended has no length but that of the trial's rest.
    std::string label = !one_length ? std::to_string(spans) + " times"
                        : open      ? ""
                                    : human_length(piece.end - piece.begin);
    if (one_length && spans > 1) label += " and " + std::to_string(spans - 1) + " more";
    if (spans == 1 && piece.context != 0 && RS_CTX_LEVEL(piece.context) != RS_CTX_TASK) {
      label += std::string(", ") + context_name(context_of(piece.context));
    }
    if (open)
      label = label.empty() ? "never ended" : label.starts_with(", ") ? "never ended" + label : label + ", never ended";
    if (text_width(label, 11) + 12 < width) {
      canvas_->text(begin + 5, y + 11, label, colours.ink_on_bar, Anchor::start, Weight::normal, 11);
    }
  }

  const Timeline& timeline_;
  TimeRange range_;
  Look look_;
  std::map<Timeline::Place, std::vector<TimelinePiece>> lanes_;  // what is in the range
  std::set<int> vcpus_;
  std::vector<std::pair<TimelineNote, std::size_t>> notes_;
  std::size_t rows_of_notes_ = 0;
  double left_ = 0, right_ = 0;
  int lane_ = 0, top_ = 0, bottom_ = 0;
  bool shaded_ = false;
  std::optional<SvgCanvas> canvas_;
};

}  // namespace

std::string timeline_svg(const Timeline& timeline, TimeRange range, const std::vector<TimelineNote>& notes,
                         const std::string& title, Look look) {
  return Drawing(timeline, range, notes, look).draw(title);
}

}  // namespace remapstorm
