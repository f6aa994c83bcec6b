// SPDX-License-Identifier: Apache-2.0
// GuestTrace: the events of one trial as the tracks of one process. The recording is read twice: TraceScan learns what
// must be known before anything can be placed, GuestTrace draws.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "guest/abi/remapstorm_abi.h"
#include "report/trace/packet_writer.h"
#include "report/trace/tracks.h"
#include "report/trace/window_count.h"
#include "telemetry/event.h"
#include "telemetry/finding.h"
#include "telemetry/guest_clock.h"
#include "telemetry/spans.h"
#include "telemetry/symbol_map.h"

namespace remapstorm {

// All times of a trace are the host's, since the trial began; guest times are placed on it by GuestClock, which knows
// the distance of the clocks only at the end. So do the names of addresses come after their first use.
struct TraceScan final : EventSink {
  GuestClock clock;
  SymbolMap symbols;
  std::uint64_t events = 0;
  std::uint64_t dropped = 0;  // left out at the recording's size limit
  bool ended = false;         // its last event is there
  Nanoseconds end{0};

  void on_event(const Event& event) override {
    clock.observe(event);
    symbols.observe(event);
    ++events;
    end = std::max(end, GuestClock::bounded(event.time));
    if (const auto* cut = std::get_if<TruncatedEvent>(&event.body)) dropped += cut->dropped;
    const auto* milestone = std::get_if<LifecycleEvent>(&event.body);
    ended = ended || (milestone != nullptr && milestone->what == LifecycleEvent::What::end);
  }
};

struct TracedGuest {
  unsigned number = 0;  // in the file, from 0
  std::string name;
  unsigned vcpus = 0;
};

class GuestTrace final : public EventSink {
 public:
  // `scan` must outlive it.
  GuestTrace(PacketWriter& writer, TracedGuest guest, const TraceScan& scan);
  void on_event(const Event& event) override;
  // After the last event: what the judge found, and the end of everything that is open.
  void finish(const std::vector<Finding>& findings);
  [[nodiscard]] const TraceRepairs& repairs() const { return repairs_; }

 private:
  // More than any recording of ours; a file that was made up may ask for more.
  static constexpr std::size_t kMostOpen = 65536;

  struct Vcpu {
    std::unique_ptr<NestedTrack> guest;
    std::unique_ptr<FlatTrack> injected, held;
    std::optional<TrackId> host_wait;
    std::int64_t waited_ns = 0;
  };
  // Begun; drawn on `track` when its end is known.
  struct Begun {
    FlatTrack* track = nullptr;
    Nanoseconds at{0};
    TraceLabel label;
  };
  using Open = std::map<std::uint64_t, Begun>;

  Vcpu& vcpu(int number);
  void fold(const Event& event, const ProbeEvent& probe);
  void fold(const Event& event, const ReceiptEvent& receipt);
  void fold(const Event& event, const LifecycleEvent& milestone);
  void fold(const Event& event, const HostWaitEvent& wait);
  void fired(const Event& event, const ReceiptEvent& receipt);
  void ended(const Event& event, const ReceiptEvent& receipt);
  void handler_begins(Vcpu& on, const ProbeEvent& probe, Nanoseconds at);
  // Of any kind; draws those of an entry that is absent.
  void span_found(const Span& span);
  void ends(Vcpu& on, unsigned kind, std::uint64_t key, const ProbeEvent& probe, Nanoseconds at);
  // Draws the phase that is over, and begins the next; none: an empty name.
  void phase(const std::string& name, Nanoseconds at);
  // On the row of the event's vCPU, or of the milestones if it is about none.
  void instant(const Event& event, const TraceLabel& label);
  void remember(Open& open, std::uint64_t key, Begun begun);
  void never_ended(Open& open);
  [[nodiscard]] std::uint64_t flow(std::uint64_t token) const;

  PacketWriter& writer_;
  TracedGuest guest_;
  const TraceScan& scan_;
  TraceRepairs repairs_;
  TrackId process_;
  std::array<Vcpu, RS_MAX_VCPUS> vcpus_;
  FlatTrack findings_, phases_, milestones_, absent_, delays_, workloads_, console_;
  SpanFinder spans_;
  std::optional<WindowCount> windows_;
  Open injections_;  // by token
  Open works_;       // by line of the workload text
  // Handlers that ran before the receipt of their injection was written, by token.
  std::map<std::uint64_t, Nanoseconds> early_handlers_;
  std::string phase_;
  Nanoseconds phase_began_{0};
};

}  // namespace remapstorm
