// SPDX-License-Identifier: Apache-2.0
// The PTE window of the three strategies on two vCPUs, each boundary with IRQ and NMI, twice: the verdicts and what
// they rest on.
#include "tests/explore/kvm/explored.h"

namespace remapstorm {
namespace {

// Explored twice from one snapshot: the first time on one machine, then on two.
Certificate explored_twice(const char* strategy) {
  const Explored explored;
  Certificate empty;
  if (!explored.usable()) return empty;
  ExploreOptions options = asked("bbm-pte", strategy);
  const auto exploration = explored.reach(options);
  if (!exploration.ok()) {
    ADD_FAILURE() << exploration.error().message;
    return empty;
  }
  const auto first = explored.run(**exploration, points_of(**exploration), 1);
  const auto second = explored.run(**exploration, points_of(**exploration), 2);
  for (const auto* one : {&first, &second}) {
    if (!one->ok()) {
      ADD_FAILURE() << one->error().message;
      return empty;
    }
    EXPECT_TRUE((*one)->complete()) << troubles(**one);
  }
  for (const std::string& difference : differing_verdicts(*first, *second)) ADD_FAILURE() << difference;
  return *first;
}

// The whole time in which the entry is absent, the flush with its wait for the other vCPU included, and hardly any code
// of ours in it.
void expect_the_real_window(const Certificate& certificate) {
  EXPECT_EQ(certificate.kind, WindowKind::absent);
  EXPECT_EQ(certificate.cpus, 2U);
  EXPECT_GT(certificate.boundaries.size(), 400U);
  EXPECT_LE(certificate.count_code(CodeOwner::harness) * 20, certificate.boundaries.size()) << "5 %";
  bool waits = false;
  for (const Boundary& one : certificate.boundaries) {
    EXPECT_EQ(one.entry, EntryState::clear) << name_of(one);
    EXPECT_NE(one.symbol, "rs_log");
    EXPECT_NE(one.symbol, "__rs_probe");
    waits = waits || one.symbol == "rs_await";
  }
  EXPECT_TRUE(waits);
  EXPECT_EQ(certificate.boundaries.front().symbol, certificate.boundaries.back().symbol) << "from the clear to the set";
}

TEST(CertificateOfThePteWindow, BbmFaultDeadlocksWhereTheEntryIsClearAndInterruptsAreOn) {
  const Certificate certificate = explored_twice("bbm-fault");
  expect_the_real_window(certificate);
  for (const ExploredTrial& trial : certificate.trials) {
    const Boundary& boundary = certificate.boundaries[trial.boundary];
    EXPECT_EQ(trial.verdict, Verdict::deadlock) << trial.inject << " at " << name_of(boundary) << ": " << trial.reason;
    ASSERT_EQ(trial.taken.size(), 1U) << name_of(boundary);
    const TakenAt& taken = trial.taken.front();
    EXPECT_EQ(taken.context, trial.inject == "nmi" ? "nmi" : "hardirq");
    EXPECT_TRUE(taken.exact) << trial.inject << " at " << name_of(boundary);
    ASSERT_TRUE(taken.boundary) << trial.inject << " at " << name_of(boundary);
    if (trial.inject == "nmi") {
      // KVM holds an NMI back for the one instruction behind an STI (SDM, STI: some processors block NMIs there).
      const bool shadowed = trial.boundary > 0 && certificate.boundaries[trial.boundary - 1].text == "sti";
      EXPECT_EQ(*taken.boundary, trial.boundary + (shadowed ? 1 : 0)) << name_of(boundary);
      continue;
    }
    const Boundary& real = certificate.boundaries[*taken.boundary];
    EXPECT_TRUE(real.interrupts_on) << name_of(boundary) << " taken at " << name_of(real);
    // At the first place that allows it; behind an STI the next (SDM, STI), which KVM-PVM does not know.
    std::size_t first = trial.boundary;
    while (!certificate.boundaries[first].interrupts_on) ++first;
    EXPECT_GE(*taken.boundary, first) << name_of(boundary);
    EXPECT_LE(*taken.boundary, first + 1) << name_of(boundary);
  }
}

TEST(CertificateOfThePteWindow, BbmFaultIrqsafeDeadlocksByNmiOnly) {
  const Certificate certificate = explored_twice("bbm-fault-irqsafe");
  expect_the_real_window(certificate);
  for (const ExploredTrial& trial : certificate.trials) {
    const Boundary& boundary = certificate.boundaries[trial.boundary];
    EXPECT_FALSE(boundary.interrupts_on) << name_of(boundary);
    EXPECT_EQ(trial.verdict, trial.inject == "nmi" ? Verdict::deadlock : Verdict::clean)
        << trial.inject << " at " << name_of(boundary) << ": " << trial.reason;
    ASSERT_EQ(trial.taken.size(), 1U);
    EXPECT_TRUE(trial.taken.front().exact);
    if (trial.inject == "nmi") {
      EXPECT_EQ(trial.taken.front().boundary, trial.boundary) << name_of(boundary);
    } else {
      EXPECT_FALSE(trial.taken.front().boundary) << "taken behind the window";
    }
  }
}

// It has no window: the store is tried from before and from behind.
TEST(CertificateOfThePteWindow, InplaceIsCleanAndItsEntryIsNeverAbsent) {
  const Certificate certificate = explored_twice("inplace");
  EXPECT_EQ(certificate.kind, WindowKind::replaced);
  EXPECT_EQ(certificate.boundaries.size(), 2U);
  for (const ExploredTrial& trial : certificate.trials) {
    const Boundary& boundary = certificate.boundaries[trial.boundary];
    EXPECT_EQ(boundary.entry, EntryState::present) << name_of(boundary);
    EXPECT_EQ(trial.verdict, Verdict::clean) << trial.inject << " at " << name_of(boundary) << ": " << trial.reason;
    EXPECT_EQ(trial.taken.size(), 1U);
  }
}

}  // namespace
}  // namespace remapstorm
