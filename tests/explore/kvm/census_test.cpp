// SPDX-License-Identifier: Apache-2.0
#include "campaign/explore/census.h"

#include "tests/explore/kvm/explored.h"

namespace remapstorm {
namespace {

const CensusRow* row_of(const Census& census, const char* symbol, const char* context, bool in_window) {
  const auto found = std::find_if(census.rows.begin(), census.rows.end(), [&](const CensusRow& row) {
    return row.symbol == symbol && row.context == context && row.in_window == in_window;
  });
  return found == census.rows.end() ? nullptr : &*found;
}

// One walk that splits, one that frees, one that restores.
TEST(Census, NamesTheInjectedHandlerTheRestorePathAndTheReaders) {
  const Explored explored;
  ASSERT_TRUE(explored.usable());
  CensusOptions options;
  options.explore = asked("remap", "bbm-fault-irqsafe");
  options.explore.cpus = 4;
  options.windows = 3;
  options.explore.workloads = census_workloads(options);
  auto plan = explored.plan(options.explore);
  ASSERT_TRUE(plan.ok()) << plan.error().message;
  for (const char* inject : {"irq", "nmi"}) {
    Rule rule;
    rule.name = inject;
    rule.action.injector = inject;
    rule.action.parameters.values["vcpu"] = std::int64_t{3};
    plan->rules.push_back(std::move(rule));
  }
  const auto census = take_census(explored.environment(), options, *plan, [](const std::string&) {});
  ASSERT_TRUE(census.ok()) << census.error().message;
  EXPECT_EQ(census->windows, 3U);
  EXPECT_EQ(census->unresolved, 0U);

  // The compiler decides which function of the handler has the load.
  const auto by_handler = [&](const char* context) {
    const CensusRow* row = row_of(*census, "rs_handle", context, false);
    return row != nullptr ? row : row_of(*census, "rs_read_for", context, false);
  };
  const CensusRow* by_irq = by_handler("hardirq");
  ASSERT_NE(by_irq, nullptr);
  EXPECT_EQ(by_irq->kind, AccessKind::read);
  EXPECT_FALSE(by_irq->interrupts_on);
  EXPECT_NE(by_handler("nmi"), nullptr);

  const auto restore = std::find_if(census->rows.begin(), census->rows.end(), [](const CensusRow& row) {
    return row.in_window && row.caller == "vmemmap_restore_pte" && row.kind == AccessKind::read;
  });
  ASSERT_NE(restore, census->rows.end()) << "the restore path copies the shared page";
  EXPECT_TRUE(restore->alias);
  EXPECT_EQ(restore->context, "task");

  const CensusRow* reader = row_of(*census, "rs_ioctl", "task", false);
  ASSERT_NE(reader, nullptr) << "workload read-target";
  EXPECT_EQ(reader->kind, AccessKind::read);
  EXPECT_TRUE(reader->interrupts_on);
}

}  // namespace
}  // namespace remapstorm
