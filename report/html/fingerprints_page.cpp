// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "report/html/activity_svg.h"
#include "report/html/pages.h"

namespace remapstorm {
namespace {

constexpr std::size_t kMostListed = 500;

std::string joined(const std::set<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

class IndexPage {
 public:
  IndexPage(const FingerprintIndex& index, const std::map<std::string, std::string>& reports)
      : index_(index), reports_(reports), rows_(index.rows()), page_("Runs", "", {}) {
    for (const FingerprintRow& row : rows_) {
      if (!row.by_day.empty()) last_day_ = std::max(last_day_, row.by_day.rbegin()->first);
    }
  }

  std::vector<PageFile> write() {
    head();
    section("unexpected", "Not as expected", [](const FingerprintRow& row) { return row.unexpected != 0; });
    section("expected", "Failures that were expected, or looked for",
            [](const FingerprintRow& row) { return row.unexpected == 0 && row.verdict != Verdict::clean; });
    section("clean", "Clean",
            [](const FingerprintRow& row) { return row.unexpected == 0 && row.verdict == Verdict::clean; });
    runs();
    page_.end_with("remapstorm, over " + counted(index_.run_count(), "run"));
    files_.insert(files_.begin(), PageFile{"index.html", page_.take()});
    return std::move(files_);
  }

 private:
  void head() {
    std::uint64_t unexpected = 0, classes = 0;
    for (const FingerprintRow& row : rows_) {
      unexpected += row.unexpected;
      if (row.unexpected != 0) ++classes;
    }
    page_.headline(
        "Runs", unexpected == 0 ? "AS EXPECTED" : counted(classes, "WAY") + " TO FAIL",
        unexpected == 0 ? "good" : "bad",
        counted(index_.trial_count(), "trial") + " of " + counted(index_.run_count(), "run") +
            (unexpected == 0 ? ", nothing unexpected" : ", " + std::to_string(unexpected) + " not as expected"));
    std::vector<std::string> missing = index_.unreadable();
    if (index_.unreadable_count() > missing.size()) {
      missing.push_back(std::to_string(index_.unreadable_count() - missing.size()) + " more cannot be read");
    }
    if (index_.rows_left_out() != 0) {
      missing.push_back(counted(index_.rows_left_out(), "trial") + " with fingerprints beyond the first " +
                        std::to_string(FingerprintIndex::kMostRows) + " are counted nowhere below");
    }
    page_.warnings("Not everything is here", missing);
  }

  template <typename Wanted>
  void section(const std::string& id, const std::string& title, Wanted wanted) {
    if (std::none_of(rows_.begin(), rows_.end(), wanted)) return;
    page_.section(id, title);
    RowTable table(page_.body(), "The most frequent first",
                   {"What", "Trials", "First seen", "Last seen", "30 days", "Where", "Newest"});
    std::size_t number = 0;
    for (const FingerprintRow& row : rows_) {
      if (!wanted(row) || ++number > kMostListed) continue;
      table.row(cells(row, id + "-" + std::to_string(number)), row.unexpected != 0 ? "unexpected" : "");
    }
    table.end();
    if (number > kMostListed) page_.paragraph(counted(number - kMostListed, "rarer one") + " left out.");
    page_.end_section();
  }

  std::vector<RowTable::Cell> cells(const FingerprintRow& row, const std::string& id) {
    const auto what = [&row](Markup& out) {
      RowTable::badge(row.verdict)(out);
      out.text(" ");
      if (row.fingerprint.empty()) {
        out.text(row.summary, 200);
      } else {
        out.leaf("code", row.fingerprint, {}, 300);
        out.leaf("small", row.summary, {}, 200);
      }
    };
    const auto where = [&row](Markup& out) {
      out.text(joined(row.scenarios), 400);
      out.leaf("small", joined(row.strategies) + "; " + joined(row.flavours) + "; " + joined(row.hosts), {}, 400);
    };
    const std::string file = "activity-" + id + ".svg";
    const std::string alt = "Trials a day over the 30 days until " + last_day_;
    const bool dated = !row.by_day.empty();
    if (dated) files_.push_back({file, activity_svg(row.by_day, last_day_, alt)});
    const auto activity = [file, alt, dated](Markup& out) {
      if (dated) out.empty("img", {{"src", file}, {"alt", alt}, {"class", "activity"}});
    };
    std::string count = std::to_string(row.count);
    if (row.unexpected != 0 && row.unexpected != row.count)
      count += ", " + std::to_string(row.unexpected) + " unexpected";
    const std::string runs = counted(row.runs, "run");
    const auto counts = [count, runs](Markup& out) { out.leaf("b", count).leaf("small", "in " + runs); };
    return {what,
            counts,
            RowTable::text(readable_time(row.first_seen)),
            RowTable::text(readable_time(row.last_seen)),
            activity,
            where,
            RowTable::link(report_of(row.newest_run), row.newest_run)};
  }

  [[nodiscard]] std::string report_of(const std::string& run) const {
    const auto found = reports_.find(run);
    return found == reports_.end() ? std::string() : found->second;
  }

  void runs() {
    const std::vector<RunRow> newest = index_.runs();
    page_.section("runs", "Runs");
    RowTable table(page_.body(), "The newest first", {"Run", "Started", "What", "Verdicts", "Host"});
    for (const RunRow& row : newest) {
      std::string verdicts;
      for (const auto& [verdict, count] : row.verdicts) {
        verdicts += (verdicts.empty() ? "" : ", ") + std::to_string(count) + " " + verdict;
      }
      table.row({RowTable::link(report_of(row.name), row.name), RowTable::text(readable_time(row.started_at)),
                 RowTable::text(row.what), RowTable::text(verdicts), RowTable::text(row.host)},
                row.unexpected != 0 ? "unexpected" : "");
    }
    table.end();
    if (newest.size() < index_.run_count()) {
      page_.paragraph(counted(index_.run_count() - newest.size(), "older run") + " are counted above and not listed.");
    }
    page_.end_section();
  }

  const FingerprintIndex& index_;
  const std::map<std::string, std::string>& reports_;
  std::vector<FingerprintRow> rows_;
  Page page_;
  std::vector<PageFile> files_;
  std::string last_day_;
};

}  // namespace

std::vector<PageFile> fingerprints_page(const FingerprintIndex& index,
                                        const std::map<std::string, std::string>& reports) {
  return IndexPage(index, reports).write();
}

}  // namespace remapstorm
