// SPDX-License-Identifier: Apache-2.0
// Made-up trials as traces, read back from their bytes.
#include "report/trace/trace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "telemetry/event_json.h"
#include "tests/base/temporary_folder.h"
#include "tests/telemetry/stream.h"
#include "tests/trace/decoded_trace.h"

namespace remapstorm {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using What = LifecycleEvent::What;

std::string plan_text() {
  Plan plan;
  plan.scenario = "irq-same-cpu";
  plan.strategy = "bbm-fault";
  plan.flavour = "std";
  plan.cpus = 2;
  plan.expectation.verdict = Verdict::clean;
  return plan_json(plan, 3);
}

// A recording, and the trace that is made of it.
class Traced {
 public:
  explicit Traced(const Stream& stream, const std::string& behind = {}) {
    std::ofstream out(path());
    bool first = true;
    for (Event event : stream.events) {
      if (std::holds_alternative<PlanEvent>(event.body)) event.body = PlanEvent{plan_text()};
      out << (first ? first_event_to_json(event) : event_to_json(event)) << '\n';
      first = false;
    }
    out << behind;
    out.close();
    make({path()});
  }
  void make(const std::vector<std::string>& recordings) {
    bytes.clear();
    Result<TraceSummary> made = make_trace(recordings, [&](std::string_view more) -> Status {
      bytes += more;
      return {};
    });
    ASSERT_TRUE(made.ok()) << made.error().message;
    summary = std::move(made).value();
    decoded = decode_trace(bytes);
    EXPECT_THAT(decoded.problems, IsEmpty());
    EXPECT_EQ(summary.totals.bytes, bytes.size());
    EXPECT_EQ(summary.totals.slices, decoded.slices.size());
    EXPECT_EQ(summary.totals.instants, decoded.instants.size());
  }
  [[nodiscard]] std::string path() const { return folder_.file("events.jsonl"); }
  [[nodiscard]] const TracedTrial& trial() const { return summary.trials.at(0); }
  [[nodiscard]] std::string row_of(const DecodedSlice& slice) const {
    const std::string path = decoded.path(slice.track);
    return path.substr(std::min(path.find(" / ") + 3, path.size()));
  }

  TraceSummary summary;
  DecodedTrace decoded;
  std::string bytes;

 private:
  TemporaryFolder folder_;
};

constexpr std::uint32_t kTask = RS_CTX_TASK;
constexpr std::uint32_t kHardirq = RS_CTX_HARDIRQ | RS_CTX_IRQS_OFF;

// The counter of open windows: (time, value).
std::vector<std::pair<std::uint64_t, std::int64_t>> counted(const Traced& traced) {
  for (const auto& [track, values] : traced.decoded.counts) {
    if (traced.decoded.tracks.at(track).name == "open windows") return values;
  }
  return {};
}

TEST(Trace, AGuestIsAProcessAndAVcpuAThread) {
  const Traced traced(std::move(Stream().begin().open().close().done()));
  std::vector<std::string> threads;
  std::size_t processes = 0;
  for (const auto& [uuid, track] : traced.decoded.tracks) {
    if (track.thread) threads.push_back(track.name);
    if (!track.process) continue;
    ++processes;
    EXPECT_EQ(track.name, "irq-same-cpu, bbm-fault, trial 3: clean");
  }
  EXPECT_EQ(processes, 1U);
  EXPECT_THAT(threads, ElementsAre("vCPU 0", "vCPU 1"));
  EXPECT_TRUE(traced.trial().ended);
}

TEST(Trace, WhatAVcpuDoesIsNestedAndPlacedInHostTime) {
  // Probes are 7 s ahead of the host's clock and seen at once: placed at the host time that they were seen at.
  Stream stream;
  stream.begin();
  const Nanoseconds before = stream.now();
  stream.open().pass(0.5).close().done();
  const Traced traced(stream);
  const DecodedSlice window = traced.decoded.slice("break to make (pte)");
  const DecodedSlice hold = traced.decoded.slice("hold init_mm.page_table_lock");
  const DecodedSlice wait = traced.decoded.slice("wait for init_mm.page_table_lock");
  EXPECT_EQ(traced.row_of(window), "vCPU 0");
  EXPECT_EQ(wait.from, static_cast<std::uint64_t>(before.count()) + 1000);
  EXPECT_EQ(wait.to, hold.from);
  EXPECT_EQ(window.from, hold.from + 1000);
  EXPECT_EQ(window.to - window.from, 501'000U);
  EXPECT_EQ(window.depth, 1U);
  EXPECT_EQ(hold.depth, 0U);
  EXPECT_EQ(window.notes.at("addr"), std::to_string(kPage));
  EXPECT_EQ(window.notes.at("context"), "task, IRQs on, in a window");
  EXPECT_EQ(window.notes.at("probe at"), "vmemmap_update_pte+0x40");
  EXPECT_EQ(traced.trial().repairs.never_ended, 0U);
}

TEST(Trace, AWindowIsDrawnFromStoreToStore) {
  Stream stream;
  stream.begin().open().pass(0.5).close().done();
  const Traced traced(stream);
  const DecodedSlice absent = traced.decoded.slice("entry absent (pte)");
  const DecodedSlice hold = traced.decoded.slice("hold init_mm.page_table_lock");
  const DecodedSlice probes = traced.decoded.slice("break to make (pte)");
  EXPECT_EQ(absent.from, hold.from);  // the stream's entry is cleared right behind lock.got
  EXPECT_EQ(absent.to, probes.to);
  EXPECT_EQ(absent.notes.count("never ended"), 0U);
  EXPECT_THAT(counted(traced), ElementsAre(Pair(absent.from, 1), Pair(absent.to, 0)));
}

TEST(Trace, AWindowThatNobodyClosedIsOpenToTheEnd) {
  Stream stream;
  stream.begin().open().pass(2).milestone(What::end);
  const Traced traced(stream);
  EXPECT_EQ(traced.decoded.slice("entry absent (pte)").notes.count("never ended"), 1U);
  ASSERT_EQ(counted(traced).size(), 1U);
  EXPECT_EQ(counted(traced)[0].second, 1);
}

// The mainline remap: break and make are told, but no window.
TEST(Trace, WhereNoEntryIsAbsentNoWindowIsDrawn) {
  Stream stream;
  stream.begin()
      .probe(0, RS_PROBE_BBM_BREAK, kTask, {kPage, kEntry, 0x63, RS_LEVEL_PTE})
      .probe(0, RS_PROBE_BBM_MAKE, kTask, {kPage, kEntry, 0x61, RS_LEVEL_PTE})
      .done();
  const Traced traced(stream);
  EXPECT_EQ(traced.decoded.count("entry absent (pte)"), 0U);
  EXPECT_EQ(traced.decoded.count("break to make (pte)"), 1U);
  EXPECT_THAT(counted(traced), IsEmpty());
}

TEST(Trace, AnInjectionLeadsToItsHandler) {
  Stream stream;
  stream.begin()
      .open()
      .fire("irq", 7, 0)
      .pass(0.2)
      .enter(0, kHardirq, 7)
      .pass(0.1)
      .leave(0, kHardirq, 7)
      .close()
      .done();
  const Traced traced(stream);
  const DecodedSlice sent = traced.decoded.slice("irq under way");
  const DecodedSlice handler = traced.decoded.slice("irq handler (msi)");
  EXPECT_EQ(traced.row_of(sent), "vCPU 0 / vCPU 0 injected");
  EXPECT_EQ(sent.to, handler.from);
  EXPECT_EQ(sent.to - sent.from, 201'000U);
  EXPECT_NE(sent.flow, 0U);
  EXPECT_EQ(sent.flow, handler.flow);
  EXPECT_EQ(handler.depth, 2U);
  EXPECT_EQ(sent.notes.at("rule"), "irq-rule");
  EXPECT_EQ(traced.row_of(traced.decoded.instant("hit: irq-rule")), "vCPU 0");
}

TEST(Trace, AHandlerQuickerThanItsReceiptIsNoInjectionThatNeverArrived) {
  Stream stream;
  stream.begin().open().enter(1, kHardirq, 7).fire("irq", 7, 1).leave(1, kHardirq, 7).close().done();
  const Traced traced(stream);
  const DecodedSlice sent = traced.decoded.slice("irq under way");
  EXPECT_EQ(sent.from, sent.to);
  EXPECT_EQ(sent.flow, traced.decoded.slice("irq handler (msi)").flow);
  EXPECT_EQ(traced.trial().repairs.never_ended, 0U);
}

TEST(Trace, AMergedInterruptIsAnInstant) {
  Stream stream;
  stream.begin().open().fire("irq", 7, 0).fire("irq", 7, 0).enter(0, kHardirq, 7).leave(0, kHardirq, 7).close().done();
  const Traced traced(stream);
  EXPECT_EQ(traced.decoded.count("irq under way"), 1U);
  EXPECT_EQ(traced.decoded.instant("irq, merged with the one under way").name, "irq, merged with the one under way");
}

TEST(Trace, HoldsLieBesideTheGuestAndDelaysTellWhenTheyWereMet) {
  Stream stream;
  stream.begin().open().fire("hold", 1, 1, ms(5)).fire("stage2-delay", 2, -1, ms(2)).pass(5);
  stream.ended("hold", 1, 1, ms(5), ms(5)).pass(3).ended("stage2-delay", 2, -1, ms(2), ms(2)).close().done();
  const Traced traced(stream);
  const DecodedSlice hold = traced.decoded.slice("hold");
  EXPECT_EQ(traced.row_of(hold), "vCPU 1 / vCPU 1 held");
  EXPECT_EQ(hold.to - hold.from, 5'000'000U);
  EXPECT_EQ(hold.notes.at("measured"), "5.00 ms");
  const DecodedSlice armed = traced.decoded.slice("stage2-delay, nobody touches the page yet");
  const DecodedSlice served = traced.decoded.slice("stage2-delay");
  EXPECT_EQ(traced.row_of(served), "stage-2 delays");
  EXPECT_EQ(served.to - served.from, 2'000'000U);
  EXPECT_EQ(armed.to, served.from);
  EXPECT_EQ(armed.to - armed.from, 6'000'000U);
}

TEST(Trace, HoldsAtTheSameTimeTakeRowsOfTheSameName) {
  Stream stream;
  stream.begin().fire("hold", 1, 1, ms(5)).pass(1).fire("hold", 2, 1, ms(5)).pass(4).ended("hold", 1, 1, ms(5), ms(5));
  stream.pass(1).ended("hold", 2, 1, ms(5), ms(5)).done();
  const Traced traced(stream);
  std::vector<std::uint64_t> tracks;
  for (const DecodedSlice& slice : traced.decoded.slices) {
    if (slice.name == "hold") tracks.push_back(slice.track);
  }
  ASSERT_EQ(tracks.size(), 2U);
  EXPECT_NE(tracks[0], tracks[1]);
  EXPECT_EQ(traced.decoded.path(tracks[0]), traced.decoded.path(tracks[1]));
}

TEST(Trace, ADeadlockIsAFindingAndWhatNeverEndsIsClosedAndMarked) {
  Stream stream;
  stream.begin().self_cycle().two_looks().pass(1).milestone(What::end);
  const Traced traced(stream);
  const auto end = static_cast<std::uint64_t>(stream.now().count());
  // Task: lock, window; interrupt: handler, fault, wait.
  EXPECT_EQ(traced.trial().repairs.never_ended, 5U);
  const DecodedSlice wait = traced.decoded.slices.back();
  EXPECT_EQ(wait.name, "wait for init_mm.page_table_lock");
  EXPECT_EQ(wait.to, end);
  EXPECT_EQ(wait.depth, 4U);
  EXPECT_THAT(wait.notes.at("never ended"), HasSubstr("the recording ends"));
  std::size_t findings = 0;
  for (const DecodedSlice& instant : traced.decoded.instants) {
    if (instant.category != "finding") continue;
    ++findings;
    EXPECT_THAT(instant.name, HasSubstr("deadlock"));
    EXPECT_EQ(instant.notes.at("fingerprint"), traced.trial().result.judgement.findings.front().fingerprint);
    EXPECT_EQ(traced.row_of(instant), "findings");
  }
  EXPECT_EQ(findings, 1U);
  EXPECT_THAT(traced.decoded.path(wait.track), HasSubstr("trial 3: deadlock"));
}

TEST(Trace, OpenWindowsAreCountedInTheOrderOfTime) {
  // vCPU 1's log is read after vCPU 0's, although what it tells came first.
  Stream stream;
  stream.begin().open(0).close(0).open(1).close(1).done();
  // vCPU 1's window begins while vCPU 0's is open.
  const Nanoseconds seen = stream.events.back().time;
  for (Event& event : stream.events) {
    auto* probe = std::get_if<ProbeEvent>(&event.body);
    if (probe == nullptr) continue;
    event.time = seen;
    if (event.vcpu != 1) continue;
    event.guest_time = *event.guest_time - Nanoseconds(5500);
    if (probe->probe != RS_PROBE_BBM_WINDOW) continue;
    probe->args[1] -= 5500;
    probe->args[2] -= 5500;
  }
  const Traced traced(stream);
  ASSERT_EQ(traced.decoded.counts.size(), 1U);
  std::vector<std::int64_t> values;
  std::uint64_t last = 0;
  for (const auto& [time, value] : traced.decoded.counts.begin()->second) {
    EXPECT_GE(time, last);
    last = time;
    values.push_back(value);
  }
  EXPECT_THAT(values, ElementsAre(1, 2, 1, 0));
}

TEST(Trace, WhatEndsAcrossAnotherSliceSplitsIt) {
  // Two tasks of one vCPU take turns in their remaps.
  Stream stream;
  stream.begin();
  stream.probe(0, RS_PROBE_REMAP_BEGIN, kTask, {0x1000, 0x2000, 0, 1}).pass(1);
  stream.probe(0, RS_PROBE_REMAP_BEGIN, kTask, {0x3000, 0x4000, 1, 1}).pass(1);
  stream.probe(0, RS_PROBE_REMAP_END, kTask, {0x1000, 0x2000, 0, 0}).pass(1);
  stream.probe(0, RS_PROBE_REMAP_END, kTask, {0x3000, 0x4000, 1, 0}).done();
  const Traced traced(stream);
  EXPECT_EQ(traced.trial().repairs.split, 1U);
  EXPECT_EQ(traced.decoded.slice("remap (optimize)").to - traced.decoded.slice("remap (optimize)").from, 2'002'000U);
  ASSERT_EQ(traced.decoded.count("remap (restore)"), 2U);
  const DecodedSlice rest = traced.decoded.slices.back();
  EXPECT_EQ(rest.to - rest.from, 1'001'000U);
  EXPECT_TRUE(rest.notes.contains("continued"));
}

TEST(Trace, WhatAnInterruptLeftOpenEndsWithIt) {
  Stream stream;
  stream.begin().open().enter(0, kHardirq, 1).pass(1).close().done();  // no inject.leave
  const Traced traced(stream);
  const DecodedSlice handler = traced.decoded.slice("irq handler (msi)");
  EXPECT_THAT(handler.notes.at("never ended"), HasSubstr("context was over"));
  EXPECT_EQ(traced.decoded.slice("break to make (pte)").notes.count("never ended"), 0U);
}

TEST(Trace, AnEndWithoutItsBeginningIsCounted) {
  Stream stream;
  stream.begin().close().leave(0, kHardirq, 5).ended("hold", 9, 0, ms(1), ms(1)).done();
  const Traced traced(stream);
  EXPECT_EQ(traced.trial().repairs.never_begun, 4U);  // window, lock, handler, hold
}

TEST(Trace, ACutRecordingShowsWhatIsThere) {
  Stream stream;
  stream.begin().open();
  const Traced traced(stream, R"({"t":99,"type":"con)");
  EXPECT_FALSE(traced.trial().ended);
  ASSERT_TRUE(traced.trial().result.error.has_value());
  EXPECT_EQ(traced.trial().result.error->kind, ErrorKind::host);
  EXPECT_THAT(traced.trial().result.error->message, HasSubstr("stops in the middle"));
  EXPECT_EQ(traced.trial().repairs.never_ended, 2U);
  EXPECT_EQ(traced.decoded.slice("workloads").to, static_cast<std::uint64_t>(stream.now().count()));
}

TEST(Trace, ConsoleLinesMilestonesAndWhatIsMissingAreInstants) {
  Stream stream;
  stream.begin().console("BUG: \xc3\xa4 \x1b[31mred").add(TruncatedEvent{12, 64}).add(HostWaitEvent{ms(3)}, 1);
  stream.add(ResetEvent{ms(0.1), 64});
  stream.add(HostWaitEvent{ms(4)}, 1).done();
  const Traced traced(stream);
  EXPECT_EQ(traced.row_of(traced.decoded.instant("BUG: \xc3\xa4 ?[31mred")), "console");
  EXPECT_EQ(traced.row_of(traced.decoded.instant("ready")), "milestones");
  EXPECT_EQ(traced.decoded.instant("events missing: the recording reached its size limit").notes.at("dropped"), "12");
  EXPECT_EQ(traced.trial().dropped, 12U);
  EXPECT_EQ(traced.decoded.instant("set back to a snapshot").notes.at("pages"), "64");
  ASSERT_EQ(traced.decoded.counts.size(), 1U);
  EXPECT_THAT(traced.decoded.counts.begin()->second,
              ElementsAre(Pair(testing::_, 3'000'000), Pair(testing::_, 7'000'000)));
}

TEST(Trace, SeveralRecordingsAreSeveralProcesses) {
  Stream stream;
  stream.begin().open().fire("irq", 7, 0).enter(0, kHardirq, 7).leave(0, kHardirq, 7).close().done();
  Traced traced(stream);
  traced.make({traced.path(), traced.path()});
  std::vector<std::uint64_t> pids, tids;
  for (const auto& [uuid, track] : traced.decoded.tracks) {
    if (track.process) pids.push_back(track.pid);
    if (track.thread) tids.push_back(track.tid);
  }
  EXPECT_THAT(pids, ElementsAre(16, 32));
  EXPECT_THAT(tids, ElementsAre(17, 18, 33, 34));
  std::vector<std::uint64_t> flows;
  for (const DecodedSlice& slice : traced.decoded.slices) {
    if (slice.name == "irq under way") flows.push_back(slice.flow);
  }
  ASSERT_EQ(flows.size(), 2U);
  EXPECT_NE(flows[0], flows[1]);
}

TEST(Trace, TheSameRecordingMakesTheSameBytes) {
  Stream stream;
  stream.begin().self_cycle().two_looks().console("x").milestone(What::end);
  Traced traced(stream);
  const std::string first = traced.bytes;
  traced.make({traced.path()});
  EXPECT_EQ(traced.bytes, first);
}

TEST(Trace, AnErrorOfTheOutputEndsIt) {
  Stream stream;
  stream.begin().open().close().done();
  const Traced traced(stream);
  const Result<TraceSummary> made =
      make_trace({traced.path()}, [](std::string_view) -> Status { return host_error("disk full"); });
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.error().message, "disk full");
}

TEST(Trace, WhatIsNoRecordingIsRefusedByName) {
  const TemporaryFolder folder;
  std::ofstream(folder.file("x.jsonl")) << "{\"v\":99,\"t\":0}\n";
  const Result<TraceSummary> made = make_trace({folder.file("x.jsonl")}, [](std::string_view) -> Status { return {}; });
  ASSERT_FALSE(made.ok());
  EXPECT_THAT(made.error().message, HasSubstr("version 99"));
}

}  // namespace
}  // namespace remapstorm
