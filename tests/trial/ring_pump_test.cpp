// SPDX-License-Identifier: Apache-2.0
#include "trial/ring_pump.h"

#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "base/rng.h"
#include "tests/injectors/fake_guest.h"

namespace remapstorm {
namespace {

using testing::ElementsAre;

constexpr std::uint64_t kMhz = 1'000;  // kHz: a tick is a microsecond

class Pumped final : public EventSink {
 public:
  void on_event(const Event& event) override {
    if (const auto* probe = std::get_if<ProbeEvent>(&event.body)) {
      order.emplace_back(event.vcpu, probe->probe);
      args.push_back(probe->args);
    }
    if (const auto* one = std::get_if<LifecycleEvent>(&event.body)) milestones.push_back(*one);
  }
  std::vector<std::pair<int, std::uint16_t>> order;
  std::vector<std::array<std::uint64_t, 4>> args;
  std::vector<LifecycleEvent> milestones;
};

class RingPumpTest : public testing::Test {
 protected:
  // What the guest's rs_log() does, up to publishing it.
  rs_entry& fill(unsigned vcpu, std::uint16_t probe, std::uint64_t at_us) {
    const std::uint64_t sequence = ++box(vcpu).ring_head;
    rs_entry& entry = slot(vcpu, sequence);
    entry.tsc = at_us;
    entry.pc = 0xffffffff81000000;
    entry.probe = probe;
    entry.vcpu = static_cast<std::uint16_t>(vcpu);
    entry.context = RS_CTX_TASK;
    for (std::uint64_t& arg : entry.args) arg = at_us;
    return entry;
  }
  static void publish(rs_entry& entry, std::uint64_t sequence) {
    std::atomic_ref<std::uint64_t>(entry.sequence).store(sequence, std::memory_order_release);
  }
  void log_entry(unsigned vcpu, std::uint16_t probe, std::uint64_t at_us) {
    rs_entry& entry = fill(vcpu, probe, at_us);
    publish(entry, box(vcpu).ring_head);
  }
  rs_vcpu_box& box(unsigned vcpu) { return guest.raw().vcpu[vcpu]; }
  rs_entry& slot(unsigned vcpu, std::uint64_t sequence) {
    auto* ring = reinterpret_cast<rs_entry*>(guest.bytes().data() + RS_RING_OFFSET + vcpu * RS_RING_BYTES);
    return ring[(sequence - 1) % RS_RING_ENTRIES];
  }

  ManualClock clock;
  Pumped kept;
  EventLog log{clock, {&kept}};
  FakeGuest guest;
  RingPump pump{guest.mailbox(), 2, kMhz};
};

TEST_F(RingPumpTest, EntriesOfAllRingsComeInTheOrderOfTheGuestsClock) {
  log_entry(0, RS_PROBE_LOCK_WANT, 10);
  log_entry(0, RS_PROBE_LOCK_GOT, 30);
  log_entry(1, RS_PROBE_FAULT_ENTER, 20);
  EXPECT_EQ(pump.pump(log), 3U);
  EXPECT_THAT(kept.order, ElementsAre(std::pair(0, std::uint16_t{RS_PROBE_LOCK_WANT}),
                                      std::pair(1, std::uint16_t{RS_PROBE_FAULT_ENTER}),
                                      std::pair(0, std::uint16_t{RS_PROBE_LOCK_GOT})));
  EXPECT_EQ(box(0).ring_tail, 2U) << "the guest waits for room without";
  EXPECT_EQ(pump.pump(log), 0U);
}

Event logged(int vcpu, std::uint16_t probe, std::int64_t at) {
  ProbeEvent one;
  one.probe = probe;
  return {Nanoseconds(0), Nanoseconds(at), vcpu, one};
}

// vCPU 1 gets the lock that vCPU 0 drops; both come into their rings between the looks at the one and the other.
TEST(RingOrder, WhatWasSeenTooLateStillComesFirst) {
  RingOrder order;
  const std::vector<Event> now = order.take({logged(0, RS_PROBE_LOCK_GOT, 5), logged(1, RS_PROBE_LOCK_GOT, 11)},
                                            {logged(0, RS_PROBE_LOCK_DROP, 10), logged(0, RS_PROBE_LOCK_WANT, 12)});
  ASSERT_EQ(now.size(), 3U);
  EXPECT_EQ(std::get<ProbeEvent>(now[1].body).probe, RS_PROBE_LOCK_DROP);
  EXPECT_EQ(now[2].vcpu, 1);
  const std::vector<Event> next = order.take({logged(1, RS_PROBE_LOCK_DROP, 13)}, {});
  ASSERT_EQ(next.size(), 2U) << "what only the second look had is not lost";
  EXPECT_EQ(std::get<ProbeEvent>(next[0].body).probe, RS_PROBE_LOCK_WANT);
  EXPECT_TRUE(order.take({}, {logged(0, RS_PROBE_LOCK_WANT, 14)}).empty()) << "nothing says yet what is before it";
  EXPECT_EQ(order.take({}, {}).size(), 1U);
}

// Two vCPUs take turns: each looks at what the other logged. Nobody is read in the wrong order, however they race.
TEST_F(RingPumpTest, TwoThatTakeTurnsAreReadInTurns) {
  constexpr std::uint64_t kTurns = 2 * RS_RING_ENTRIES;
  std::thread vcpus([&] {
    for (std::uint64_t turn = 1; turn <= kTurns; ++turn) {
      const auto vcpu = static_cast<unsigned>(turn % 2);
      rs_entry& entry = slot(vcpu, (turn + 1) / 2);
      entry.tsc = turn;
      entry.probe = RS_PROBE_LOCK_GOT;
      entry.vcpu = static_cast<std::uint16_t>(vcpu);
      std::atomic_ref(box(vcpu).ring_head).store((turn + 1) / 2, std::memory_order_release);
      publish(entry, (turn + 1) / 2);
    }
  });
  while (kept.order.size() < kTurns) pump.pump(log);
  vcpus.join();
  for (std::size_t turn = 0; turn < kTurns; ++turn) {
    ASSERT_EQ(kept.order[turn].first, static_cast<int>((turn + 1) % 2)) << turn;
  }
}

// An NMI that never returns came between reserving an entry and publishing it.
TEST_F(RingPumpTest, WhatAnNmiLoggedIsTakenBeforeAnEntryThatIsStuck) {
  fill(0, RS_PROBE_LOCK_WANT, 10);
  log_entry(0, RS_PROBE_INJECT_ENTER, 11);
  EXPECT_EQ(pump.pump(log), 0U) << "it may be published any moment";
  clock.advance(std::chrono::microseconds(900));
  EXPECT_EQ(pump.pump(log), 0U);
  clock.advance(std::chrono::microseconds(200));
  EXPECT_EQ(pump.pump(log), 1U);
  EXPECT_THAT(kept.order, ElementsAre(std::pair(0, std::uint16_t{RS_PROBE_INJECT_ENTER})));
}

TEST_F(RingPumpTest, ARingThatLiesIsSaidOnceAndTheOtherGoesOn) {
  box(0).ring_head = 1ULL << 60;
  log_entry(1, RS_PROBE_FAULT_ENTER, 5);
  for (int i = 0; i < 3; ++i) {
    pump.pump(log);
    clock.advance(std::chrono::milliseconds(2));
  }
  ASSERT_EQ(kept.milestones.size(), 1U);
  EXPECT_EQ(kept.milestones[0].what, LifecycleEvent::What::ring_corrupt);
  EXPECT_THAT(kept.order, ElementsAre(std::pair(1, std::uint16_t{RS_PROBE_FAULT_ENTER})));
}

TEST_F(RingPumpTest, AHeadThatGoesBackIsSaid) {
  log_entry(0, RS_PROBE_LOCK_WANT, 1);
  log_entry(0, RS_PROBE_LOCK_GOT, 2);
  pump.pump(log);
  box(0).ring_head = 1;
  pump.pump(log);
  ASSERT_EQ(kept.milestones.size(), 1U);
  EXPECT_EQ(kept.milestones[0].what, LifecycleEvent::What::ring_corrupt);
}

TEST_F(RingPumpTest, ItsStateGoesBackWithTheGuest) {
  log_entry(0, RS_PROBE_LOCK_WANT, 1);
  pump.pump(log);
  const RingPump::State before = pump.state();
  log_entry(0, RS_PROBE_LOCK_GOT, 2);
  EXPECT_EQ(pump.pump(log), 1U);
  pump.set_state(before);
  EXPECT_EQ(pump.pump(log), 1U) << "the same entry again";
}

TEST_F(RingPumpTest, OnlyTimesBeforeTheSnapshotMove) {
  pump.move(Nanoseconds(100'000), {{{}, Nanoseconds(99'500), {}}, Nanoseconds(1000)});
  rs_entry& entry = fill(0, RS_PROBE_BBM_WINDOW, 1);
  entry.args[1] = 99;
  entry.args[2] = 150;
  publish(entry, 1);
  pump.pump(log);
  ASSERT_EQ(kept.args.size(), 1U);
  EXPECT_EQ(kept.args[0][1], 100'000U) << "99 us, and the microsecond";
  EXPECT_EQ(kept.args[0][2], 150'000U);
}

// Where KVM can set the counter back it is, while a guest stands still; the line of events goes on.
TEST_F(RingPumpTest, ACounterThatWasSetBackIsBehindTheLine) {
  pump.move(Nanoseconds(100'000), {{{}, Nanoseconds(99'000), Nanoseconds(2000)}, Nanoseconds(1000)});
  pump.set_back(Nanoseconds(7000));
  rs_entry& entry = fill(0, RS_PROBE_BBM_WINDOW, 1);
  entry.args[1] = 96;
  entry.args[2] = 150;
  publish(entry, 1);
  pump.pump(log);
  ASSERT_EQ(kept.args.size(), 1U);
  EXPECT_EQ(kept.args[0][1], 99'000U) << "96 us, 2 us set back by then, and the microsecond";
  EXPECT_EQ(kept.args[0][2], 157'000U);
}

TEST_F(RingPumpTest, AnythingInTheRingsIsReadOrRefused) {
  Rng rng(1);
  for (int round = 0; round < 200; ++round) {
    for (int i = 0; i < 64; ++i) {
      auto words = std::span(reinterpret_cast<std::uint64_t*>(&slot(0, 1)), RS_RING_BYTES / 8);
      words[rng.next() % words.size()] = rng.next();
    }
    box(0).ring_head = rng.next() % 4 == 0 ? rng.next() : box(0).ring_head + rng.next() % 40;
    pump.pump(log);
    clock.advance(std::chrono::microseconds(rng.next() % 2000));
    (void)pump.find(0, static_cast<std::uint32_t>(rng.next() & 0xffffff), log.now());
  }
  EXPECT_LE(kept.milestones.size(), 1U);
}

}  // namespace
}  // namespace remapstorm
