// SPDX-License-Identifier: Apache-2.0
#include "telemetry/ring_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <limits>
#include <thread>
#include <vector>

#include "base/rng.h"

namespace remapstorm {
namespace {

using testing::HasSubstr;

constexpr std::uint64_t kKhz = 2'000'000;  // 2 GHz

// One vCPU's ring and its writer.
class FakeRing {
 public:
  FakeRing() : entries_(RS_RING_ENTRIES) {}

  [[nodiscard]] std::span<const std::byte> bytes() const { return std::as_bytes(std::span(entries_)); }
  rs_entry& slot(std::uint64_t sequence) { return entries_[(sequence - 1) % RS_RING_ENTRIES]; }
  // Reserves, fills and publishes, as the guest does.
  std::uint64_t write(std::uint16_t probe = RS_PROBE_BBM_BREAK, std::uint16_t vcpu = 0) {
    const std::uint64_t sequence = ++head;
    fill(sequence, probe, vcpu);
    publish(sequence);
    return sequence;
  }
  void fill(std::uint64_t sequence, std::uint16_t probe = RS_PROBE_BBM_BREAK, std::uint16_t vcpu = 0) {
    rs_entry& entry = slot(sequence);
    const auto relaxed = [](std::uint64_t& word, std::uint64_t value) {
      std::atomic_ref<std::uint64_t>(word).store(value, std::memory_order_relaxed);
    };
    relaxed(entry.tsc, sequence * 2'000);
    relaxed(entry.pc, 0xffffffff81000000 + sequence);
    relaxed(*reinterpret_cast<std::uint64_t*>(&entry.probe), probe | std::uint64_t{vcpu} << 16 | (6ULL << 32));
    for (int i = 0; i < 4; ++i) relaxed(entry.args[i], sequence + static_cast<std::uint64_t>(i));
  }
  void publish(std::uint64_t sequence) {
    std::atomic_ref<std::uint64_t>(slot(sequence).sequence).store(sequence, std::memory_order_release);
  }

  std::uint64_t head = 0;

 private:
  std::vector<rs_entry> entries_;
};

const ProbeEvent& probe_of(const Event& event) { return std::get<ProbeEvent>(event.body); }

TEST(CounterToNs, IsExactAndSaturates) {
  EXPECT_EQ(counter_to_ns(0, kKhz).count(), 0);
  EXPECT_EQ(counter_to_ns(3, kKhz).count(), 1);  // 1.5 ns
  EXPECT_EQ(counter_to_ns(2'000'000'000, kKhz).count(), 1'000'000'000);
  EXPECT_EQ(counter_to_ns(2'893'201'917, 2'893'201).count(), 1'000'000'316);
  EXPECT_EQ(counter_to_ns(std::numeric_limits<std::uint64_t>::max(), 1).count(),
            std::numeric_limits<std::int64_t>::max());
}

TEST(RingReader, YieldsNewEntriesInOrder) {
  FakeRing ring;
  RingReader reader(0, kKhz);
  EXPECT_TRUE(reader.read(ring.bytes(), 0, Nanoseconds{5}).events.empty());
  ring.write();
  ring.write(RS_PROBE_BBM_MAKE);
  const auto batch = reader.read(ring.bytes(), ring.head, Nanoseconds{5});
  ASSERT_EQ(batch.events.size(), 2U);
  EXPECT_FALSE(batch.corruption);
  EXPECT_EQ(probe_of(batch.events[1]).probe, RS_PROBE_BBM_MAKE);
  EXPECT_EQ(probe_of(batch.events[1]).sequence, 2U);
  EXPECT_EQ(probe_of(batch.events[1]).context, 6U);
  EXPECT_EQ(probe_of(batch.events[1]).args[3], 5U);
  EXPECT_EQ(batch.events[1].guest_time->count(), 2'000);
  EXPECT_EQ(batch.events[1].vcpu, 0);
  EXPECT_EQ(reader.tail(), 2U);
  EXPECT_TRUE(reader.read(ring.bytes(), ring.head, Nanoseconds{6}).events.empty());
}

TEST(RingReader, AnUnpublishedEntryIsAwaited) {
  FakeRing ring;
  RingReader reader(0, kKhz);
  ring.write();
  ring.head = 3;  // 2 reserved; an NMI has published 3 already
  ring.fill(3);
  ring.publish(3);
  auto batch = reader.read(ring.bytes(), ring.head, Nanoseconds{0});
  EXPECT_EQ(batch.events.size(), 1U);
  EXPECT_TRUE(batch.more);
  ring.fill(2);
  ring.publish(2);
  batch = reader.read(ring.bytes(), ring.head, Nanoseconds{0});
  EXPECT_EQ(batch.events.size(), 2U);
  EXPECT_FALSE(batch.more);
}

TEST(RingReader, WhatAnNmiLoggedOverAnUnpublishedEntryCanBeAskedFor) {
  FakeRing ring;
  RingReader reader(0, kKhz);
  ring.write();
  ring.head = 4;  // 2 reserved; an NMI has published 3 and 4 and does not come back
  for (const std::uint64_t sequence : {3U, 4U}) {
    ring.fill(sequence);
    ring.publish(sequence);
  }
  auto batch = reader.read(ring.bytes(), ring.head, Nanoseconds{0}, RingReader::Pending::is_passed);
  ASSERT_EQ(batch.events.size(), 3U);
  EXPECT_EQ(probe_of(batch.events[1]).sequence, 3U);
  EXPECT_TRUE(batch.more);
  EXPECT_EQ(reader.tail(), 1U) << "the guest must not write over the entry that is still to come";
  EXPECT_TRUE(reader.read(ring.bytes(), ring.head, Nanoseconds{0}, RingReader::Pending::is_passed).events.empty())
      << "each once";
  ring.head = 5;
  ring.fill(5);
  ring.publish(5);
  EXPECT_EQ(reader.read(ring.bytes(), ring.head, Nanoseconds{0}, RingReader::Pending::is_passed).events.size(), 1U);
  // It came back after all.
  ring.fill(2);
  ring.publish(2);
  batch = reader.read(ring.bytes(), ring.head, Nanoseconds{0});
  ASSERT_EQ(batch.events.size(), 1U);
  EXPECT_EQ(probe_of(batch.events[0]).sequence, 2U);
  EXPECT_FALSE(batch.more);
  EXPECT_EQ(reader.tail(), 5U);
  ring.write();
  EXPECT_EQ(reader.read(ring.bytes(), ring.head, Nanoseconds{0}).events.size(), 1U);
}

TEST(RingReader, GoesRoundManyTimes) {
  FakeRing ring;
  RingReader reader(0, kKhz);
  std::uint64_t seen = 0;
  for (int lap = 0; lap < 5; ++lap) {
    for (unsigned i = 0; i < RS_RING_ENTRIES; ++i) ring.write();
    const auto batch = reader.read(ring.bytes(), ring.head, Nanoseconds{0});
    ASSERT_FALSE(batch.corruption) << *batch.corruption;
    for (const Event& event : batch.events) EXPECT_EQ(probe_of(event).sequence, ++seen);
  }
  EXPECT_EQ(seen, 5U * RS_RING_ENTRIES);
}

// A guest that waits for room has reserved beyond the full ring.
TEST(RingReader, AFullRingWithWaitingWritersIsSound) {
  FakeRing ring;
  RingReader reader(0, kKhz);
  for (unsigned i = 0; i < RS_RING_ENTRIES; ++i) ring.write();
  const auto batch = reader.read(ring.bytes(), ring.head + 2, Nanoseconds{0});
  EXPECT_FALSE(batch.corruption);
  EXPECT_EQ(batch.events.size(), RS_RING_ENTRIES);
  EXPECT_TRUE(batch.more);
}

TEST(RingReader, EveryKindOfNonsenseIsNamedAndEndsIt) {
  const auto corruption = [](auto spoil) {
    FakeRing ring;
    RingReader reader(0, kKhz);
    for (int i = 0; i < 4; ++i) ring.write();
    EXPECT_EQ(reader.read(ring.bytes(), 2, Nanoseconds{0}).events.size(), 2U);
    spoil(ring);
    const auto batch = reader.read(ring.bytes(), ring.head, Nanoseconds{0});
    EXPECT_TRUE(reader.corrupt());
    ring.write();
    EXPECT_TRUE(reader.read(ring.bytes(), ring.head, Nanoseconds{0}).events.empty());
    EXPECT_FALSE(reader.read(ring.bytes(), ring.head, Nanoseconds{0}).corruption);  // said once
    EXPECT_FALSE(reader.find(ring.bytes(), 3, Nanoseconds{0}));
    return batch.corruption.value_or("nothing");
  };
  EXPECT_THAT(corruption([](FakeRing& ring) { ring.slot(3).probe = 99; }), HasSubstr("probe 99"));
  EXPECT_THAT(corruption([](FakeRing& ring) { ring.slot(3).probe = 0; }), HasSubstr("probe 0"));
  EXPECT_THAT(corruption([](FakeRing& ring) { ring.slot(4).vcpu = 3; }), HasSubstr("claims to be of vCPU 3"));
  EXPECT_THAT(corruption([](FakeRing& ring) { ring.slot(3).sequence = 77; }), HasSubstr("another sequence"));
  EXPECT_THAT(corruption([](FakeRing& ring) { ring.head = 1; }), HasSubstr("went back"));
  EXPECT_THAT(corruption([](FakeRing& ring) { ring.head = ~0ULL; }), HasSubstr("beyond tail"));
  EXPECT_THAT(corruption([](FakeRing& ring) { ring.head = 2 + RS_RING_ENTRIES + 9; }), HasSubstr("beyond tail"));
}

TEST(RingReader, FindsTheEntryOfADoorbell) {
  FakeRing ring;
  RingReader reader(0, kKhz);
  ring.write();
  ring.write(RS_PROBE_LOCK_WANT);
  const auto fresh = reader.find(ring.bytes(), 2, Nanoseconds{9});
  ASSERT_TRUE(fresh.has_value());
  EXPECT_EQ(probe_of(*fresh).probe, RS_PROBE_LOCK_WANT);
  (void)reader.read(ring.bytes(), ring.head, Nanoseconds{9});
  EXPECT_TRUE(reader.find(ring.bytes(), 1, Nanoseconds{9}).has_value());  // consumed, still in the ring
  EXPECT_FALSE(reader.find(ring.bytes(), 3, Nanoseconds{9}).has_value());
  EXPECT_FALSE(reader.find(ring.bytes(), 0, Nanoseconds{9}).has_value());
  EXPECT_FALSE(reader.find(ring.bytes(), 0xffffffff, Nanoseconds{9}).has_value());
}

// 24 bits wrap long before 64 do.
TEST(RingReader, FindsAcrossTheWrapOfTheDoorbellsOperand) {
  FakeRing ring;
  RingReader reader(0, kKhz);
  ring.head = (1ULL << 24) - 3;
  reader.start_at(ring.head);
  for (int i = 0; i < 6; ++i) ring.write();
  for (std::uint64_t sequence = (1ULL << 24) - 2; sequence <= ring.head; ++sequence) {
    const auto found = reader.find(ring.bytes(), static_cast<std::uint32_t>(sequence & 0xffffff), Nanoseconds{0});
    ASSERT_TRUE(found.has_value()) << sequence;
    EXPECT_EQ(probe_of(*found).sequence, sequence);
  }
}

TEST(RingReader, ReadsWhileTheGuestWrites) {
  FakeRing ring;
  std::atomic<std::uint64_t> head{0}, tail{0};
  constexpr std::uint64_t kTotal = 20'000;
  std::thread guest([&] {
    for (std::uint64_t sequence = 1; sequence <= kTotal; ++sequence) {
      while (sequence - tail.load(std::memory_order_acquire) > RS_RING_ENTRIES) std::this_thread::yield();
      head.store(sequence, std::memory_order_release);
      ring.fill(sequence);
      ring.publish(sequence);
    }
  });
  RingReader reader(0, kKhz);
  std::uint64_t seen = 0;
  bool sound = true;
  while (seen < kTotal && sound) {
    const auto batch = reader.read(ring.bytes(), head.load(std::memory_order_acquire), Nanoseconds{0});
    sound = !batch.corruption;
    for (const Event& event : batch.events) {
      ++seen;
      sound = sound && probe_of(event).sequence == seen && probe_of(event).args[0] == seen;
    }
    tail.store(reader.tail(), std::memory_order_release);
    std::this_thread::yield();
  }
  tail.store(kTotal);
  guest.join();
  EXPECT_TRUE(sound);
  EXPECT_EQ(seen, kTotal);
}

// Random bytes in the ring and random heads: ends, yields only sound entries in order, and at most a ring full per
// read.
TEST(RingReader, SurvivesRubbish) {
  Rng rng(11);
  for (int run = 0; run < 400; ++run) {
    FakeRing ring;
    RingReader reader(0, kKhz);
    std::uint64_t last = 0;
    for (int step = 0; step < 40; ++step) {
      const std::uint64_t writes = rng.next() % 100;
      for (std::uint64_t i = 0; i < writes; ++i) ring.write();
      if (rng.next() % 8 == 0) {
        auto* words = reinterpret_cast<std::uint64_t*>(&ring.slot(1 + rng.next() % RS_RING_ENTRIES));
        words[rng.next() % (sizeof(rs_entry) / 8)] = rng.next() % 2 == 0 ? rng.next() : rng.next() % 64;
      }
      const std::uint64_t head = rng.next() % 16 == 0 ? rng.next() : ring.head;
      const auto batch = reader.read(ring.bytes(), head, Nanoseconds{0});
      ASSERT_LE(batch.events.size(), RS_RING_ENTRIES + 8U);
      for (const Event& event : batch.events) ASSERT_EQ(probe_of(event).sequence, ++last);
      (void)reader.find(ring.bytes(), static_cast<std::uint32_t>(rng.next()), Nanoseconds{0});
      if (reader.corrupt()) break;
    }
  }
}

}  // namespace
}  // namespace remapstorm
