// SPDX-License-Identifier: Apache-2.0
#include "campaign/explore/window.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "guest/abi/remapstorm_abi.h"

namespace remapstorm {
namespace {

TEST(WindowNames, ShippedOnesSeparateTheLevels) {
  const auto pte = parse_window("bbm-pte");
  ASSERT_TRUE(pte.ok());
  const auto pmd = parse_window("bbm-pmd");
  ASSERT_TRUE(pmd.ok());
  Candidate candidate;
  candidate.probe = ProbeEvent{RS_PROBE_UPDATE_BEGIN, 1, Gva(1), 0, {1, 2, RS_LEVEL_PTE, 0}};
  EXPECT_TRUE(matches(pte->open.pattern, candidate));
  EXPECT_FALSE(matches(pmd->open.pattern, candidate));
  EXPECT_TRUE(pte->of_entry);
  EXPECT_EQ(probes_of(*pte), (std::vector<std::uint16_t>{RS_PROBE_UPDATE_BEGIN})) << "none inside rings";
  EXPECT_FALSE(pte->needs_symbols());
}

TEST(WindowNames, LockAndRemapAreTheNeighbourhood) {
  const auto lock = parse_window("lock");
  ASSERT_TRUE(lock.ok());
  EXPECT_EQ(probes_of(*lock), (std::vector<std::uint16_t>{RS_PROBE_LOCK_GOT, RS_PROBE_LOCK_DROP}));
  const auto remap = parse_window("remap");
  ASSERT_TRUE(remap.ok());
  EXPECT_FALSE(lock->of_entry || remap->of_entry);
}

bool silences(const char* window, StrategyKind strategy, std::uint16_t probe) {
  const auto silent = silent_probes_of(*parse_window(window), strategy);
  return std::find(silent.begin(), silent.end(), probe) != silent.end();
}

TEST(WindowNames, WhatLiesInsideIsSilentAndWhatProvesADeadlockIsNot) {
  for (const std::uint16_t inside : {RS_PROBE_FLUSH_BEGIN, RS_PROBE_FLUSH_END, RS_PROBE_BBM_BREAK, RS_PROBE_BBM_MAKE}) {
    EXPECT_TRUE(silences("bbm-pte", StrategyKind::bbm_fault, inside)) << inside;
  }
  for (const std::uint16_t proof : {RS_PROBE_LOCK_WANT, RS_PROBE_LOCK_GOT, RS_PROBE_LOCK_DROP, RS_PROBE_FAULT_ENTER}) {
    EXPECT_FALSE(silences("remap", StrategyKind::bbm_fault, proof)) << proof;
  }
  EXPECT_FALSE(silences("bbm-pte", StrategyKind::bbm_fault, RS_PROBE_BBM_WINDOW)) << "logged behind the window";
  EXPECT_TRUE(silences("lock", StrategyKind::bbm_fault, RS_PROBE_BBM_WINDOW)) << "logged inside";
  EXPECT_TRUE(silences("bbm-pte", StrategyKind::bbm_fault, RS_PROBE_ANSWER_WANT));
  EXPECT_FALSE(silences("bbm-pte", StrategyKind::bbm_fault_ipi, RS_PROBE_ANSWER_WANT))
      << "a wait for an IPI may be a deadlock";
}

TEST(WindowNames, TwoProbesOrTwoPlacesMakeOne) {
  const auto probes = parse_window("lock.got..lock.drop");
  ASSERT_TRUE(probes.ok());
  EXPECT_EQ(probes->open.pattern.probe, RS_PROBE_LOCK_GOT);
  EXPECT_EQ(probes->close.pattern.probe, RS_PROBE_LOCK_DROP);

  auto places = parse_window("vmemmap_update_pte+0x10..vmemmap_update_pte+0x40");
  ASSERT_TRUE(places.ok());
  EXPECT_TRUE(places->needs_symbols());
  const Symbols symbols({{"vmemmap_update_pte", Gva(0xffffffff81000000), 0x80, true}});
  ASSERT_TRUE(resolve_window(*places, symbols).ok());
  EXPECT_EQ(breakpoints_of(*places), (std::vector<Gva>{Gva(0xffffffff81000010), Gva(0xffffffff81000040)}));

  const auto mixed = parse_window("bbm.break..copy.part.0+4");
  ASSERT_TRUE(mixed.ok());
  EXPECT_EQ(mixed->close.pattern.at, "copy.part.0+4");
}

std::string complaint(const char* text) {
  const auto window = parse_window(text);
  return window.ok() ? "none" : window.error().message + " | " + window.error().hint;
}

TEST(WindowNames, MistakesAreNamedWithWhatWasMeant) {
  EXPECT_NE(complaint("bbm-ptee").find("did you mean bbm-pte?"), std::string::npos);
  EXPECT_NE(complaint("bbm.brake..bbm.make").find("did you mean bbm.break?"), std::string::npos);
  EXPECT_NE(complaint("nothing-like-it").find("bbm-pte, bbm-pmd, lock, remap"), std::string::npos);
  EXPECT_NE(complaint("bbm.break..").find("only one end"), std::string::npos);
  EXPECT_NE(complaint("..bbm.make").find("only one end"), std::string::npos);
  EXPECT_NE(complaint("a b..c").find("neither a probe nor a place"), std::string::npos);
  EXPECT_NE(complaint("").find("unknown window"), std::string::npos);
  EXPECT_EQ(parse_window("x").error().kind, ErrorKind::usage);
}

TEST(WindowNames, SymbolsThatAreNotThereAreNamedWithNearOnes) {
  const Symbols symbols({{"vmemmap_update_pte", Gva(0xffffffff81000000), 0x80, true}});
  auto window = parse_window("vmemmap_update_pt..vmemmap_update_pte+8");
  ASSERT_TRUE(window.ok());
  const Status status = resolve_window(*window, symbols);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().kind, ErrorKind::usage);
  EXPECT_NE((status.error().message + status.error().hint).find("vmemmap_update_pte"), std::string::npos);

  auto nothing = parse_window("vmemmap_update_pte..vmemmap_update_pte+0");
  ASSERT_TRUE(nothing.ok());
  EXPECT_FALSE(resolve_window(*nothing, symbols).ok());
}

}  // namespace
}  // namespace remapstorm
