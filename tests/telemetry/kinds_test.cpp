// SPDX-License-Identifier: Apache-2.0
#include "telemetry/kinds.h"

#include <gtest/gtest.h>

#include "telemetry/probe_names.h"

namespace remapstorm {
namespace {

TEST(Kinds, EveryStrategyOfTheAbiHasOne) {
  unsigned number = 0;
  for (const std::string_view name : all_strategies()) {
    EXPECT_EQ(static_cast<unsigned>(strategy_kind(name)), number++) << name;
  }
  EXPECT_EQ(number, 8U);
  EXPECT_EQ(strategy_kind("Inplace"), StrategyKind::unknown);
  EXPECT_EQ(strategy_kind(""), StrategyKind::unknown);
}

// Of a strategy that nobody knows it is not concluded that it has no window.
TEST(Kinds, OnlyInplaceAndBbml2BreakNoEntry) {
  for (const std::string_view name : all_strategies())
    EXPECT_EQ(breaks_entries(strategy_kind(name)), name != "inplace" && name != "bbml2") << name;
  EXPECT_TRUE(breaks_entries(StrategyKind::unknown));
  EXPECT_FALSE(asks_by_ipi(StrategyKind::unknown));
  EXPECT_TRUE(asks_by_ipi(strategy_kind("pause-ipi")));
}

TEST(Kinds, InterruptsAreAnsweredAndNothingElse) {
  for (const char* name : {"irq", "nmi", "call"}) EXPECT_TRUE(is_answered(injector_kind(name))) << name;
  for (const char* name : {"hold", "stage2-delay", "serror", "external-abort", "meteor", ""})
    EXPECT_FALSE(is_answered(injector_kind(name))) << name;
  EXPECT_EQ(injector_kind("meteor"), InjectorKind::unknown);
}

}  // namespace
}  // namespace remapstorm
