// SPDX-License-Identifier: Apache-2.0
#include "results/strategy_figures.h"

#include <algorithm>
#include <optional>
#include <set>

#include "guest/abi/remapstorm_abi.h"
#include "telemetry/kinds.h"
#include "telemetry/metrics/remap_phases.h"
#include "telemetry/spans.h"

namespace remapstorm {
namespace {

constexpr int kUpdater = 0;
constexpr std::size_t kMostInterrupts = 65536;
constexpr Nanoseconds kNoStall = std::chrono::seconds(30);  // lengths are what is measured

struct Interrupt {
  Nanoseconds raised{0};                // host time
  std::optional<Nanoseconds> answered;  // guest time
};

Rule once_in_a_window(const std::string& name, const std::string& injector) {
  Rule rule;
  rule.name = name;
  rule.when.pattern.probe = RS_PROBE_BBM_BREAK;
  rule.when.pattern.where = {{3, RS_LEVEL_PTE}};
  rule.action.injector = injector;
  return rule;
}

Rule steal(std::int64_t vcpu, Nanoseconds stolen) {
  Rule rule = once_in_a_window("steal", "hold");
  rule.when.nth = 2;
  auto& values = rule.action.parameters.values;
  values["mode"] = std::string("hard");
  values["for_ms"] = stolen;
  values["vcpu"] = vcpu;
  return rule;
}

}  // namespace

void StrategyFigures::add(std::span<const Event> events, Verdict verdict) {
  ++trials_;
  ++verdicts_[verdict];
  RemapPhases remaps;
  std::set<int> changed;  // vCPUs whose remap has opened a window of a PTE
  std::map<std::uint32_t, Interrupt> interrupts;
  SpanFinder finder([this](const Span& span) {
    if (span.open) return;
    if (span.kind == SpanKind::window) windows_.add(span.length());
    if (span.kind == SpanKind::fault && span.vcpu != kUpdater) waits_.add(span.length());
  });
  for (const Event& event : events) {
    finder.fold(event);
    if (const auto* receipt = std::get_if<ReceiptEvent>(&event.body)) {
      const bool mine =
          injector_kind(receipt->injector) == InjectorKind::irq && receipt->phase == ReceiptEvent::Phase::fired;
      if (mine && receipt->target_vcpu != kUpdater && interrupts.size() < kMostInterrupts) {
        interrupts.try_emplace(receipt->token, Interrupt{GuestClock::bounded(event.time), std::nullopt});
      }
    }
    const auto* probe = std::get_if<ProbeEvent>(&event.body);
    if (probe == nullptr || !event.guest_time) continue;
    const Nanoseconds now = GuestClock::bounded(*event.guest_time);
    if (probe->probe == RS_PROBE_FAULT_ENTER) ++faults_[RS_CTX_LEVEL(probe->context)];
    if (probe->probe == RS_PROBE_INJECT_ENTER) {
      const auto found = interrupts.find(static_cast<std::uint32_t>(probe->args[1]));
      if (found != interrupts.end()) found->second.answered = now;
    }
    if (probe->probe == RS_PROBE_BBM_BREAK && probe->args[3] == RS_LEVEL_PTE) changed.insert(event.vcpu);
    if (const auto done = remaps.fold(event.vcpu, *probe, now)) {
      // Of a walk that only looks for PMDs to split, and of the split itself, no window of a PTE is part.
      if (changed.erase(event.vcpu) != 0) remaps_.add(done->total);
    }
  }
  finder.finish();
  for (const auto& [token, one] : interrupts) {
    if (!one.answered) continue;
    answers_.add(std::max(Nanoseconds(0), finder.clock().to_host(*one.answered) - one.raised));
  }
}

std::string_view measure_name(Measure measure) {
  switch (measure) {
    case Measure::remap:
      return "remap";
    case Measure::answer:
      return "answer";
    case Measure::steal_idle:
      return "steal-idle";
    case Measure::steal_updater:
      break;
  }
  return "steal-updater";
}

Scenario measuring_scenario(Measure measure, const std::string& strategy, Nanoseconds stolen) {
  Scenario scenario;
  scenario.name = "compare-" + std::string(measure_name(measure));
  scenario.summary = "Measures a remap strategy: " + std::string(measure_name(measure));
  scenario.strategy = strategy;
  scenario.strategies = {strategy};
  scenario.flavours = {"std", "lockdep", "rt"};
  scenario.memory = 128ULL << 20;
  scenario.limits.stall_threshold = kNoStall;
  const bool steals = measure == Measure::steal_idle || measure == Measure::steal_updater;
  scenario.cpus = measure == Measure::steal_idle ? 3 : 2;
  scenario.workloads = {{kUpdater, "hugetlb-cycle", {{"pages", "2"}, {"repeat", steals ? "1" : "2"}}},
                        {1, "read-target", {}}};
  if (measure == Measure::answer) {
    Rule rule = once_in_a_window("ask", "irq");
    rule.when.every = 2;
    auto& values = rule.action.parameters.values;
    values["action"] = std::string("none");
    values["vcpu"] = std::int64_t{1};
    scenario.rules.push_back(std::move(rule));
  }
  if (measure == Measure::steal_idle) scenario.rules.push_back(steal(2, stolen));
  if (measure == Measure::steal_updater) scenario.rules.push_back(steal(kHitVcpu, stolen));
  scenario.expectation.verdict = Verdict::clean;
  return scenario;
}

}  // namespace remapstorm
