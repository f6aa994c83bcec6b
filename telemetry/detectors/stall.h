// SPDX-License-Identifier: Apache-2.0
// Finds what ended, but took longer than the threshold, in guest time: waits (lock.want -> lock.got, from fault.enter
// in a fault; fault.enter -> fault.done if the strategy's handler takes no lock), windows (bbm.window; of recordings
// that have none, bbm.break -> bbm.make, named so) and locks held (lock.got -> lock.drop; a strategy stores the new
// entry after bbm.make, and a store can wait for its page), and the other vCPUs kept from running (pause.begin ->
// pause.end). What never ended is the business of other detectors.
//
// How much of a stall the harness imposed: its holds and stage-2 delays, from `fired` to `ended` and for no longer than
// was asked for, are intervals of host time; the stall's two ends are placed on that time line by GuestClock. The
// imposed part is the length of the stall's overlap with the union of those intervals (two at once count once). The
// uncertainty is one VM exit at each end. What a busy host, or a harness busy with a stop, added beyond that is told
// apart (starved), and a wait that is no stall without it is none: the host-wait and harness-work lines of all vCPUs
// are taken, since the log does not say which of them a wait depended on.
//
// The longest is told first, by what of it is not the host's; of those within a tenth of it what keeps others waiting,
// before who waits: they are sides of one stall, and which is the longest by a hair is chance.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "telemetry/detector.h"
#include "telemetry/guest_clock.h"
#include "telemetry/symbol_map.h"

namespace remapstorm {

class StallDetector final : public Detector {
 public:
  static constexpr std::size_t kMostFindings = 8;  // the longest are told

  explicit StallDetector(Nanoseconds threshold) : threshold_(threshold) {}
  [[nodiscard]] std::string_view name() const override { return "stall"; }
  void fold(const Event& event) override;
  [[nodiscard]] std::vector<Finding> findings() const override;

 private:
  struct Open {
    Nanoseconds since{0};  // guest time
    int vcpu = -1;
    std::uint32_t context = 0;
    Gva pc;
  };
  struct Stall {
    FindingKind kind = FindingKind::other;
    std::string what;
    Open open;
    Nanoseconds until{0};  // guest time
    Gva addr;
  };
  struct Imposed {
    Nanoseconds from{0};
    Nanoseconds until{0};
    bool ended = false;
  };
  void close(FindingKind kind, const std::string& what, const Open& open, Nanoseconds until, Gva addr);
  using Interval = std::pair<Nanoseconds, Nanoseconds>;  // host time
  [[nodiscard]] std::vector<Interval> imposed() const;
  void note_imposed(const ReceiptEvent& receipt, Nanoseconds at);
  void note_starved(Nanoseconds length, Nanoseconds until);
  void on_probe(const ProbeEvent& probe, const Open& here);

  Nanoseconds threshold_;
  GuestClock clock_;
  SymbolMap symbols_;
  struct Wait {
    Open open;
    bool in_fault = false;
  };
  std::map<std::pair<int, std::uint64_t>, Open> faults_;  // by vCPU and context level
  std::map<std::pair<int, std::uint64_t>, Wait> waits_;   // likewise
  std::map<std::uint64_t, Open> windows_;                 // by the entry's address; of old recordings
  bool tells_windows_ = true;                             // the recording has bbm.window
  std::map<std::uint64_t, Open> locks_;                   // by the lock's address
  std::map<int, Open> pauses_;                            // by vCPU
  std::map<std::uint32_t, Imposed> imposed_;              // by token
  std::vector<Interval> starved_;
  std::vector<Stall> stalls_;
  bool dropped_ = false;  // some of them were too many
};

}  // namespace remapstorm
