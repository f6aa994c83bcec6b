// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <set>

#include "base/plural.h"
#include "report/plain_lines.h"
#include "report/sweep.h"
#include "report/text.h"
#include "results/exit_code.h"

namespace remapstorm {
namespace {

constexpr std::size_t kColumnGap = 2;
constexpr std::size_t kNarrowest = 10;  // of a host's column
constexpr std::size_t kMostUnexpected = 20;

struct SweepRow {
  std::string scenario, strategy, flavour;
  bool operator==(const SweepRow&) const = default;
};

std::vector<SweepRow> sweep_rows(const Sweep& sweep) {
  std::vector<SweepRow> rows;
  for (const SweepCell& cell : sweep.cells.made) {
    const SweepRow row{cell.scenario, cell.strategy, cell.flavour};
    if (rows.empty() || !(rows.back() == row)) rows.push_back(row);
  }
  return rows;
}

struct Widths {
  std::size_t scenario = 8, strategy = 8, flavour = 7, host = kNarrowest;
};

Widths widths_of(const Sweep& sweep, const std::vector<SweepRow>& rows, std::size_t width) {
  Widths widths;
  for (const SweepRow& row : rows) {
    widths.scenario = std::max(widths.scenario, columns(row.scenario));
    widths.strategy = std::max(widths.strategy, columns(row.strategy));
    widths.flavour = std::max(widths.flavour, columns(row.flavour));
  }
  const std::size_t hosts = std::max<std::size_t>(1, sweep.matrix.hosts.size());
  const std::size_t rest = widths.strategy + widths.flavour + 2 * kColumnGap + hosts * kColumnGap;
  // Long names of scenarios give way first.
  const std::size_t room = width > rest + hosts * kNarrowest ? width - rest - hosts * kNarrowest : kNarrowest;
  widths.scenario = std::min(widths.scenario, room);
  const std::size_t used = rest + widths.scenario;
  widths.host = std::max(kNarrowest, width > used ? (width - used) / hosts : kNarrowest);
  return widths;
}

std::vector<std::string> wrapped_counts(const std::vector<SweepCount>& counts, std::size_t width) {
  if (counts.empty()) return {"-"};
  std::vector<std::string> lines(1);
  for (const SweepCount& one : counts) {
    const std::string word = std::to_string(one.count) + " " + one.word + (one.unexpected ? "!" : "");
    if (!lines.back().empty() && columns(lines.back()) + 1 + columns(word) > width) lines.emplace_back();
    lines.back() += (lines.back().empty() ? "" : " ") + word;
  }
  return lines;
}

Tone tone_of(const std::vector<SweepCount>& counts) {
  Tone tone = Tone::plain;
  for (const SweepCount& one : counts) {
    if (one.unexpected && one.word != "not run") return Tone::bad;
    if (one.unexpected) tone = Tone::warn;
  }
  return tone;
}

void write_row(TextWriter& out, const Sweep& sweep, const SweepRow& row, const Widths& widths) {
  std::vector<std::vector<std::string>> cells;
  std::size_t height = 1;
  Tone tone = Tone::plain;
  for (const std::string& host : sweep.matrix.hosts) {
    const auto counts = counts_of(sweep, {row.scenario, row.strategy, row.flavour, host});
    cells.push_back(wrapped_counts(counts, widths.host));
    height = std::max(height, cells.back().size());
    const Tone mine = tone_of(counts);
    if (mine == Tone::bad || tone == Tone::plain) tone = mine;
  }
  const std::string gap(kColumnGap, ' ');
  for (std::size_t line = 0; line < height; ++line) {
    std::string text = line == 0
                           ? pad(cut(row.scenario, widths.scenario), widths.scenario) + gap +
                                 pad(row.strategy, widths.strategy) + gap + pad(row.flavour, widths.flavour)
                           : std::string(widths.scenario + widths.strategy + widths.flavour + 2 * kColumnGap, ' ');
    for (const auto& cell : cells) text += gap + pad(line < cell.size() ? cell[line] : "", widths.host);
    text.erase(text.find_last_not_of(' ') + 1);
    out.line(text, tone);
  }
}

void write_unexpected(TextWriter& out, const Sweep& sweep) {
  std::size_t told = 0, more = 0;
  for (const SweepCell& cell : sweep.cells.made) {
    for (const SweepTrial* trial : sweep.trials_of(cell)) {
      if (trial->ok) continue;
      if (told++ >= kMostUnexpected) {
        ++more;
        continue;
      }
      if (told == 1) {
        out.line();
        out.line("Not as expected", Tone::strong);
      }
      out.wrapped("  ", name_of(cell) + ", seed " + std::to_string(trial->seed) + ": " +
                            (trial->differences.empty() ? trial->reason : trial->differences.front()));
      // A command is for copying: never cut.
      out.raw("    " + printable(trial->repeat));
    }
  }
  if (more != 0) out.line("  and " + std::to_string(more) + " more, in sweep.json");
}

// Why cells did not run, each reason once.
void write_gaps(TextWriter& out, const Sweep& sweep) {
  std::map<std::string, std::pair<std::size_t, const SweepGap*>> reasons;
  for (const SweepGap& gap : sweep.gaps) {
    auto& [count, first] = reasons[gap.cell.host + ": " + gap.why.message];
    if (count++ == 0) first = &gap;
  }
  if (reasons.empty()) return;
  out.line();
  out.line("Not run", Tone::strong);
  for (const auto& [reason, cells] : reasons) {
    out.wrapped("  ", reason + " (" + plural(cells.first, "cell") + ")");
    if (!cells.second->why.hint.empty()) out.wrapped("    HINT: ", cells.second->why.hint, Tone::warn);
  }
}

}  // namespace

void write_sweep_table(std::ostream& out, TerminalStyle style, const Sweep& sweep) {
  TextWriter writer(out, style);
  const std::vector<SweepRow> rows = sweep_rows(sweep);
  const Widths widths = widths_of(sweep, rows, style.width);
  const std::string gap(kColumnGap, ' ');
  std::string head =
      pad("scenario", widths.scenario) + gap + pad("strategy", widths.strategy) + gap + pad("flavour", widths.flavour);
  for (const std::string& host : sweep.matrix.hosts) head += gap + pad(cut(host, widths.host), widths.host);
  head.erase(head.find_last_not_of(' ') + 1);
  writer.line(head, Tone::strong);
  for (const SweepRow& row : rows) write_row(writer, sweep, row, widths);
  write_unexpected(writer, sweep);
  write_gaps(writer, sweep);
  writer.line();
  if (const std::string host = host_line(sweep); !host.empty()) writer.wrapped("", printable(host), Tone::dim);
  writer.wrapped("", sweep_summary(sweep), sweep_exit_code(sweep) == kExitOk ? Tone::good : Tone::bad);
}

}  // namespace remapstorm
