// SPDX-License-Identifier: Apache-2.0
#include "report/report.h"
#include "results/run_json.h"

namespace remapstorm {
namespace {

class JsonReport final : public Report {
 public:
  explicit JsonReport(std::ostream& out) : out_(out) {}
  void run_begins(const RunInfo&, std::size_t) override {}
  void scenario_begins(const Plan&) override {}
  void trial_ended(const TrialResult&) override {}
  void scenario_ended(const ScenarioResults&) override {}
  void run_ended(const RunInfo& run, std::span<const ScenarioResults> results) override {
    out_ << results_json(run, results) << std::flush;
  }

 private:
  std::ostream& out_;
};

}  // namespace

std::unique_ptr<Report> make_json_report(std::ostream& out) { return std::make_unique<JsonReport>(out); }

}  // namespace remapstorm
