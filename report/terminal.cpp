// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/proportion.h"
#include "report/terminal_finding.h"
#include "report/text.h"
#include "results/exit_code.h"

namespace remapstorm {
namespace {

std::string short_hash(const std::string& hash) { return hash.substr(0, 12); }

const Finding* deciding(const TrialResult& trial) {
  const auto& findings = trial.judgement.findings;
  if (!trial.verdict || findings.empty() || findings.front().verdict != *trial.verdict) return nullptr;
  return &findings.front();
}

// What makes this verdict special, in a few words; empty if nothing does.
std::string remark(const TrialResult& trial) {
  const Finding* finding = deciding(trial);
  if (finding == nullptr) return {};
  if (finding->verdict == Verdict::deadlock && finding->injection) {
    return human_length(finding->proven_at - finding->injection->time) + " from injection to proof";
  }
  if (finding->verdict == Verdict::stall) {
    return human_length(finding->length) + ", " + human_length(finding->imposed) + " of it imposed";
  }
  return {};
}

class TerminalReport final : public Report {
 public:
  TerminalReport(std::ostream& out, TerminalStyle style) : out_(out, style), style_(style) {}

  void run_begins(const RunInfo& run, std::size_t) override {
    repeat_ = run.repeat;
    one_trial_ = run.one_trial;
    if (style_.quiet) return;
    out_.raw(out_.paint(Tone::strong, "remapstorm " + run.version));
    if (!run.host.kind.empty()) {
      out_.wrapped("  host   ",
                   run.host.kind + ", " + run.host.architecture + ", Linux " + run.host.kernel + ", " + run.host.cpu);
    }
    if (!run.guest.kernel_version.empty()) {
      out_.wrapped("  guest  ", "Linux " + run.guest.kernel_version + ", flavour " + run.guest.flavour + ", image " +
                                    short_hash(run.guest.hash));
    }
  }

  void scenario_begins(const Plan& plan) override {
    if (style_.quiet) return;
    out_.line();
    out_.rule();
    out_.raw(out_.paint(Tone::strong, plan.scenario));
    out_.wrapped("  ", plan.summary);
    std::string setup = "strategy " + plan.strategy + ", flavour " + plan.flavour + ", " + std::to_string(plan.cpus) +
                        (plan.cpus == 1 ? " vCPU, " : " vCPUs, ") + std::to_string(plan.memory >> 20) + " MiB, seed " +
                        std::to_string(plan.seed);
    if (plan.base != KernelBase::unknown) setup += ", base " + std::string(kernel_base_name(plan.base));
    if (!plan.claims.empty()) setup += ", claims";
    for (const std::string& claim : plan.claims) setup += " " + claim;
    out_.wrapped("  ", setup, Tone::dim);
    if (repeat_ > 1) out_.line();
  }

  void trial_ended(const TrialResult& trial) override {
    if (repeat_ > 1 && trial.verdict) {
      compact(trial);
    } else {
      in_full(trial);
    }
  }

  void scenario_ended(const ScenarioResults& results) override {
    if (repeat_ <= 1 || (style_.quiet && exit_code(std::span(&results, 1)) == 0)) return;
    if (results.trials.size() == 1 && !results.trials.front().verdict) return;  // was told whole
    table(results);
    if (const std::string repeated = repeated_line(results); !repeated.empty()) out_.wrapped("  ", repeated);
  }

  void run_ended(const RunInfo& run, std::span<const ScenarioResults> results) override {
    if (!style_.quiet) {
      out_.line();
      out_.rule();
    }
    out_.line(summary_line(results), exit_code(results) == 0 ? Tone::good : Tone::bad);
    // Paths and commands are for copying: never cut.
    if (!run.output_directory.empty()) out_.raw("recorded in " + printable(run.output_directory));
    if (!run.html_report.empty()) out_.raw("report in   " + printable(run.html_report));
  }

 private:
  void outcome(const TrialResult& trial) {
    std::string title = out_.paint(verdict_tone(trial), verdict_title(trial));
    std::string rest;
    if (trial.ok) {
      rest = "  as expected";
    } else if (trial.verdict) {
      rest = "  " + out_.paint(Tone::bad, "NOT as expected (" + std::string(verdict_name(trial.expected)) + ")");
    }
    const std::string special = remark(trial);
    if (trial.duration > Nanoseconds{0}) rest += "  " + out_.paint(Tone::dim, "after " + human_length(trial.duration));
    if (!special.empty()) rest += "  " + out_.paint(Tone::dim, special);
    out_.raw("  " + title + rest);
  }

  void explain(const TrialResult& trial) {
    for (const std::string& line : trial.differences) out_.wrapped("    ", line, Tone::bad);
    if (!trial.error) return;
    // Reasons tell it where they are told.
    const auto& told = trial.reasons;
    if (std::find(told.begin(), told.end(), trial.error->message) == told.end()) {
      out_.wrapped("    ", trial.error->message, Tone::bad);
    }
    if (!trial.error->hint.empty()) out_.wrapped("    HINT: ", trial.error->hint, Tone::warn);
  }

  void in_full(const TrialResult& trial) {
    if (style_.quiet && trial.ok) return;
    out_.line();
    // scenario_begins has said the name already, if it was called at all.
    if (style_.quiet || !trial.verdict) out_.raw(out_.paint(Tone::strong, trial.scenario));
    outcome(trial);
    const Finding* finding = deciding(trial);
    if (finding == nullptr) {
      for (const std::string& reason : trial.reasons) out_.wrapped("    ", reason);
    }
    explain(trial);
    if (finding != nullptr) {
      out_.line();
      write_finding(out_, *finding);
    }
    const auto& findings = trial.judgement.findings;
    for (std::size_t i = 1; i < findings.size() && finding != nullptr; ++i) {
      out_.wrapped("  also: ", findings[i].summary, Tone::dim);
    }
    for (const std::string& note : trial.judgement.notes) out_.wrapped("  note: ", note, Tone::dim);
    if (trial.verdict && (style_.verbose || *trial.verdict == Verdict::clean || *trial.verdict == Verdict::stall)) {
      out_.line();
      out_.line("  What happened", Tone::strong);
      write_statistics(out_, trial.judgement.statistics);
    }
    if (trial.verdict && *trial.verdict != Verdict::clean) repeat_line(trial);
  }

  // Whole, to be pasted.
  void repeat_line(const TrialResult& trial) {
    if (trial.repeat.empty()) return;
    out_.line();
    out_.raw("  " + out_.paint(Tone::strong, "repeat it") + "  " + printable(trial.repeat));
  }

  void compact(const TrialResult& trial) {
    if (style_.quiet && trial.ok) return;
    // Trials by the number that --trial takes, from 0; attempts at one trial from 1.
    const std::string last = std::to_string(one_trial_ ? repeat_ : repeat_ - 1);
    std::string number = std::to_string(one_trial_ ? trial.attempt : trial.trial);
    number.insert(0, last.size() > number.size() ? last.size() - number.size() : 0, ' ');
    if (one_trial_) number = std::to_string(trial.trial) + ", time " + number + " of " + last;
    const std::string mark(trial.ok ? out_.glyph("✓", "ok") : out_.glyph("✗", "NOT OK"));
    std::string text = "  " + out_.paint(trial.ok ? Tone::good : Tone::bad, mark) + " trial " + number + "  " +
                       out_.paint(verdict_tone(trial), pad(verdict_title(trial), 18)) + " " +
                       pad(human_length(trial.duration), 8);
    text += " " + out_.paint(Tone::dim, remark(trial));
    out_.raw(text);
    if (trial.ok) return;
    if (trial.differences.empty()) {
      for (const std::string& reason : trial.reasons) out_.wrapped("      ", reason);
    }
    explain(trial);
    if (trial.error) repeat_line(trial);
  }

  void table(const ScenarioResults& results) {
    struct Row {
      std::uint64_t count = 0;
      std::uint64_t ok = 0;
      std::vector<Nanoseconds> durations;
    };
    std::map<std::string, Row> rows;
    for (const TrialResult& trial : results.trials) {
      Row& row = rows[verdict_title(trial)];
      ++row.count;
      if (trial.ok) ++row.ok;
      if (trial.verdict) row.durations.push_back(trial.duration);
    }
    out_.line();
    out_.line("  " + pad(results.scenario, 22) + pad("trials", 8) + pad("as expected", 13) + pad("shortest", 11) +
                  pad("median", 11) + "longest",
              Tone::strong);
    for (auto& [title, row] : rows) {
      std::sort(row.durations.begin(), row.durations.end());
      if (row.durations.empty()) {
        out_.line("  " + pad(title, 22) + std::to_string(row.count));
        continue;
      }
      out_.line("  " + pad(title, 22) + pad(std::to_string(row.count), 8) + pad(std::to_string(row.ok), 13) +
                pad(human_length(row.durations.front()), 11) +
                pad(human_length(row.durations[(row.durations.size() - 1) / 2]), 11) +
                human_length(row.durations.back()));
    }
    shares(results);
  }

  // How often each verdict comes, where trials of one plan end differently or are many.
  void shares(const ScenarioResults& results) {
    std::map<Verdict, std::uint64_t> counts;
    std::uint64_t trials = 0;
    for (const TrialResult& trial : results.trials) {
      if (!trial.verdict || *trial.verdict == Verdict::error) continue;
      ++counts[*trial.verdict];
      ++trials;
    }
    constexpr std::uint64_t kMany = 10;
    if (counts.size() < 2 && trials < kMany) return;
    for (const auto& [verdict, count] : counts) {
      const Interval range = proportion_95(count, trials);
      out_.line(fmt::format("  {} {} of {}: {:.3g} %; 95 % confidence, if they are independent: {:.3g} to {:.3g} %",
                            verdict_name(verdict), count, trials,
                            100.0 * static_cast<double>(count) / static_cast<double>(trials), 100 * range.low,
                            100 * range.high));
    }
  }

  TextWriter out_;
  TerminalStyle style_;
  std::uint64_t repeat_ = 1;
  bool one_trial_ = false;
};

}  // namespace

std::unique_ptr<Report> make_terminal_report(std::ostream& out, TerminalStyle style) {
  return std::make_unique<TerminalReport>(out, style);
}

std::string summary_line(std::span<const ScenarioResults> results) {
  std::uint64_t trials = 0, as_expected = 0, differ = 0, not_run = 0, failed = 0;
  std::vector<std::string> names;
  for (const ScenarioResults& scenario : results) {
    bool named = false;
    for (const TrialResult& trial : scenario.trials) {
      ++trials;
      if (exit_code(trial) == 0) {
        ++as_expected;
        continue;
      }
      if (!trial.verdict) {
        ++not_run;
      } else if (*trial.verdict == Verdict::error) {
        ++failed;
      } else {
        ++differ;
      }
      if (!named) names.push_back(scenario.scenario);
      named = true;
    }
  }
  std::string text =
      std::to_string(trials) + (trials == 1 ? " trial: " : " trials: ") + std::to_string(as_expected) + " as expected";
  if (differ != 0) text += ", " + std::to_string(differ) + " not";
  if (failed != 0) text += ", " + std::to_string(failed) + " without a verdict";
  if (not_run != 0) text += ", " + std::to_string(not_run) + " not run";
  if (!names.empty()) {
    text += " (";
    for (std::size_t i = 0; i < names.size(); ++i) text += (i == 0 ? "" : ", ") + names[i];
    text += ")";
  }
  return text;
}

}  // namespace remapstorm
