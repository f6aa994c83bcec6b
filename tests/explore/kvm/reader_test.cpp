// SPDX-License-Identifier: Apache-2.0
// Who reads the page beside an exploration does so in holds alone: in other trials, coming upon the window would be
// chance, and a certificate not the same twice.
#include "tests/explore/kvm/explored.h"

namespace remapstorm {
namespace {

constexpr int kReader = 1;

struct Read {
  Verdict verdict = Verdict::error;
  std::size_t faults = 0;              // of the reader
  std::optional<std::uint64_t> reads;  // as the guest counted them, if it came to their end
};

Result<Read> read_beside(const Explored& explored, Exploration& exploration, const char* inject) {
  Read read;
  ExploreHooks hooks;
  hooks.tick = [] {};
  hooks.done = [&](const PointOutcome& outcome, const std::vector<Event>& events) -> Status {
    if (const auto* skipped = std::get_if<SkippedPoint>(&outcome)) return host_error(skipped->reason);
    read.verdict = std::get<ExploredTrial>(outcome).verdict;
    for (const Event& event : events) {
      const auto* probe = std::get_if<ProbeEvent>(&event.body);
      if (probe == nullptr || event.vcpu != kReader) continue;
      if (probe->probe == RS_PROBE_FAULT_ENTER) ++read.faults;
      if (probe->probe == RS_PROBE_WORK_END) read.reads = probe->args[2];
    }
    return {};
  };
  RS_TRY(explore(explored.environment(), exploration, {{5, inject}}, 1, hooks));
  return read;
}

TEST(ReaderOfAnExploration, ReadsInHoldsAlone) {
  const Explored explored;
  ASSERT_TRUE(explored.usable());
  ExploreOptions options = asked("bbm-pte", "bbm-fault-irqsafe");
  options.injections = {"irq", "hold"};
  options.hold = std::chrono::seconds(1);  // the reader has to be run in it
  const auto exploration = explored.reach(options);
  ASSERT_TRUE(exploration.ok()) << exploration.error().message;
  for (int i = 0; i < 3; ++i) {
    const auto beside_irq = read_beside(explored, **exploration, "irq");
    ASSERT_TRUE(beside_irq.ok()) << beside_irq.error().message;
    EXPECT_EQ(beside_irq->verdict, Verdict::clean);
    EXPECT_EQ(beside_irq->faults, 0U);
    EXPECT_EQ(beside_irq->reads, 0U);
    const auto beside_hold = read_beside(explored, **exploration, "hold");
    ASSERT_TRUE(beside_hold.ok()) << beside_hold.error().message;
    EXPECT_EQ(beside_hold->verdict, Verdict::stall);
    EXPECT_EQ(beside_hold->faults, 1U) << "one read, which waits; then the hold is over";
    EXPECT_GE(beside_hold->reads.value_or(0), 1U);
  }
}

}  // namespace
}  // namespace remapstorm
