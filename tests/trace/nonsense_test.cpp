// SPDX-License-Identifier: Apache-2.0
// Recordings that no trial could have made: random events in random order. Whatever comes, the trace must be one that a
// viewer can read: every slice ended, nothing ended twice, bounded text.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "report/trace/guest_trace.h"
#include "telemetry/probe_names.h"
#include "tests/trace/decoded_trace.h"

namespace remapstorm {
namespace {

class Nonsense {
 public:
  explicit Nonsense(unsigned seed) : random_(seed) {}

  Event event() {
    Event event;
    event.time = Nanoseconds(static_cast<std::int64_t>(number(20) == 0 ? any() >> number(64) : time_ += number(1000)));
    event.vcpu = static_cast<int>(number(RS_MAX_VCPUS + 1)) - 1;
    switch (number(12)) {
      case 0:
        event.body = receipt();
        break;
      case 1:
        event.body = HitEvent{text(), any(), Gva(any()), text(), {}};
        break;
      case 2:
        event.body = ConsoleEvent{text()};
        break;
      case 3:
        event.body = LifecycleEvent{static_cast<LifecycleEvent::What>(number(13)), text()};
        break;
      case 4:
        event.body = HostWaitEvent{Nanoseconds(static_cast<std::int64_t>(any() >> 1))};
        break;
      case 5:
        event.body = SymbolEvent{{Gva(number(16)), text(), any()}};
        break;
      case 6:
        event.body = TruncatedEvent{any(), any()};
        break;
      case 7: {
        SampleEvent sample;
        sample.backtrace.assign(number(40), {Gva(any()), text(), any()});
        event.body = sample;
        break;
      }
      default:
        event.body = probe();
        if (number(30) != 0) event.guest_time = Nanoseconds(static_cast<std::int64_t>(any() >> number(64) >> 1));
        if (number(2) == 0) event.guest_time = Nanoseconds(7'000'000 + static_cast<std::int64_t>(time_));
        break;
    }
    return event;
  }

 private:
  std::uint64_t number(std::uint64_t below) { return random_() % below; }
  std::uint64_t any() { return random_(); }
  std::string text() {
    std::string text(number(number(50) == 0 ? 5000 : 12), 'a');
    for (char& letter : text) letter = static_cast<char>(32 + number(95));
    return text + (number(4) == 0 ? "\xe2\x82\xac" : "");
  }
  ReceiptEvent receipt() {
    static constexpr const char* kInjectors[] = {"irq", "nmi", "hold", "stage2-delay", "something else"};
    ReceiptEvent receipt;
    receipt.rule = text();
    receipt.injector = kInjectors[number(5)];
    receipt.phase = static_cast<ReceiptEvent::Phase>(number(3));
    receipt.token = static_cast<std::uint32_t>(number(6));
    receipt.target_vcpu = static_cast<int>(number(RS_MAX_VCPUS + 1)) - 1;
    receipt.requested = Nanoseconds(static_cast<std::int64_t>(any() >> 1));
    if (number(2) == 0) receipt.measured = Nanoseconds(static_cast<std::int64_t>(any() >> number(64) >> 1));
    return receipt;
  }
  ProbeEvent probe() {
    const auto all = all_probes();
    ProbeEvent probe;
    probe.probe = all[number(all.size())].number;
    probe.context = static_cast<std::uint32_t>(number(32));
    probe.pc = Gva(number(16));
    for (std::uint64_t& argument : probe.args) argument = number(8) == 0 ? any() : number(4);
    return probe;
  }

  std::mt19937_64 random_;
  std::uint64_t time_ = 0;
};

TEST(Trace, NonsenseMakesATraceThatCanBeRead) {
  for (unsigned seed = 0; seed < 60; ++seed) {
    Nonsense nonsense(seed);
    std::vector<Event> events;
    for (unsigned i = 0; i < 20 + seed * 20; ++i) events.push_back(nonsense.event());
    TraceScan scan;
    for (const Event& event : events) scan.on_event(event);
    std::string bytes;
    PacketWriter writer([&](std::string_view more) -> Status {
      bytes += more;
      return {};
    });
    GuestTrace trace(writer, {0, "nonsense", seed % 10}, scan);
    for (const Event& event : events) trace.on_event(event);
    trace.finish({});
    ASSERT_TRUE(writer.finish().ok());
    const DecodedTrace decoded = decode_trace(bytes);
    ASSERT_THAT(decoded.problems, testing::IsEmpty()) << "seed " << seed;
    ASSERT_EQ(decoded.slices.size(), writer.totals().slices);
  }
}

}  // namespace
}  // namespace remapstorm
