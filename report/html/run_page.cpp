// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <tuple>

#include "report/html/pages.h"
#include "report/html/trials_svg.h"
#include "report/text.h"

namespace remapstorm {
namespace {

constexpr std::size_t kMostTrialRows = 500;

// Trials of one scenario that came to the same.
struct OutcomeRow {
  const RecordedTrial* first = nullptr;
  std::uint64_t count = 0, ok = 0;
  std::vector<Nanoseconds> durations;
  std::string page;  // of the first trial that has one
};

using OutcomeKey = std::tuple<bool, std::string, std::string, std::string>;  // expected ones last

std::map<OutcomeKey, OutcomeRow> outcomes_of(const RunRecord& run, const std::map<std::size_t, std::string>& pages) {
  std::map<OutcomeKey, OutcomeRow> rows;
  for (std::size_t i = 0; i < run.trials.size(); ++i) {
    const RecordedTrial& trial = run.trials[i];
    OutcomeRow& row = rows[{trial.ok, trial.scenario, trial.strategy + "\n" + trial.flavour, outcome_of(trial)}];
    if (row.first == nullptr) row.first = &trial;
    ++row.count;
    if (trial.ok) ++row.ok;
    row.durations.push_back(trial.duration);
    if (const auto page = pages.find(i); row.page.empty() && page != pages.end()) row.page = page->second;
  }
  return rows;
}

std::string median_of(std::vector<Nanoseconds> lengths) {
  const auto middle = lengths.begin() + static_cast<std::ptrdiff_t>((lengths.size() - 1) / 2);
  std::nth_element(lengths.begin(), middle, lengths.end());
  return *middle > Nanoseconds{0} ? human_length(*middle) : std::string();
}

std::string where_of(const RecordedTrial& trial) {
  return trial.strategy + (trial.flavour.empty() ? "" : ", " + trial.flavour);
}

void write_outcomes(Page& page, const std::map<OutcomeKey, OutcomeRow>& rows) {
  page.section("outcomes", "What came of it");
  RowTable table(page.body(), "Outcomes, those not expected first",
                 {"Scenario", "Verdict", "Expected", "Trials", "Median", "Fingerprint"});
  for (const auto& [key, row] : rows) {
    const RecordedTrial& trial = *row.first;
    const auto scenario = [&trial, page = row.page](Markup& out) {
      RowTable::link(page, trial.scenario)(out);
      out.leaf("small", where_of(trial), {}, 100);
    };
    table.row({scenario, RowTable::badge(trial.verdict), RowTable::text(row.ok == row.count ? "yes" : "no"),
               RowTable::text(std::to_string(row.count)), RowTable::text(median_of(row.durations)),
               trial.fingerprint.empty()
                   ? RowTable::text(trial.summary.empty() && !trial.error.empty() ? trial.error : trial.summary)
                   : RowTable::code(trial.fingerprint)},
              row.ok == row.count ? "" : "unexpected");
  }
  table.end();
  page.end_section();
}

void write_trials(Page& page, const RunRecord& run, const std::map<std::size_t, std::string>& pages) {
  page.section("trials", "Trials");
  // A sweep keeps of a trial that is as expected neither windows nor what it started from.
  const bool sweep = run.kind == RunRecord::Kind::sweep;
  std::vector<std::string> columns = {"Trial", "Verdict", "Lasted"};
  if (!sweep) columns.insert(columns.end(), {"Windows", "Started from"});
  RowTable table(page.body(), sweep ? "Cell by cell" : "In the order they ran", columns);
  for (std::size_t i = 0; i < std::min(run.trials.size(), kMostTrialRows); ++i) {
    const RecordedTrial& trial = run.trials[i];
    const auto found = pages.find(i);
    std::string windows = trial.verdict ? length_words(trial.windows) : "";
    if (trial.break_to_make && trial.windows.count != 0) windows = "break to make: " + windows;
    std::vector<RowTable::Cell> row = {
        RowTable::link(found == pages.end() ? "" : found->second, trial_title(trial, run.trials.size())),
        RowTable::badge(trial.verdict), RowTable::text(trial.verdict ? human_length(trial.duration) : "")};
    if (!sweep) {
      row.push_back(RowTable::text(windows));
      row.push_back(RowTable::text(!trial.verdict ? "" : trial.booted ? "a boot" : "a snapshot"));
    }
    table.row(row, trial.ok ? "" : "unexpected");
  }
  table.end();
  const std::uint64_t more = run.trials.size() - std::min(run.trials.size(), kMostTrialRows) + run.trials_left_out;
  if (more != 0) page.paragraph(counted(more, "more trial") + " in " + (sweep ? "sweep.json." : "results.json."));
  if (sweep) {
    page.paragraph(
        "A sweep keeps a recording of what was not as expected and one of each verdict of a cell; these have "
        "pages.",
        "state");
  } else if (pages.size() < run.trials.size()) {
    page.paragraph("A trial without a link has no page here; `remapstorm report` of its folder makes one.", "state");
  }
  page.end_section();
}

}  // namespace

std::vector<PageFile> run_page(const RunRecord& run, const std::map<std::size_t, std::string>& pages,
                               const std::string& home, const std::vector<Page::Link>& trail) {
  std::vector<PageFile> files;
  const std::uint64_t all = run.trials.size() + run.trials_left_out;
  const auto wrong = static_cast<std::uint64_t>(
      std::count_if(run.trials.begin(), run.trials.end(), [](const RecordedTrial& trial) { return !trial.ok; }));
  Page page(run.name, home, trail);
  const bool good = wrong == 0 && !run.trials.empty();
  page.headline(run.name,
                good                 ? "AS EXPECTED"
                : run.trials.empty() ? "NOTHING RAN"
                                     : "NOT AS EXPECTED",
                good ? "good" : "bad",
                good ? counted(all, "trial") + ", every verdict as expected"
                     : std::to_string(wrong) + " of " + counted(all, "trial") + " not as expected");
  page.facts({{"Host", host_words(run.host)},
              {"Guest", guest_words(run.guest) + (run.guest.flavour.empty() ? "" : ", " + run.guest.flavour)},
              {"Started", readable_time(run.started_at)},
              {"remapstorm", run.version}});
  page.warnings("Not everything is here", run.missing);
  write_outcomes(page, outcomes_of(run, pages));
  if (has_trial_lengths(run)) {
    page.section("windows", "Windows over the trials");
    const std::string alt = "Median and longest window of each trial, logarithmic; the table of trials has the figures";
    add_picture(files, "windows", [&](Look look) { return trials_svg(run, alt, look); });
    page.picture("windows", alt, "From the median window of each trial up to the longest");
    page.end_section();
  }
  write_trials(page, run, pages);
  page.end_with("remapstorm " + run.version + ", from " + run.name);
  files.insert(files.begin(), PageFile{"index.html", page.take()});
  return files;
}

}  // namespace remapstorm
