// SPDX-License-Identifier: Apache-2.0
// The PTE window of the three strategies, each boundary with IRQ and NMI, twice: the verdicts and what they rest on.
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
    EXPECT_GT((*one)->boundaries.size(), 50U);
  }
  for (const std::string& difference : differing_verdicts(*first, *second)) ADD_FAILURE() << difference;
  return *first;
}

// The instruction behind the one that closed the window: the entry is still clear there.
Gva behind(const Certificate& certificate) {
  const Boundary& last = certificate.boundaries.back();
  return last.pc + (last.bytes.size() + 1) / 3;
}

TEST(CertificateOfThePteWindow, BbmFaultDeadlocksWhereTheEntryIsClearAndInterruptsAreOn) {
  const Certificate certificate = explored_twice("bbm-fault");
  bool later = false;
  for (const ExploredTrial& trial : certificate.trials) {
    const Boundary& boundary = certificate.boundaries[trial.boundary];
    EXPECT_EQ(boundary.entry, EntryState::clear) << name_of(boundary);
    EXPECT_EQ(trial.verdict, Verdict::deadlock) << trial.inject << " at " << name_of(boundary) << ": " << trial.reason;
    ASSERT_EQ(trial.taken.size(), 1U) << name_of(boundary);
    const TakenAt& taken = trial.taken.front();
    EXPECT_EQ(taken.context, trial.inject == "nmi" ? "nmi" : "hardirq");
    if (!boundary.interrupts_on && trial.inject == "irq") later = true;
    // Hosts differ in where they look for what is pending; none may deliver it early, or where it is masked.
    if (!taken.boundary) {
      EXPECT_EQ(taken.pc, behind(certificate)) << name_of(boundary);
      continue;
    }
    EXPECT_GE(*taken.boundary, trial.boundary);
    const Boundary& real = certificate.boundaries[*taken.boundary];
    if (trial.inject == "irq") {
      EXPECT_TRUE(real.interrupts_on) << name_of(boundary) << " taken at " << name_of(real);
    }
    const bool last = trial.boundary + 1 == certificate.boundaries.size();
    if ((trial.inject == "nmi" || boundary.interrupts_on) && !last) {
      // Hardware lets nothing in behind an STI that switches interrupts on (SDM, STI); KVM-PVM does not know that.
      const bool shadow = trial.boundary > 0 && certificate.boundaries[trial.boundary - 1].bytes == "fb";
      EXPECT_LE(*taken.boundary, trial.boundary + (shadow ? 1 : 0)) << trial.inject << " at " << name_of(boundary);
    }
  }
  EXPECT_TRUE(later) << "the window has a stretch with interrupts off";
}

TEST(CertificateOfThePteWindow, BbmFaultIrqsafeDeadlocksByNmiOnly) {
  const Certificate certificate = explored_twice("bbm-fault-irqsafe");
  for (const ExploredTrial& trial : certificate.trials) {
    const Boundary& boundary = certificate.boundaries[trial.boundary];
    EXPECT_FALSE(boundary.interrupts_on) << name_of(boundary);
    EXPECT_EQ(boundary.entry, EntryState::clear) << name_of(boundary);
    EXPECT_EQ(trial.verdict, trial.inject == "nmi" ? Verdict::deadlock : Verdict::clean)
        << trial.inject << " at " << name_of(boundary) << ": " << trial.reason;
    ASSERT_EQ(trial.taken.size(), 1U);
    const bool last = trial.boundary + 1 == certificate.boundaries.size();
    if (trial.inject == "nmi" && !last) {
      EXPECT_EQ(trial.taken.front().boundary, trial.boundary) << name_of(boundary);
    }
    if (trial.inject == "irq") {
      EXPECT_FALSE(trial.taken.front().boundary) << "taken behind the window";
    }
  }
}

TEST(CertificateOfThePteWindow, InplaceIsClean) {
  const Certificate certificate = explored_twice("inplace");
  for (const ExploredTrial& trial : certificate.trials) {
    const Boundary& boundary = certificate.boundaries[trial.boundary];
    EXPECT_EQ(boundary.entry, EntryState::present) << name_of(boundary);
    EXPECT_EQ(trial.verdict, Verdict::clean) << trial.inject << " at " << name_of(boundary) << ": " << trial.reason;
    EXPECT_EQ(trial.taken.size(), 1U);
  }
}

}  // namespace
}  // namespace remapstorm
