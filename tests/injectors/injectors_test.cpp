// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "injectors/catalogue.h"
#include "telemetry/kinds.h"
#include "tests/injectors/fake_guest.h"

namespace remapstorm {
namespace {

using std::chrono::milliseconds;

std::unique_ptr<Injector> make(const std::string& name, Parameters parameters = {}) {
  const InjectorInfo* info = find_injector(name);
  if (info == nullptr) return nullptr;
  for (const ParameterSpec& spec : info->spec.parameters) {
    if (spec.fallback && !parameters.has(spec.name)) parameters.values[spec.name] = *spec.fallback;
  }
  return info->make(parameters);
}

Hit hit_on(unsigned vcpu) {
  Hit hit;
  hit.vcpu = vcpu;
  hit.probe = RS_PROBE_BBM_BREAK;
  hit.args = {0xffffea0000001000, 0xffff888000009008, 0x8000000000005063, RS_LEVEL_PTE};
  return hit;
}

TEST(InjectorCatalogue, HoldsEveryFaultOnceWithAnExplanation) {
  std::vector<std::string> names;
  for (const InjectorSpec& spec : injector_catalogue()) {
    names.push_back(spec.name);
    EXPECT_FALSE(spec.summary.empty()) << spec.name;
    for (const ParameterSpec& parameter : spec.parameters) EXPECT_FALSE(parameter.summary.empty()) << parameter.name;
  }
  EXPECT_THAT(names,
              testing::UnorderedElementsAre("irq", "nmi", "call", "hold", "stage2-delay", "serror", "external-abort"));
  EXPECT_EQ(find_injector("none-of-that-name"), nullptr);
}

TEST(SerrorInjector, SaysHowBadItIs) {
  FakeGuest guest;
  Parameters parameters;
  EXPECT_EQ(make("serror", parameters)->fire(hit_on(1), guest)->detail, "uncontainable");
  parameters.values["severity"] = std::string("corrected");
  const auto receipt = make("serror", parameters)->fire(hit_on(0), guest);
  EXPECT_EQ(receipt->target_vcpu, 0);
  EXPECT_NE(receipt->token, 0U);
  // Arm ARM, ESR_EL1 for an SError: AET is bits 12:10, DFSC 0x11 bits 5:0.
  EXPECT_THAT(guest.serrors, testing::ElementsAre(std::pair(1U, 0x11U), std::pair(0U, 0x1811U)));
}

TEST(ExternalAbortInjector, HitsTheStructPageUnderRemap) {
  FakeGuest guest;
  EXPECT_EQ(make("external-abort", {})->fire(hit_on(1), guest)->detail, "at 0xffffea0000001000");
  EXPECT_THAT(guest.aborts, testing::ElementsAre(std::pair(1U, Gva(0xffffea0000001000))));
  Hit elsewhere = hit_on(0);
  elsewhere.probe = 0;
  EXPECT_EQ(make("external-abort", {})->fire(elsewhere, guest).error().kind, ErrorKind::usage);
}

TEST(IrqInjector, GoesToTheVcpuOfTheHitUnlessToldOtherwise) {
  FakeGuest guest;
  ASSERT_TRUE(make("irq")->fire(hit_on(1), guest).ok());
  Parameters elsewhere;
  elsewhere.values["vcpu"] = std::int64_t{0};
  elsewhere.values["via"] = std::string("line");
  ASSERT_TRUE(make("irq", elsewhere)->fire(hit_on(1), guest).ok());
  EXPECT_THAT(guest.raised,
              testing::ElementsAre(std::pair(1U, InterruptKind::msi), std::pair(0U, InterruptKind::line)));
  EXPECT_EQ(guest.raw().vcpu[1].msi_token, 1U);
  EXPECT_EQ(guest.raw().vcpu[1].msi_action, RS_ACTION_READ_TARGET);
}

TEST(CallInjector, LeavesItToTheCodeAtTheProbe) {
  FakeGuest guest;
  ASSERT_TRUE(make("call")->fire(hit_on(1), guest).ok());
  EXPECT_EQ(guest.raw().vcpu[1].call_token, 1U);
  EXPECT_EQ(guest.raw().vcpu[1].call_action, RS_ACTION_READ_TARGET);
  Hit breakpoint = hit_on(0);
  breakpoint.probe = 0;
  EXPECT_FALSE(make("call")->fire(breakpoint, guest).ok());
}

TEST(IrqInjector, OnePendingMergesWithTheNext) {
  FakeGuest guest;
  const auto irq = make("irq");
  const auto first = irq->fire(hit_on(0), guest);
  const auto second = irq->fire(hit_on(0), guest);
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ(second->token, first->token);
  EXPECT_THAT(second->detail, testing::HasSubstr("merged"));
  EXPECT_EQ(guest.raised.size(), 1U);
  guest.raw().vcpu[0].msi_token = 0;  // the guest's handler took it
  const auto third = irq->fire(hit_on(0), guest);
  ASSERT_TRUE(third.ok());
  EXPECT_NE(third->token, first->token);
  EXPECT_EQ(guest.raised.size(), 2U);
}

TEST(NmiInjector, RefusesAVcpuThatDoesNotExist) {
  FakeGuest guest(1);
  Parameters parameters;
  parameters.values["vcpu"] = std::int64_t{5};
  const auto receipt = make("nmi", parameters)->fire(hit_on(0), guest);
  ASSERT_FALSE(receipt.ok());
  EXPECT_EQ(receipt.error().kind, ErrorKind::usage);
  EXPECT_TRUE(guest.raised.empty());
}

TEST(HoldInjector, TimedAndUntil) {
  FakeGuest guest;
  Parameters timed;
  timed.values["for_ms"] = Nanoseconds(milliseconds(250));
  const auto receipt = make("hold", timed)->fire(hit_on(0), guest);
  ASSERT_TRUE(receipt.ok());
  EXPECT_EQ(receipt->requested, Nanoseconds(milliseconds(250)));
  Parameters until;
  until.values["until"] = EventPattern{};
  until.values["at_most_ms"] = Nanoseconds(milliseconds(40));
  ASSERT_TRUE(make("hold", until)->fire(hit_on(0), guest).ok());
  ASSERT_EQ(guest.holds.size(), 2U);
  EXPECT_FALSE(guest.holds[0].second.until.has_value());
  EXPECT_EQ(guest.holds[0].second.length, Nanoseconds(milliseconds(250)));
  EXPECT_TRUE(guest.holds[1].second.until.has_value());
  EXPECT_EQ(guest.holds[1].second.length, Nanoseconds(milliseconds(40)));
}

TEST(HoldInjector, SoftHoldsOnlyWhereTheGuestRang) {
  FakeGuest guest;
  Parameters soft;
  soft.values["for_ms"] = Nanoseconds(milliseconds(1));
  soft.values["mode"] = std::string("soft");
  soft.values["vcpu"] = std::int64_t{1};
  EXPECT_FALSE(make("hold", soft)->fire(hit_on(0), guest).ok());
  EXPECT_TRUE(make("hold", soft)->fire(hit_on(1), guest).ok());
}

TEST(Stage2DelayInjector, ChoosesThePageByItsName) {
  FakeGuest guest;
  Parameters parameters;
  parameters.values["for_ms"] = Nanoseconds(milliseconds(50));
  ASSERT_TRUE(make("stage2-delay", parameters)->fire(hit_on(0), guest).ok());
  parameters.values["page"] = std::string("vmemmap-page");
  ASSERT_TRUE(make("stage2-delay", parameters)->fire(hit_on(0), guest).ok());
  guest.mapped.page.reset();  // inside the window: the old entry tells
  ASSERT_TRUE(make("stage2-delay", parameters)->fire(hit_on(0), guest).ok());
  parameters.values["page"] = std::string("0x7000");
  ASSERT_TRUE(make("stage2-delay", parameters)->fire(hit_on(0), guest).ok());
  std::vector<std::uint64_t> pages;
  for (const auto& [page, delay] : guest.delays) pages.push_back(page.value);
  EXPECT_THAT(pages, testing::ElementsAre(0x9000, 0x5000, 0x5000, 0x7000));
}

TEST(Stage2DelayInjector, BeforeTheFirstWindowThereIsNoPage) {
  FakeGuest guest;
  Parameters parameters;
  parameters.values["for_ms"] = Nanoseconds(milliseconds(50));
  Hit at_breakpoint;
  const auto receipt = make("stage2-delay", parameters)->fire(at_breakpoint, guest);
  ASSERT_FALSE(receipt.ok());
  EXPECT_THAT(receipt.error().message, testing::HasSubstr("no vmemmap window"));
}

// A detector or a page that does not know an injector would say nothing of what it did.
TEST(Catalogue, EveryInjectorIsOfAKind) {
  for (const InjectorSpec& spec : injector_catalogue()) {
    EXPECT_NE(injector_kind(spec.name), InjectorKind::unknown) << spec.name;
  }
}

}  // namespace
}  // namespace remapstorm
