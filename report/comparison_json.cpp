// SPDX-License-Identifier: Apache-2.0
// compare.json, schema 2: docs/sweep.md names every field.
#include <nlohmann/json.hpp>

#include "report/comparison.h"
#include "results/summary_json.h"
#include "telemetry/json_fields.h"

namespace remapstorm {
namespace {

constexpr int kCompareSchema = 2;

Json figures_to_json(const StrategyFigures& figures) {
  Json verdicts = Json::object();
  for (const auto& [verdict, count] : figures.verdicts()) verdicts[std::string(verdict_name(verdict))] = count;
  return {{"trials", figures.trials()},
          {"verdicts", std::move(verdicts)},
          {"remaps", summary_to_json(figures.remaps())},
          {"windows", summary_to_json(figures.windows())},
          {"waits", summary_to_json(figures.waits())},
          {"answers", summary_to_json(figures.answers())},
          {"faults",
           {{"task", figures.faults()[0]},
            {"softirq", figures.faults()[1]},
            {"hardirq", figures.faults()[2]},
            {"nmi", figures.faults()[3]}}}};
}

Json sum_to_json(const InstructionSum& sum) { return {{"kernel", sum.kernel}, {"probes", sum.harness}}; }

Json remap_to_json(const std::optional<RemapCount>& count) {
  if (!count) return nullptr;
  Json windows = Json::array();
  for (const InstructionSum& window : count->sums.windows) windows.push_back(sum_to_json(window));
  return {{"remap", sum_to_json(count->sums.all)},
          {"windows", std::move(windows)},
          {"flush", sum_to_json(count->sums.flush)},
          {"interrupts", count->interrupts},
          {"nmis", count->nmis},
          {"waiting", count->sums.spin},
          {"functions", count->sums.functions}};
}

Json fault_to_json(const FaultCount& fault) {
  Json json = {{"fault", nullptr}, {"why", fault.why}};
  if (!fault.sums) return json;
  json["fault"] = sum_to_json(fault.sums->all);
  json["waiting"] = fault.sums->spin;
  json["functions"] = fault.sums->functions;
  return json;
}

Json count_to_json(const StrategyCount& count) {
  if (count.runs.empty()) return nullptr;
  Json runs = Json::array();
  for (const CountRun& run : count.runs) {
    runs.push_back({{"optimize", remap_to_json(run.optimize)},
                    {"restore", remap_to_json(run.restore)},
                    {"fault", fault_to_json(run.fault)},
                    {"trouble", run.trouble}});
  }
  return {{"steady", count.steady()}, {"spread", count.spread()}, {"runs", std::move(runs)}};
}

}  // namespace

std::string comparison_json(const Comparison& comparison) {
  Json strategies = Json::array();
  for (const ComparedStrategy& one : comparison.strategies) {
    Json measures = Json::object();
    for (const auto& [measure, figures] : one.figures) {
      measures[std::string(measure_name(measure))] = figures_to_json(figures);
    }
    strategies.push_back({{"name", one.name},
                          {"not_run", one.not_run.empty() ? Json(nullptr) : Json(one.not_run)},
                          {"measures", std::move(measures)},
                          {"irq_same_cpu", one.same_cpu},
                          {"count", count_to_json(one.count)}});
  }
  const Json json = {{"schema", kCompareSchema},
                     {"remapstorm",
                      {{"version", comparison.version},
                       {"started_at", comparison.started_at},
                       {"took_ns", comparison.took.count()},
                       {"interrupted", comparison.interrupted}}},
                     {"host",
                      {{"kind", comparison.host.kind},
                       {"architecture", comparison.host.architecture},
                       {"kernel", comparison.host.kernel},
                       {"cpu", comparison.host.cpu},
                       {"cpus", comparison.host_cpus},
                       {"load_average", comparison.load}}},
                     {"guest",
                      {{"flavour", comparison.guest.flavour},
                       {"kernel_version", comparison.guest.kernel_version},
                       {"hash", comparison.guest.hash}}},
                     {"asked", {{"repeat", comparison.repeat}, {"stolen_ns", comparison.stolen.count()}}},
                     {"strategies", std::move(strategies)}};
  return to_line(json, 2) + "\n";
}

}  // namespace remapstorm
