// SPDX-License-Identifier: Apache-2.0
#include "link/mailbox.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/injectors/fake_guest.h"

namespace remapstorm {
namespace {

TEST(Mailbox, HeaderSaysWhatTheGuestMustCheck) {
  FakeGuest guest(3);
  EXPECT_EQ(guest.raw().magic, RS_ABI_MAGIC);
  EXPECT_EQ(guest.raw().version, RS_ABI_VERSION);
  EXPECT_EQ(guest.raw().vcpus, 3U);
  EXPECT_EQ(guest.raw().ring_entries, RS_RING_ENTRIES);
  EXPECT_EQ(guest.raw().ring_offset, RS_RING_OFFSET);
}

TEST(Mailbox, ArmsAndDisarmsProbesInBothWords) {
  FakeGuest guest;
  guest.mailbox().arm(RS_PROBE_BBM_BREAK);
  guest.mailbox().arm(127);
  EXPECT_EQ(guest.raw().armed[0], 1ULL << RS_PROBE_BBM_BREAK);
  EXPECT_EQ(guest.raw().armed[1], 1ULL << 63);
  guest.mailbox().disarm(127);
  EXPECT_EQ(guest.raw().armed[1], 0U);
}

TEST(Mailbox, WhatRingsSpeaksAndUpdateBeginIsSilentUntilSomebodyWantsIt) {
  FakeGuest guest;
  EXPECT_EQ(guest.raw().quiet[0], 1ULL << RS_PROBE_UPDATE_BEGIN);
  guest.mailbox().silence(RS_PROBE_FLUSH_END);
  guest.mailbox().silence(127);
  EXPECT_EQ(guest.raw().quiet[0], 1ULL << RS_PROBE_UPDATE_BEGIN | 1ULL << RS_PROBE_FLUSH_END);
  EXPECT_EQ(guest.raw().quiet[1], 1ULL << 63);
  guest.mailbox().arm(RS_PROBE_UPDATE_BEGIN);
  guest.mailbox().unsilence(127);
  EXPECT_EQ(guest.raw().quiet[0], 1ULL << RS_PROBE_FLUSH_END);
  EXPECT_EQ(guest.raw().quiet[1], 0U);
}

TEST(Mailbox, TheGuestIsToldWhoIsHeld) {
  FakeGuest guest;
  EXPECT_EQ(guest.raw().held, 0U);
  guest.mailbox().set_held(0b10);
  EXPECT_EQ(guest.raw().held, 0b10U);
}

TEST(Mailbox, WorkloadFitsToTheLastByte) {
  FakeGuest guest;
  const std::string longest(RS_WORKLOAD_BYTES - 1, 'x');
  ASSERT_TRUE(guest.mailbox().set_workload(longest).ok());
  EXPECT_EQ(guest.raw().workload_bytes, RS_WORKLOAD_BYTES - 1);
  EXPECT_EQ(guest.raw().workload[RS_WORKLOAD_BYTES - 1], '\0');
  const Status refused = guest.mailbox().set_workload(longest + "x");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::usage);
  ASSERT_TRUE(guest.mailbox().set_workload("short").ok());
  EXPECT_EQ(guest.raw().workload[5], '\0') << "no rest of the longer text";
}

TEST(Mailbox, TokensAreTakenByTheGuest) {
  FakeGuest guest;
  guest.mailbox().prepare_interrupt(1, InterruptKind::nmi, 7, RS_ACTION_READ_TARGET);
  EXPECT_EQ(guest.raw().vcpu[1].nmi_token, 7U);
  EXPECT_EQ(guest.raw().vcpu[1].nmi_action, RS_ACTION_READ_TARGET);
  EXPECT_EQ(guest.mailbox().untaken_token(1, InterruptKind::nmi), 7U);
  guest.raw().vcpu[1].nmi_token = 0;
  EXPECT_EQ(guest.mailbox().untaken_token(1, InterruptKind::nmi), 0U);
}

TEST(Mailbox, RingsLieBehindEachOtherInsideTheRegion) {
  FakeGuest guest;
  for (unsigned vcpu = 0; vcpu < RS_MAX_VCPUS; ++vcpu) {
    const auto ring = guest.mailbox().ring(vcpu);
    EXPECT_EQ(ring.size(), RS_RING_BYTES);
    EXPECT_EQ(ring.data(), guest.bytes().data() + RS_RING_OFFSET + vcpu * RS_RING_BYTES);
  }
  EXPECT_LE(RS_RING_OFFSET + RS_MAX_VCPUS * RS_RING_BYTES, RS_MAILBOX_BYTES);
  EXPECT_LE(sizeof(rs_mailbox), RS_RING_OFFSET) << "ring 0 must not lie over the mailbox";
}

}  // namespace
}  // namespace remapstorm
