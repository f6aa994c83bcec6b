// SPDX-License-Identifier: Apache-2.0
// Reports of a run: pretty text, KTAP, JSON. All say the same; the exit code is a pure function of the results.
#pragma once

#include <memory>
#include <ostream>
#include <span>
#include <string>

#include "results/run.h"

namespace remapstorm {

// A run tells its report what happens, in this order: run_begins, per scenario (scenario_begins, per trial trial_ended,
// scenario_ended), run_ended. Calls come from one thread.
class Report {
 public:
  virtual ~Report() = default;
  virtual void run_begins(const RunInfo& run, std::size_t scenarios) = 0;
  virtual void scenario_begins(const Plan& plan) = 0;
  virtual void trial_ended(const TrialResult& trial) = 0;
  virtual void scenario_ended(const ScenarioResults& results) = 0;
  virtual void run_ended(const RunInfo& run, std::span<const ScenarioResults> results) = 0;
};

struct TerminalStyle {
  bool colour = false;
  bool utf8 = true;
  bool quiet = false;    // only the summary and what is not ok
  bool verbose = false;  // also the statistics of clean trials
  unsigned width = 100;
};
// Of a terminal, from the values of NO_COLOR, LC_ALL, LC_CTYPE, LANG (null: unset).
TerminalStyle terminal_style(const char* no_color, const char* lc_all, const char* lc_ctype, const char* lang);

// `out` must outlive the report.
std::unique_ptr<Report> make_terminal_report(std::ostream& out, TerminalStyle style);
std::unique_ptr<Report> make_ktap_report(std::ostream& out);
// Writes results.json's text to `out` at run_ended.
std::unique_ptr<Report> make_json_report(std::ostream& out);

std::string results_ktap(const RunInfo& run, std::span<const ScenarioResults> results);
std::string results_junit(const RunInfo& run, std::span<const ScenarioResults> results);
// "repeated 4 of 5: deadlock, rs_vmemmap_fault:..." if the trials are one trial that ran again and again (--trial): how
// often the commonest outcome came back. Else empty. Nothing more is claimed: the guest's timing is not under control.
std::string repeated_line(const ScenarioResults& results);
// "5 trials: 4 as expected, 1 not (irq-same-cpu)".
std::string summary_line(std::span<const ScenarioResults> results);

}  // namespace remapstorm
