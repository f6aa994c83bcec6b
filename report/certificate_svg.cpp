// SPDX-License-Identifier: Apache-2.0
// The disassembly of a window, each boundary coloured by what injecting there did. Rows run down columns of equal
// height, so that a window of some hundred instructions fits a screen. Colours stand as attributes, too: a reader that
// forbids styles shows the light ones.
#include <algorithm>
#include <sstream>

#include "base/hex.h"
#include "report/certificate.h"
#include "report/text.h"

namespace remapstorm {
namespace {

constexpr int kRow = 16, kHead = 20, kMargin = 24, kPictureGap = 36;
constexpr int kField = 22, kOffset = 74, kFlags = 36;
constexpr int kLetter = 7;                // advance of the 11.5 px monospace font, rounded up
constexpr std::size_t kMostLetters = 58;  // of an instruction
constexpr std::size_t kMostRows = 56;     // of a column
constexpr int kLegendItem = 108;

struct Colour {
  const char* name;  // class
  const char* light;
  const char* light_ink;
  const char* dark;
  const char* dark_ink;
};

// Told apart by people who do not see red and green as different, and by their letters.
constexpr Colour kClean{"clean", "#2e7d6b", "#ffffff", "#4fb39a", "#0c1f1a"};
constexpr Colour kDeadlock{"deadlock", "#b3261e", "#ffffff", "#f2756b", "#2a0605"};
constexpr Colour kStall{"stall", "#e0a100", "#201700", "#f0c04a", "#201700"};
constexpr Colour kReport{"report", "#6a3fa0", "#ffffff", "#b794e6", "#1b0d30"};
constexpr Colour kHang{"hang", "#37474f", "#ffffff", "#9fb3bd", "#10181c"};
constexpr Colour kSkipped{"skipped", "#ffffff", "#6b6b6b", "#1d2024", "#9a9fa6"};
constexpr Colour kColours[] = {kClean, kDeadlock, kStall, kReport, kHang, kSkipped};

const Colour& colour_of(const ExploredTrial* trial) {
  if (trial == nullptr) return kSkipped;
  switch (trial->verdict) {
    case Verdict::clean:
      return kClean;
    case Verdict::deadlock:
      return kDeadlock;
    case Verdict::stall:
      return kStall;
    case Verdict::oops:
    case Verdict::lockdep:
    case Verdict::bug:
    case Verdict::lost_update:
      return kReport;
    case Verdict::hang:
    case Verdict::timeout:
    case Verdict::error:
      return kHang;
  }
  return kHang;
}

// A row of the picture: a function's name, or a boundary.
struct PictureRow {
  std::optional<std::size_t> boundary;
  std::string title;
};

std::vector<PictureRow> picture_rows(const Certificate& certificate, std::size_t per_column) {
  std::vector<PictureRow> rows;
  const std::string* last = nullptr;
  for (std::size_t i = 0; i < certificate.boundaries.size(); ++i) {
    const Boundary& boundary = certificate.boundaries[i];
    const bool column_begins = rows.size() % per_column == 0;
    if (last == nullptr || *last != boundary.symbol || column_begins) {
      // No function's name as the last row of a column.
      if (rows.size() % per_column == per_column - 1) rows.push_back({});
      rows.push_back({std::nullopt, (boundary.symbol.empty() ? "(no symbol)" : boundary.symbol) + ", " +
                                        std::string(code_owner_name(boundary.code))});
    }
    rows.push_back({i, {}});
    last = &boundary.symbol;
  }
  return rows;
}

class Picture {
 public:
  explicit Picture(const Certificate& certificate) : certificate_(certificate) {
    // As few columns as their height allows, and those of equal height.
    const std::size_t whole = picture_rows(certificate, kMostRows).size();
    const std::size_t wanted = std::max<std::size_t>(1, (whole + kMostRows - 1) / kMostRows);
    per_column_ = std::max<std::size_t>(8, (whole + wanted - 1) / wanted);
    rows_ = picture_rows(certificate, per_column_);
    std::size_t longest = 24;
    for (const Boundary& one : certificate.boundaries) {
      longest = std::max(longest, std::min(kMostLetters, one.text.size()));
    }
    fields_ = kField * static_cast<int>(certificate.injections.size()) + 8;
    column_ = fields_ + kFlags + kOffset + static_cast<int>(longest) * kLetter;
    columns_ = std::max<int>(1, static_cast<int>((rows_.size() + per_column_ - 1) / per_column_));
    top_ = kMargin + 96 + kHead;
    const int rows = static_cast<int>(std::min(rows_.size(), per_column_));
    width_ =
        std::max(2 * kMargin + columns_ * column_ + (columns_ - 1) * kPictureGap, 2 * kMargin + 6 * kLegendItem + 220);
    height_ = top_ + rows * kRow + 2 * kMargin + 30;
  }

  std::string draw() {
    open();
    heading();
    for (int column = 0; column < columns_; ++column) column_heads(column);
    for (std::size_t i = 0; i < rows_.size(); ++i) row(i);
    foot();
    out_ << "</svg>\n";
    return out_.str();
  }

 private:
  void text(int x, int y, const char* kind, const std::string& content, const char* more = "") {
    const bool dim = std::string_view(kind) == "dim";
    const bool mono = std::string_view(kind) == "mono" || dim;
    out_ << "<text x=\"" << x << "\" y=\"" << y << "\" class=\"" << kind << "\" fill=\""
         << (dim ? "#5f6368" : "#1b1c1e") << "\" font-family=\""
         << (mono ? "ui-monospace, 'DejaVu Sans Mono', monospace" : "system-ui, sans-serif")
         << "\" font-size=\"11.5\" xml:space=\"preserve\" " << more << '>' << xml_text(content) << "</text>\n";
  }

  void open() {
    out_ << "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " << width_ << ' ' << height_ << "\" width=\""
         << width_ << "\" height=\"" << height_ << "\" role=\"img\" aria-labelledby=\"title\">\n"
         << "<title id=\"title\">" << xml_text(title()) << "</title>\n<style>\n@media (prefers-color-scheme: dark) {\n"
         << "  .paper { fill: #15171a }\n  .mono, .plain, .strong { fill: #e6e7e9 }\n  .dim { fill: #9aa0a6 }\n"
         << "  .line { stroke: #3a3f45 }\n";
    for (const Colour& one : kColours) {
      out_ << "  .f-" << one.name << " { fill: " << one.dark << " }\n  .i-" << one.name << " { fill: " << one.dark_ink
           << " }\n";
    }
    out_ << "}\n</style>\n<rect class=\"paper\" width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n";
  }

  [[nodiscard]] std::string title() const {
    return "Window " + certificate_.window + ", strategy " + certificate_.strategy + ": " +
           std::to_string(certificate_.boundaries.size()) + " instruction boundaries (" +
           std::to_string(certificate_.count_code(CodeOwner::harness)) + " of the harness), " +
           std::to_string(certificate_.trials.size()) + " of " + std::to_string(certificate_.points()) + " trials, " +
           (certificate_.complete() ? "complete" : "NOT complete");
  }

  void heading() {
    text(kMargin, kMargin + 12, "strong", title(), "font-weight=\"600\" style=\"font-size:16px\"");
    text(kMargin, kMargin + 32, "plain",
         "Guest Linux " + certificate_.guest.kernel_version + " (" + certificate_.flavour + "), host " +
             certificate_.host.kind + ", " + certificate_.host.architecture + ", calls " +
             (certificate_.calls_followed ? "followed" : "stepped over") +
             (certificate_.pairs.empty() ? "" : "; pairs at two boundaries: see certificate.txt"));
    int x = kMargin;
    const int y = kMargin + 50;
    static constexpr std::pair<const Colour*, const char*> kLegend[] = {{&kClean, "clean"}, {&kDeadlock, "deadlock"},
                                                                        {&kStall, "stall"}, {&kReport, "oops, bug"},
                                                                        {&kHang, "hang"},   {&kSkipped, "skipped"}};
    for (const auto& [colour, name] : kLegend) {
      if (!used(*colour)) continue;
      field(x, y, *colour, std::string(1, static_cast<char>(name[0] - 'a' + 'A')), name);
      text(x + kField + 6, y + 12, "plain", name);
      x += kLegendItem;
    }
    text(x, y + 12, "dim",
         "dot: taken at a later instruction   grey: code of the harness   IF: interrupts on (+) or off (-)   E: entry "
         "clear (.) or present (#)");
  }

  [[nodiscard]] bool used(const Colour& colour) const {
    if (&colour == &kSkipped) return certificate_.trials.size() != certificate_.points();
    return std::any_of(certificate_.trials.begin(), certificate_.trials.end(),
                       [&](const ExploredTrial& one) { return colour_of(&one).name == colour.name; });
  }

  [[nodiscard]] int left(int column) const { return kMargin + column * (column_ + kPictureGap); }

  void column_heads(int column) {
    const int y = top_ - 8;
    int x = left(column);
    for (std::size_t i = 0; i < certificate_.injections.size(); ++i) {
      const std::string& name = certificate_.injections[i];
      // Names that do not fit a field are numbered; the foot says what the numbers mean.
      text(x + kField / 2 - 1, y, "dim", name.size() <= 4 ? name : std::to_string(i + 1),
           "text-anchor=\"middle\" style=\"font-size:9px\"");
      x += kField;
    }
    text(left(column) + fields_, y, "dim", "IF E", "style=\"font-size:9px\"");
    out_ << "<line class=\"line\" x1=\"" << left(column) << "\" y1=\"" << top_ - 4 << "\" x2=\""
         << left(column) + column_ << "\" y2=\"" << top_ - 4 << "\" stroke=\"#c4c7cc\"/>\n";
  }

  void field(int x, int y, const Colour& colour, const std::string& letter, const std::string& tip) {
    out_ << "<g><title>" << xml_text(tip) << "</title><rect class=\"f-" << colour.name << "\" x=\"" << x << "\" y=\""
         << y << "\" width=\"" << kField - 2 << "\" height=\"" << kRow - 2 << "\" rx=\"2\" fill=\"" << colour.light
         << '"';
    if (colour.name == kSkipped.name) out_ << " stroke=\"#9a9fa6\" stroke-dasharray=\"2 2\"";
    out_ << "/><text class=\"i-" << colour.name << "\" x=\"" << x + (kField - 2) / 2 << "\" y=\"" << y + 11
         << "\" text-anchor=\"middle\" font-family=\"system-ui, sans-serif\" font-size=\"10\" fill=\""
         << colour.light_ink << "\">" << letter << "</text></g>\n";
  }

  [[nodiscard]] std::string tip(std::size_t index, const std::string& inject, const ExploredTrial* trial) const {
    std::string words = inject + " at " + name_of(certificate_.boundaries[index]) + ": ";
    if (trial == nullptr) {
      const SkippedPoint* skip = certificate_.skip(index, inject);
      return words + "skipped" + (skip != nullptr ? ": " + skip->reason : "");
    }
    words += std::string(verdict_name(trial->verdict)) + "; " + trial->reason;
    for (const TakenAt& at : trial->taken) {
      words += "; taken at " + place_of(at.symbol, at.offset, at.pc) + " (" + at.context + ")";
    }
    return words;
  }

  void row(std::size_t number) {
    const PictureRow& row = rows_[number];
    const int column = static_cast<int>(number / per_column_);
    const int y = top_ + static_cast<int>(number % per_column_) * kRow;
    const int x = left(column);
    if (!row.boundary) {
      if (!row.title.empty()) text(x, y + 12, "mono", cut(row.title, 60) + ":", "font-weight=\"600\"");
      return;
    }
    const Boundary& boundary = certificate_.boundaries[*row.boundary];
    for (std::size_t i = 0; i < certificate_.injections.size(); ++i) {
      const std::string& inject = certificate_.injections[i];
      const ExploredTrial* trial = certificate_.trial(*row.boundary, inject);
      const std::string letter =
          trial == nullptr ? "-" : std::string(1, static_cast<char>(verdict_name(trial->verdict)[0] - 'a' + 'A'));
      field(x + kField * static_cast<int>(i), y + 1, colour_of(trial), letter, tip(*row.boundary, inject, trial));
      if (trial != nullptr && !trial->taken.empty() && trial->taken.front().boundary != row.boundary) {
        const Colour& colour = colour_of(trial);
        out_ << "<circle class=\"i-" << colour.name << "\" cx=\"" << x + kField * static_cast<int>(i) + kField - 6
             << "\" cy=\"" << y + 5 << "\" r=\"1.8\" fill=\"" << colour.light_ink << "\"/>\n";
      }
    }
    const std::string flags =
        std::string(boundary.interrupts_on ? "+" : "-") + (boundary.entry == EntryState::clear     ? " ."
                                                           : boundary.entry == EntryState::present ? " #"
                                                                                                   : "  ");
    text(x + fields_, y + 12, "dim", flags);
    text(x + fields_ + kFlags, y + 12, "dim",
         "+" + hex(boundary.symbol.empty() ? boundary.pc.value : boundary.offset) +
             (boundary.visit > 1 ? "/" + std::to_string(boundary.visit) : ""));
    // Our own instructions step back, wherever they are.
    text(x + fields_ + kFlags + kOffset, y + 12, boundary.code == CodeOwner::harness ? "dim" : "mono",
         cut(boundary.text, kMostLetters));
  }

  void foot() {
    const int y = height_ - kMargin;
    std::string names;
    for (std::size_t i = 0; i < certificate_.injections.size(); ++i) {
      if (certificate_.injections[i].size() > 4) {
        names += std::to_string(i + 1) + " " + certificate_.injections[i] + "   ";
      }
    }
    text(kMargin, y, "dim",
         names + "series " + certificate_.guest.series_sha256.substr(0, 12) + "  kernel " +
             certificate_.guest.vmlinux_sha256.substr(0, 12) + "  remapstorm " + certificate_.harness + "  " +
             certificate_.made_at);
  }

  const Certificate& certificate_;
  std::size_t per_column_ = kMostRows;
  std::vector<PictureRow> rows_;
  std::ostringstream out_;
  int fields_ = 0, column_ = 0, columns_ = 1, top_ = 0, width_ = 0, height_ = 0;
};

}  // namespace

std::string certificate_svg(const Certificate& certificate) { return Picture(certificate).draw(); }

}  // namespace remapstorm
