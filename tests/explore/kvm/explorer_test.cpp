// SPDX-License-Identifier: Apache-2.0
#include <dirent.h>

#include <fstream>
#include <map>

#include "tests/explore/kvm/explored.h"

namespace remapstorm {
namespace {

std::size_t entries_of(const char* folder) {
  std::size_t count = 0;
  DIR* open = ::opendir(folder);
  if (open == nullptr) return 0;
  while (::readdir(open) != nullptr) ++count;
  ::closedir(open);
  return count;
}

std::size_t resident_kib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) return std::stoul(line.substr(6));
  }
  return 0;
}

// The whole update on one vCPU: the entry is present, clear, present again, with the lock held from before to after.
TEST(Explorer, TheVerdictFollowsTheEntryThroughAWholeUpdate) {
  const Explored explored;
  ASSERT_TRUE(explored.usable());
  ExploreOptions options = asked("lock.got..lock.drop", "bbm-fault");
  options.cpus = 1;
  options.injections = {"irq"};
  options.nth = 4;  // the first three are about the PMD
  const auto exploration = explored.reach(options);
  ASSERT_TRUE(exploration.ok()) << exploration.error().message;
  const auto certificate = explored.run(**exploration, points_of(**exploration));
  ASSERT_TRUE(certificate.ok()) << certificate.error().message;
  EXPECT_TRUE(certificate->complete()) << troubles(*certificate);
  std::map<EntryState, std::size_t> seen;
  for (const ExploredTrial& trial : certificate->trials) {
    ASSERT_EQ(trial.taken.size(), 1U);
    EXPECT_TRUE(trial.taken.front().exact) << name_of(certificate->boundaries[trial.boundary]);
    if (!trial.taken.front().boundary) continue;
    const EntryState entry = certificate->boundaries[*trial.taken.front().boundary].entry;
    ++seen[entry];
    EXPECT_EQ(trial.verdict, entry == EntryState::clear ? Verdict::deadlock : Verdict::clean)
        << name_of(certificate->boundaries[trial.boundary]) << ": " << trial.reason;
  }
  EXPECT_GT(seen[EntryState::clear], 5U);
  EXPECT_GT(seen[EntryState::present], 5U);
}

TEST(Explorer, AHoldStallsWhoeverReadsMeanwhile) {
  const Explored explored;
  ASSERT_TRUE(explored.usable());
  ExploreOptions options = asked("bbm-pte", "bbm-fault");
  options.injections = {"hold"};
  const auto exploration = explored.reach(options);
  ASSERT_TRUE(exploration.ok()) << exploration.error().message;
  const std::size_t last = (*exploration)->walked.boundaries.size() - 1;
  const auto certificate = explored.run(**exploration, {{0, "hold"}, {last / 2, "hold"}, {last, "hold"}});
  ASSERT_TRUE(certificate.ok());
  ASSERT_EQ(certificate->trials.size(), 3U) << troubles(*certificate);
  for (const ExploredTrial& trial : certificate->trials) {
    EXPECT_EQ(trial.verdict, Verdict::stall) << trial.reason;
    EXPECT_EQ(trial.taken.front().boundary, trial.boundary);
  }
}

TEST(Explorer, WithInplaceAHoldHurtsNobody) {
  const Explored explored;
  ASSERT_TRUE(explored.usable());
  ExploreOptions options = asked("bbm-pte", "inplace");
  options.injections = {"hold"};
  const auto exploration = explored.reach(options);
  ASSERT_TRUE(exploration.ok()) << exploration.error().message;
  const auto certificate = explored.run(**exploration, {{0, "hold"}, {1, "hold"}});
  ASSERT_TRUE(certificate.ok());
  ASSERT_EQ(certificate->trials.size(), 2U) << troubles(*certificate);
  for (const ExploredTrial& trial : certificate->trials) EXPECT_EQ(trial.verdict, Verdict::clean) << trial.reason;
}

TEST(Explorer, PairsAreTakenInTheOrderTheirKindsAllow) {
  const Explored explored;
  ASSERT_TRUE(explored.usable());
  ExploreOptions options = asked("bbm-pte", "inplace");
  options.pairs = Pairs::same;
  const auto exploration = explored.reach(options);
  ASSERT_TRUE(exploration.ok()) << exploration.error().message;
  const auto points = points_at(**exploration, *parse_boundary_choice("1"));
  ASSERT_TRUE(points.ok());
  ASSERT_EQ(points->size(), 4U);  // irq, nmi, irq+nmi, nmi+irq
  const auto certificate = explored.run(**exploration, *points);
  ASSERT_TRUE(certificate.ok());
  ASSERT_EQ(certificate->trials.size(), 4U) << troubles(*certificate);
  for (const ExploredTrial& trial : certificate->trials) {
    EXPECT_EQ(trial.verdict, Verdict::clean) << trial.inject << ": " << trial.reason;
    EXPECT_EQ(trial.taken.size(), parts_of(trial.inject).size()) << trial.inject;
  }
}

// The handler of the first runs through instructions where the second is to be raised, but not in their frame.
TEST(Explorer, TheSecondOfAPairIsRaisedWhereExecutionComesBy) {
  const Explored explored;
  ASSERT_TRUE(explored.usable());
  ExploreOptions options = asked("bbm.break..bbm.make", "inplace");
  options.pairs = Pairs::window;
  options.cpus = 1;
  const auto exploration = explored.reach(options);
  ASSERT_TRUE(exploration.ok()) << exploration.error().message;
  const auto& boundaries = (*exploration)->walked.boundaries;
  const std::size_t last = boundaries.size() - 1;
  const std::vector<ExplorePoint> points = {
      {0, "irq+nmi", 1}, {0, "irq+nmi", 5}, {3, "nmi+irq", last / 2}, {0, "nmi+irq", last}};
  const auto certificate = explored.run(**exploration, points);
  ASSERT_TRUE(certificate.ok()) << certificate.error().message;
  ASSERT_EQ(certificate->trials.size(), points.size()) << troubles(*certificate);
  for (const ExploredTrial& trial : certificate->trials) {
    const std::string name = name_of(*certificate, trial);
    EXPECT_EQ(trial.verdict, Verdict::clean) << name << ": " << trial.reason;
    EXPECT_TRUE(trial.second_raised) << name;
    ASSERT_EQ(trial.taken.size(), 2U) << name;
    for (std::size_t i = 0; i < 2; ++i) {
      const std::size_t raised = i == 0 ? trial.boundary : *trial.second;
      const bool nmi = parts_of(trial.inject)[i] == InjectorKind::nmi;
      EXPECT_EQ(trial.taken[i].context, nmi ? "nmi" : "hardirq") << name;
      if (raised != last && (nmi || boundaries[raised].interrupts_on)) {
        EXPECT_EQ(trial.taken[i].boundary, raised) << name << ", " << i;
      }
    }
  }
}

TEST(Explorer, AfterADeadlockExecutionComesToNoSecondBoundary) {
  const Explored explored;
  ASSERT_TRUE(explored.usable());
  ExploreOptions options = asked("bbm-pte", "bbm-fault-irqsafe");
  options.pairs = Pairs::window;
  options.cpus = 1;
  const auto exploration = explored.reach(options);
  ASSERT_TRUE(exploration.ok()) << exploration.error().message;
  const auto certificate = explored.run(**exploration, {{0, "nmi+irq", 5}, {0, "irq+nmi", 5}});
  ASSERT_TRUE(certificate.ok()) << certificate.error().message;
  ASSERT_EQ(certificate->trials.size(), 2U) << troubles(*certificate);
  for (const ExploredTrial& trial : certificate->trials) {
    EXPECT_EQ(trial.verdict, Verdict::deadlock) << trial.inject << ": " << trial.reason;
    // The interrupt waits for the window to close and never comes; the NMI comes where it was raised.
    const bool first = trial.inject == "nmi+irq";
    EXPECT_EQ(trial.second_raised, !first);
    ASSERT_EQ(trial.taken.size(), 1U) << trial.inject;
    EXPECT_EQ(trial.taken.front().context, "nmi");
    EXPECT_EQ(trial.taken.front().boundary, first ? 0U : 5U);
  }
}

TEST(Explorer, WindowsThatCannotBeExploredAreRefusedByName) {
  const Explored explored;
  ASSERT_TRUE(explored.usable());
  const auto unreachable = explored.reach(asked("hold.begin..hold.end", "inplace"));
  ASSERT_FALSE(unreachable.ok());
  EXPECT_EQ(unreachable.error().kind, ErrorKind::usage);
  EXPECT_NE(unreachable.error().message.find("never opened"), std::string::npos) << unreachable.error().message;

  ExploreOptions endless = asked("update.begin..hold.begin", "inplace");
  endless.most_steps = 2000;
  const auto never_closes = explored.reach(endless);
  ASSERT_FALSE(never_closes.ok());
  EXPECT_EQ(never_closes.error().kind, ErrorKind::usage);
  EXPECT_NE(never_closes.error().message.find("does not close"), std::string::npos) << never_closes.error().message;

  const auto missing = explored.reach(asked("vmemmap_update_ptee..vmemmap_update_pte+8", "inplace"));
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().kind, ErrorKind::usage);
  EXPECT_NE((missing.error().message + missing.error().hint).find("vmemmap_update_pte"), std::string::npos);
}

TEST(Explorer, AThousandTrialsLeaveNothingBehind) {
  const Explored explored;
  ASSERT_TRUE(explored.usable());
  const auto exploration = explored.reach(asked("bbm-pte", "bbm-fault"));
  ASSERT_TRUE(exploration.ok()) << exploration.error().message;
  std::vector<ExplorePoint> points, all = points_of(**exploration);
  // As many before the first look, so that caches and arenas have their size.
  for (std::size_t i = 0; i < 1100; ++i) points.push_back(all[i % all.size()]);
  std::size_t done = 0, descriptors = 0, threads = 0, resident = 0;
  ExploreHooks hooks;
  hooks.tick = [] {};
  hooks.done = [&](const PointOutcome& outcome, const std::vector<Event>&) -> Status {
    EXPECT_TRUE(std::holds_alternative<ExploredTrial>(outcome));
    if (++done == 100) {
      descriptors = entries_of("/proc/self/fd");
      threads = entries_of("/proc/self/task");
      resident = resident_kib();
    }
    if (done == 1100) {
      EXPECT_EQ(entries_of("/proc/self/fd"), descriptors);
      EXPECT_EQ(entries_of("/proc/self/task"), threads);
      EXPECT_LE(resident_kib(), resident + 4096) << "KiB, from " << resident;
    }
    return {};
  };
  const Status status = explore(explored.environment(), **exploration, points, 1, hooks);
  ASSERT_TRUE(status.ok()) << status.error().message;
  EXPECT_EQ(done, 1100U);
}

}  // namespace
}  // namespace remapstorm
