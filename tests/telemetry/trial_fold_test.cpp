// SPDX-License-Identifier: Apache-2.0
#include "telemetry/metrics/trial_fold.h"

#include <gtest/gtest.h>

#include "telemetry/event_json.h"
#include "telemetry/event_names.h"
#include "telemetry/metrics/trial_sink.h"
#include "telemetry/probe_names.h"
#include "tests/telemetry/metrics_fixture.h"

namespace remapstorm {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr std::uint64_t kLock = 0xffffffff82000100;

// What comes of the events of a trial.
class Folded {
 public:
  explicit Folded(const std::vector<Event>& events) {
    TrialFold fold(kLabels);
    for (const Event& event : events) fold.fold(event);
    fold.finish();
    metrics_.take(fold.gathered());
    all_ = samples(metrics_);
  }
  // "absent" if there is no such sample.
  [[nodiscard]] std::string value(const std::string& name, const std::string& more = {}) const {
    const auto found = all_.find(of_trial("remapstorm_" + name, more));
    return found == all_.end() ? "absent" : found->second;
  }
  [[nodiscard]] double number(const std::string& name, const std::string& more = {}) const {
    return std::stod(value(name, more));
  }
  [[nodiscard]] std::string text() const { return metrics_.text(); }

 private:
  Metrics metrics_;
  std::map<std::string, std::string> all_;
};

ReceiptEvent receipt(const std::string& injector, ReceiptEvent::Phase phase, std::uint32_t token, int target = 0) {
  ReceiptEvent event;
  event.rule = "rule";
  event.injector = injector;
  event.phase = phase;
  event.token = token;
  event.target_vcpu = target;
  return event;
}

Event window(int vcpu, std::uint64_t addr, std::uint64_t cleared_us, std::uint64_t set_us, std::uint64_t level) {
  return probe(RS_PROBE_BBM_WINDOW, vcpu, microseconds(set_us + 1), {addr, cleared_us * 1000, set_us * 1000, level});
}

TEST(TrialFold, WindowsByLevel) {
  const Folded folded({
      probe(RS_PROBE_BBM_BREAK, 0, microseconds(120), {1, 0xa000, 0, RS_LEVEL_PTE}),
      probe(RS_PROBE_BBM_MAKE, 0, microseconds(125), {1, 0xa000, 0, RS_LEVEL_PTE}),
      window(0, 1, 100, 130, RS_LEVEL_PTE),
      probe(RS_PROBE_BBM_BREAK, 1, microseconds(200), {2, 0xb000, 0, RS_LEVEL_PMD}),
      probe(RS_PROBE_BBM_MAKE, 1, microseconds(1200), {2, 0xb000, 0, RS_LEVEL_PMD}),
      window(1, 2, 200, 1200, RS_LEVEL_PMD),
      probe(RS_PROBE_BBM_BREAK, 0, microseconds(1300), {3, 0xc000, 0, 77}),           // never closes
      probe(RS_PROBE_BBM_MAKE, 0, microseconds(1400), {4, 0xd000, 0, RS_LEVEL_PTE}),  // of nothing
  });
  EXPECT_EQ(folded.value("windows_opened_total", R"(level="pte")"), "1");
  EXPECT_EQ(folded.value("windows_opened_total", R"(level="pmd")"), "1");
  EXPECT_EQ(folded.value("windows_opened_total", R"(level="other")"), "1");
  EXPECT_EQ(folded.value("window_seconds_count", R"(level="pte",injected="no")"), "1");
  EXPECT_NEAR(folded.number("window_seconds_sum", R"(level="pte",injected="no")"), 30e-6, 1e-12);
  EXPECT_EQ(folded.value("window_seconds_bucket", R"(level="pte",injected="no",le="2e-05")"), "0");
  EXPECT_EQ(folded.value("window_seconds_bucket", R"(level="pte",injected="no",le="5e-05")"), "1");
  EXPECT_NEAR(folded.number("window_seconds_sum", R"(level="pmd",injected="no")"), 1e-3, 1e-12);
  EXPECT_EQ(folded.value("window_seconds_count", R"(level="other",injected="no")"), "absent");
}

// bbm-fault's mean remap was that of a held vCPU.
TEST(TrialFold, WhatTheHarnessImposedIsNoCostOfTheStrategy) {
  const std::array<std::uint64_t, 4> whole = {0x1000, 0x2000, 0, 1};
  ReceiptEvent held = receipt("hold", ReceiptEvent::Phase::fired, 1, 0);
  held.requested = milliseconds(500);
  ReceiptEvent ended = receipt("hold", ReceiptEvent::Phase::ended, 1, 0);
  ended.requested = milliseconds(500);
  ended.measured = milliseconds(500);
  const Folded folded({
      probe(RS_PROBE_REMAP_BEGIN, 0, milliseconds(1), whole),
      probe(RS_PROBE_REMAP_END, 0, milliseconds(3), whole),
      probe(RS_PROBE_REMAP_BEGIN, 0, milliseconds(10), whole),
      event_at(milliseconds(11), 0, held),
      event_at(milliseconds(511), 0, ended),
      probe(RS_PROBE_REMAP_END, 0, milliseconds(512), whole),
      probe(RS_PROBE_REMAP_BEGIN, 0, milliseconds(600), whole),
      probe(RS_PROBE_REMAP_END, 0, milliseconds(602), whole),
  });
  const std::string total = R"(direction="optimize",phase="total",injected=)";
  EXPECT_EQ(folded.value("remap_seconds_count", total + "\"no\""), "2");
  EXPECT_NEAR(folded.number("remap_seconds_sum", total + "\"no\""), 4e-3, 1e-9);
  EXPECT_EQ(folded.value("remap_seconds_count", total + "\"yes\""), "1");
  EXPECT_NEAR(folded.number("remap_seconds_sum", total + "\"yes\""), 0.502, 1e-9);
}

TEST(TrialFold, LocksFaultsAndTheStallTheyAre) {
  const Folded folded({
      // vCPU 0 waits 10 us for the lock and holds it for 500 us.
      probe(RS_PROBE_LOCK_WANT, 0, microseconds(100), {kLock, RS_LOCK_INIT_MM_PAGE_TABLE}),
      probe(RS_PROBE_LOCK_GOT, 0, microseconds(110), {kLock, RS_LOCK_INIT_MM_PAGE_TABLE}),
      // vCPU 1 faults meanwhile: 5 us later it asks for the lock, which it gets after 395 us more.
      probe(RS_PROBE_FAULT_ENTER, 1, microseconds(210), {1, 2, 0}, RS_CTX_HARDIRQ | RS_CTX_IRQS_OFF),
      probe(RS_PROBE_LOCK_WANT, 1, microseconds(215), {kLock, RS_LOCK_INIT_MM_PAGE_TABLE}, RS_CTX_HARDIRQ),
      probe(RS_PROBE_LOCK_DROP, 0, microseconds(610), {kLock, RS_LOCK_INIT_MM_PAGE_TABLE}),
      probe(RS_PROBE_LOCK_GOT, 1, microseconds(610), {kLock, RS_LOCK_INIT_MM_PAGE_TABLE}, RS_CTX_HARDIRQ),
      probe(RS_PROBE_LOCK_DROP, 1, microseconds(611), {kLock, RS_LOCK_INIT_MM_PAGE_TABLE}, RS_CTX_HARDIRQ),
      probe(RS_PROBE_FAULT_DONE, 1, microseconds(615), {1, 2, 1}, RS_CTX_HARDIRQ),
      // A fault that needs no lock, and a lock of a number that the guest made up.
      probe(RS_PROBE_FAULT_ENTER, 0, microseconds(700), {1, 2, 0}, RS_CTX_NMI),
      probe(RS_PROBE_FAULT_DONE, 0, microseconds(720), {1, 2, 1}, RS_CTX_NMI),
      probe(RS_PROBE_LOCK_WANT, 0, microseconds(800), {0xdead, 4711}),
      probe(RS_PROBE_LOCK_GOT, 0, microseconds(802), {0xdead, 4711}),
      probe(RS_PROBE_LOCK_WANT, 0, microseconds(900), {0xf00d, RS_LOCK_ZONE}),
      probe(RS_PROBE_LOCK_GOT, 0, microseconds(907), {0xf00d, RS_LOCK_ZONE}),
  });
  const std::string page_table = R"(,lock="init_mm.page_table_lock",injected="no")";
  EXPECT_NEAR(folded.number("lock_wait_seconds_sum", R"(context="task")" + page_table), 10e-6, 1e-12);
  EXPECT_NEAR(folded.number("lock_hold_seconds_sum", R"(context="task")" + page_table), 500e-6, 1e-12);
  EXPECT_NEAR(folded.number("lock_wait_seconds_sum", R"(context="hardirq")" + page_table), 395e-6, 1e-12);
  EXPECT_NEAR(folded.number("lock_hold_seconds_sum", R"(context="hardirq")" + page_table), 1e-6, 1e-12);
  EXPECT_EQ(folded.value("lock_wait_seconds_count", R"(context="task",lock="other",injected="no")"), "1");
  EXPECT_NEAR(folded.number("lock_wait_seconds_sum", R"(context="task",lock="zone->lock",injected="no")"), 7e-6, 1e-12);
  EXPECT_EQ(folded.value("vmemmap_faults_total", R"(context="hardirq")"), "1");
  EXPECT_EQ(folded.value("vmemmap_faults_total", R"(context="nmi")"), "1");
  EXPECT_EQ(folded.value("vmemmap_faults_total", R"(context="task")"), "absent");
  EXPECT_NEAR(folded.number("vmemmap_fault_seconds_sum", R"(context="hardirq",injected="no")"), 405e-6, 1e-12);
  EXPECT_NEAR(folded.number("vmemmap_fault_seconds_sum", R"(context="nmi",injected="no")"), 20e-6, 1e-12);
  // From fault.enter to lock.got; what follows the lock is no wait.
  EXPECT_EQ(folded.value("vcpu_stall_seconds_count", R"(vcpu="1",injected="no")"), "1");
  EXPECT_NEAR(folded.number("vcpu_stall_seconds_sum", R"(vcpu="1",injected="no")"), 400e-6, 1e-12);
  EXPECT_EQ(folded.value("vcpu_stall_seconds_count", R"(vcpu="0",injected="no")"), "4");
  EXPECT_NEAR(folded.number("vcpu_stall_seconds_sum", R"(vcpu="0",injected="no")"), 39e-6, 1e-12);
  EXPECT_NEAR(folded.number("vcpu_longest_stall_seconds", R"(vcpu="1",injected="no")"), 400e-6, 1e-12);
  EXPECT_NEAR(folded.number("vcpu_longest_stall_seconds", R"(vcpu="0",injected="no")"), 20e-6, 1e-12);
}

TEST(TrialFold, PhasesOfARemapAddUpToIt) {
  const std::array<std::uint64_t, 4> whole = {0x1000, 0x2000, 0, 1};
  const std::array<std::uint64_t, 4> back = {0x1000, 0x2000, 1, 1};
  const Folded folded({
      probe(RS_PROBE_REMAP_BEGIN, 0, microseconds(0), whole),
      probe(RS_PROBE_LOCK_WANT, 0, microseconds(10), {kLock, 1}),
      probe(RS_PROBE_LOCK_GOT, 0, microseconds(30), {kLock, 1}),
      probe(RS_PROBE_FLUSH_BEGIN, 0, microseconds(31)),  // outside of every window
      probe(RS_PROBE_FLUSH_END, 0, microseconds(38)),
      // Within the window, which is from 40 to 200.
      probe(RS_PROBE_FLUSH_BEGIN, 0, microseconds(45)), probe(RS_PROBE_FLUSH_END, 0, microseconds(90)),
      probe(RS_PROBE_BBM_BREAK, 0, microseconds(100), {1, 0xa000, 0, RS_LEVEL_PTE}),
      // Another vCPU, and an interrupt of this one: not the remap's own phases.
      probe(RS_PROBE_LOCK_WANT, 1, microseconds(101), {kLock, 1}),
      probe(RS_PROBE_LOCK_WANT, 0, microseconds(102), {kLock, 1}, RS_CTX_HARDIRQ),
      probe(RS_PROBE_LOCK_GOT, 0, microseconds(103), {kLock, 1}, RS_CTX_HARDIRQ),
      probe(RS_PROBE_BBM_MAKE, 0, microseconds(190), {1, 0xa000, 0, RS_LEVEL_PTE}), window(0, 1, 40, 200, RS_LEVEL_PTE),
      probe(RS_PROBE_REMAP_END, 0, microseconds(1000), whole), probe(RS_PROBE_REMAP_BEGIN, 1, microseconds(2000), back),
      probe(RS_PROBE_REMAP_END, 1, microseconds(2007), back),
      probe(RS_PROBE_REMAP_END, 1, microseconds(2009), back),  // of nothing
  });
  const auto sum = [&](const std::string& direction, const std::string& phase) {
    return folded.number("remap_seconds_sum",
                         "direction=\"" + direction + "\",phase=\"" + phase + "\",injected=\"no\"");
  };
  EXPECT_NEAR(sum("optimize", "total"), 1e-3, 1e-12);
  EXPECT_NEAR(sum("optimize", "lock-wait"), 20e-6, 1e-12);
  EXPECT_NEAR(sum("optimize", "flush"), 7e-6, 1e-12);
  EXPECT_NEAR(sum("optimize", "window"), 160e-6, 1e-12);
  EXPECT_NEAR(sum("optimize", "other"), 813e-6, 1e-12);
  EXPECT_NEAR(sum("restore", "total"), 7e-6, 1e-12);
  EXPECT_EQ(folded.value("remap_seconds_count", R"(direction="restore",phase="total",injected="no")"), "1");
  EXPECT_EQ(folded.value("remap_seconds_count", R"(direction="restore",phase="window",injected="no")"), "1");
}

TEST(TrialFold, InjectionsByKindAndTriggerAndTheirDelivery) {
  using Phase = ReceiptEvent::Phase;
  std::vector<Event> events;
  const auto add = [&](std::int64_t us, EventBody body) {
    events.push_back(event_at(microseconds(us), 0, std::move(body)));
  };
  add(100, HitEvent{"rule", 1, Gva(1), "bbm.break", {}});
  add(110, receipt("irq", Phase::fired, 1));
  add(111, HitEvent{"rule", 2, Gva(1), "bbm.break", {}});
  add(112, receipt("irq", Phase::fired, 1));  // merged with the first
  add(120, HitEvent{"other", 1, Gva(1), "vmemmap_update_pte+0x10", {}});
  add(121, receipt("nmi", Phase::fired, 2));
  add(125, receipt("hold", Phase::failed, 0));
  add(126, receipt("made-up", Phase::fired, 3));
  // Seen 1 us after it happened, which is the offset of the clocks: delivered 39 us after its receipt.
  events.push_back(probe(RS_PROBE_INJECT_ENTER, 0, microseconds(150), {RS_KIND_MSI, 1}, RS_CTX_HARDIRQ));
  events.push_back(probe(RS_PROBE_INJECT_LEAVE, 0, microseconds(160), {RS_KIND_MSI, 1}, RS_CTX_HARDIRQ));
  events.push_back(probe(RS_PROBE_INJECT_ENTER, 0, microseconds(170), {RS_KIND_NMI, 99}, RS_CTX_NMI));  // of nobody
  const Folded folded(events);
  EXPECT_EQ(folded.value("injections_total", R"(kind="irq",trigger="bbm.break")"), "1");
  EXPECT_EQ(folded.value("injections_merged_total", R"(kind="irq")"), "1");
  EXPECT_EQ(folded.value("injections_total", R"(kind="nmi",trigger="instruction")"), "1");
  EXPECT_EQ(folded.value("injections_total", R"(kind="other",trigger="instruction")"), "1");
  EXPECT_EQ(folded.value("injections_failed_total", R"(kind="hold")"), "1");
  EXPECT_EQ(folded.value("injections_answered_total", R"(kind="irq")"), "1");
  EXPECT_EQ(folded.value("injections_answered_total", R"(kind="nmi")"), "absent");
  EXPECT_EQ(folded.value("injection_delivery_seconds_count", R"(kind="irq")"), "1");
  EXPECT_NEAR(folded.number("injection_delivery_seconds_sum", R"(kind="irq")"), 41e-6, 1e-12);
  EXPECT_EQ(folded.value("injection_delivery_seconds_count", R"(kind="nmi")"), "absent");
}

TEST(TrialFold, HoldsAndDelaysAsAskedAndAsServed) {
  using Phase = ReceiptEvent::Phase;
  std::vector<Event> events;
  const auto add = [&](ReceiptEvent one, Nanoseconds requested, std::optional<Nanoseconds> measured) {
    one.requested = requested;
    one.measured = measured;
    events.push_back(event_at(milliseconds(1), 0, one));
  };
  add(receipt("hold", Phase::fired, 1, 1), milliseconds(5), std::nullopt);
  add(receipt("hold", Phase::ended, 1, 1), milliseconds(5), milliseconds(6));
  add(receipt("hold", Phase::fired, 2, 0), Nanoseconds(0), std::nullopt);  // until a condition
  add(receipt("hold", Phase::ended, 2, 0), Nanoseconds(0), milliseconds(40));
  add(receipt("stage2-delay", Phase::fired, 3, -1), milliseconds(10), std::nullopt);
  add(receipt("stage2-delay", Phase::ended, 3, -1), milliseconds(10), milliseconds(9));
  add(receipt("stage2-delay", Phase::fired, 4, -1), milliseconds(10), std::nullopt);
  add(receipt("stage2-delay", Phase::ended, 4, -1), milliseconds(10), std::nullopt);  // nobody touched the page
  const Folded folded(events);
  EXPECT_NEAR(folded.number("hold_requested_seconds_sum", R"(vcpu="1")"), 0.005, 1e-12);
  EXPECT_EQ(folded.value("hold_requested_seconds_count", R"(vcpu="0")"), "absent");
  EXPECT_NEAR(folded.number("hold_served_seconds_sum", R"(vcpu="1")"), 0.006, 1e-12);
  EXPECT_NEAR(folded.number("hold_served_seconds_sum", R"(vcpu="0")"), 0.04, 1e-12);
  EXPECT_EQ(folded.value("stage2_delay_requested_seconds_count"), "2");
  EXPECT_EQ(folded.value("stage2_delay_served_seconds_count"), "1");
  EXPECT_NEAR(folded.number("stage2_delay_served_seconds_sum"), 0.009, 1e-12);
  EXPECT_NEAR(folded.number("stage2_delay_error_seconds_sum"), 0.001, 1e-12);
}

TEST(TrialFold, WhatThreadsUsed) {
  UsageEvent vcpu;
  vcpu.cpu = milliseconds(500);
  vcpu.guest = milliseconds(800);
  vcpu.harness = milliseconds(100);
  vcpu.parked = milliseconds(50);
  vcpu.exits = {{"io", 7}, {"hlt", 3}, {"by the guest", 2}};
  UsageEvent watch;
  watch.cpu = milliseconds(20);
  const Folded folded({
      event_at(milliseconds(1), -1, LifecycleEvent{LifecycleEvent::What::boot, "from a snapshot"}),
      event_at(milliseconds(1), -1, ResetEvent{microseconds(70), 12}),
      event_at(milliseconds(1), 1, HostWaitEvent{milliseconds(8)}),
      event_at(milliseconds(2), 1, vcpu),
      event_at(milliseconds(2), -1, watch),
  });
  EXPECT_EQ(folded.value("vcpu_seconds_total", R"(vcpu="1",where="guest")"), "0.8");
  EXPECT_EQ(folded.value("vcpu_seconds_total", R"(vcpu="1",where="harness")"), "0.1");
  EXPECT_EQ(folded.value("vcpu_seconds_total", R"(vcpu="1",where="parked")"), "0.05");
  EXPECT_EQ(folded.value("cpu_seconds_total", R"(where="guest")"), "0.4");
  EXPECT_EQ(folded.value("cpu_seconds_total", R"(where="harness")"), "0.1");
  EXPECT_EQ(folded.value("cpu_seconds_total", R"(where="watch")"), "0.02");
  EXPECT_EQ(folded.value("vm_exits_total", R"(reason="io")"), "7");
  EXPECT_EQ(folded.value("vm_exits_total", R"(reason="hlt")"), "3");
  EXPECT_EQ(folded.value("vm_exits_total", R"(reason="other")"), "2");
  EXPECT_EQ(folded.value("vcpu_host_wait_seconds_total", R"(vcpu="1")"), "0.008");
  EXPECT_EQ(folded.value("resets_total", R"(how="restored")"), "1");
  EXPECT_EQ(folded.value("resets_total", R"(how="in-place")"), "1");
  EXPECT_EQ(folded.value("reset_seconds_count"), "1");
  EXPECT_EQ(folded.value("events_total", R"(type="usage")"), "2");
  EXPECT_EQ(folded.value("events_total", R"(type="host-wait")"), "1");
}

TEST(TrialFold, AGuestCannotMakeLabelsOfItsOwn) {
  std::vector<Event> events;
  for (unsigned i = 0; i < 300; ++i) {
    Event one = probe(static_cast<std::uint16_t>(i), static_cast<int>(i), microseconds(i), {i, i, i, i}, i);
    events.push_back(one);
    events.push_back(event_at(microseconds(i), static_cast<int>(i), ConsoleEvent{"BUG: " + std::to_string(i)}));
  }
  const std::string text = Folded(events).text();
  // The known ones, and what is none of them.
  std::size_t probes = 0;
  for (std::size_t at = text.find("remapstorm_probe_events_total{"); at != std::string::npos;
       at = text.find("remapstorm_probe_events_total{", at + 1)) {
    ++probes;
  }
  EXPECT_EQ(probes, all_probes().size() + 1);
  EXPECT_NE(text.find(R"(probe="unknown")"), std::string::npos);
  EXPECT_EQ(text.find("vcpu=\"8\""), std::string::npos);
}

TEST(TrialFold, AFloodOfNonsenseStaysBounded) {
  TrialFold fold(kLabels);
  for (std::uint64_t i = 0; i < 200'000; ++i) {
    fold.fold(probe(RS_PROBE_BBM_BREAK, 0, Nanoseconds(i), {i, i, i, i}));
    fold.fold(probe(RS_PROBE_REMAP_BEGIN, 0, Nanoseconds(i), {i, i, 0, 0}));
    fold.fold(probe(RS_PROBE_LOCK_GOT, 0, Nanoseconds(i), {i, i, 0, 0}));
    fold.fold(probe(RS_PROBE_INJECT_ENTER, 0, Nanoseconds(i), {1, i, 0, 0}));
  }
  fold.finish();
  Metrics metrics;
  metrics.take(fold.gathered());
  EXPECT_LT(metrics.text().size(), 100'000U);
}

TEST(MetricsSink, HandsOnEachSecondAndAtTheEnd) {
  Metrics metrics;
  ManualClock clock;
  MetricsSink sink(metrics, clock, kLabels);
  const std::string faults = of_trial("remapstorm_vmemmap_faults_total", R"(context="task")");
  sink.on_event(probe(RS_PROBE_LOCK_GOT, 0, microseconds(10), {kLock, 1}));
  EXPECT_FALSE(samples(metrics).contains(faults));
  sink.on_event(probe(RS_PROBE_FAULT_ENTER, 0, milliseconds(1001)));
  EXPECT_EQ(samples(metrics).at(faults), "1");
  sink.on_event(probe(RS_PROBE_FAULT_ENTER, 0, milliseconds(1500)));
  EXPECT_EQ(samples(metrics).at(faults), "1");
  sink.finish();
  EXPECT_EQ(samples(metrics).at(faults), "2");
  EXPECT_TRUE(samples(metrics).contains(of_trial("remapstorm_cpu_seconds_total", R"(where="metrics")")));
}

TEST(EventTypeName, IsTheTypeThatIsWritten) {
  const std::vector<EventBody> bodies = {PlanEvent{"{}"},   probe(RS_PROBE_BBM_BREAK, 0, Nanoseconds(1)).body,
                                         HitEvent{},        ReceiptEvent{},
                                         SampleEvent{},     ConsoleEvent{},
                                         LifecycleEvent{},  SymbolEvent{},
                                         TruncatedEvent{},  HostWaitEvent{},
                                         UsageEvent{},      ResetEvent{},
                                         HarnessWorkEvent{}};
  ASSERT_EQ(bodies.size(), std::variant_size_v<EventBody>);
  for (const EventBody& body : bodies) {
    const Event event = event_at(Nanoseconds(1), 0, body);
    const std::string type = std::string("\"type\":\"") + std::string(event_type_name(event)) + "\"";
    EXPECT_NE(event_to_json(event).find(type), std::string::npos) << type;
    const Result<Event> back = event_from_json(event_to_json(event));
    ASSERT_TRUE(back.ok()) << back.error().message;
    EXPECT_EQ(back->body.index(), body.index());
  }
}

}  // namespace
}  // namespace remapstorm
