// SPDX-License-Identifier: Apache-2.0
// Each detector says itself what kind its findings are: whatever the words of a summary, and whatever a guest writes.
#include "telemetry/finding_kind.h"

#include <gtest/gtest.h>

#include <set>

#include "telemetry/judge.h"
#include "tests/telemetry/stream.h"

namespace remapstorm {
namespace {

using What = LifecycleEvent::What;

FindingKind kind_of(const Stream& stream) {
  const Judgement judgement = judge(stream.events);
  EXPECT_FALSE(judgement.findings.empty()) << judgement.reasons.front();
  return judgement.findings.empty() ? FindingKind::other : judgement.findings.front().kind;
}

FindingKind of_console(const std::string& line) {
  Stream stream;
  stream.begin().console(line).done();
  return kind_of(stream);
}

TEST(FindingKinds, HaveNamesThatLeadBack) {
  std::set<std::string_view> names;
  for (int i = 0; i <= static_cast<int>(kLastFindingKind); ++i) {
    const auto kind = static_cast<FindingKind>(i);
    EXPECT_EQ(finding_kind_from_name(finding_kind_name(kind)), kind);
    EXPECT_TRUE(names.insert(finding_kind_name(kind)).second) << finding_kind_name(kind);
  }
  EXPECT_EQ(finding_kind_name(FindingKind::self_hardirq), "self-hardirq");
  EXPECT_EQ(finding_kind_from_name("no such kind"), std::nullopt);
}

// "the others stood still, or were waited for," was counted as lock-held.
TEST(FindingKinds, APauseIsNoHeldLock) {
  Stream stream;
  stream.begin().probe(0, RS_PROBE_PAUSE_BEGIN, RS_CTX_TASK, {0, 0, 0, 0}).pass(150);
  stream.probe(0, RS_PROBE_PAUSE_END, RS_CTX_TASK, {0, 0, 0, 0}).done();
  EXPECT_EQ(kind_of(stream), FindingKind::pause);
}

TEST(FindingKinds, OfStalls) {
  Stream window;
  window.begin().open(0).pass(150).close(0).done();
  EXPECT_EQ(kind_of(window), FindingKind::lock_held) << "the lock was taken before the window and dropped after it";
  Stream held;
  held.begin().open(0).probe(0, RS_PROBE_BBM_MAKE, RS_CTX_TASK, {kPage, kEntry, 0x61, RS_LEVEL_PTE}).pass(150);
  held.drop(0, RS_CTX_TASK, kUpdatePc).done();
  EXPECT_EQ(kind_of(held), FindingKind::lock_held);
  Stream fault;
  fault.begin().fault(1, RS_CTX_TASK).pass(150).recover(1, RS_CTX_TASK).done();
  EXPECT_EQ(kind_of(fault), FindingKind::fault);
  Stream wait;
  wait.begin().want(1, RS_CTX_TASK, kUpdatePc).pass(150);
  wait.got(1, RS_CTX_TASK, kUpdatePc).drop(1, RS_CTX_TASK, kUpdatePc).done();
  EXPECT_EQ(kind_of(wait), FindingKind::lock_wait);
  Stream only_window;
  const auto cleared = static_cast<std::uint64_t>(only_window.begin().guest_now().count());
  const auto set = static_cast<std::uint64_t>(only_window.pass(150).guest_now().count());
  only_window.probe(0, RS_PROBE_BBM_WINDOW, RS_CTX_TASK, {kPage, cleared, set, RS_LEVEL_PTE}).done();
  EXPECT_EQ(kind_of(only_window), FindingKind::window);
}

TEST(FindingKinds, OfTheTrialAsAWhole) {
  const auto after = [](What what, const std::string& detail) {
    Stream stream;
    stream.begin().milestone(what, detail).milestone(What::end);
    return kind_of(stream);
  };
  EXPECT_EQ(after(What::host_failure, "interrupted"), FindingKind::host_failure) << "the detail's words decide nothing";
  EXPECT_EQ(after(What::interrupted, ""), FindingKind::interrupted);
  EXPECT_EQ(after(What::timeout, ""), FindingKind::timeout);
  EXPECT_EQ(after(What::no_progress, ""), FindingKind::no_progress);
  EXPECT_EQ(after(What::done, "3"), FindingKind::workload_failure);
  EXPECT_TRUE(is_host_trouble(FindingKind::host_failure));
  EXPECT_TRUE(is_host_trouble(FindingKind::interrupted));
  EXPECT_FALSE(is_host_trouble(FindingKind::workload_failure));
}

TEST(FindingKinds, OfTheGuestsReports) {
  EXPECT_EQ(of_console("[ 1.0] BUG: kernel NULL pointer dereference, address: 0"), FindingKind::null_pointer);
  EXPECT_EQ(of_console("[ 1.0] watchdog: BUG: soft lockup - CPU#0 stuck for 26s!"), FindingKind::soft_lockup);
  EXPECT_EQ(of_console("[ 1.0] BUG: of a sort that nobody knows"), FindingKind::bug);
}

}  // namespace
}  // namespace remapstorm
