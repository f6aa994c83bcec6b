// SPDX-License-Identifier: Apache-2.0
// Supervisor: sees one trial of a running machine through: answers suspicions with samples, keeps the limits, ends it
// when it is decided.
#pragma once

#include <atomic>
#include <functional>
#include <optional>

#include "plan/plan.h"
#include "telemetry/judge.h"
#include "telemetry/proof_standard.h"
#include "trial/event_log.h"
#include "trial/host_share.h"
#include "trial/report_end.h"
#include "trial/supervised.h"

namespace remapstorm {

struct SupervisorOptions {
  Limits limits;
  Nanoseconds boot_limit{180'000'000'000};  // longest time to the ready doorbell
  Nanoseconds turn{5'000'000};              // longest time between two looks at the rings
  // Between the two looks at a suspected deadlock: at most `gap`, less once each waiter has run for `enough`.
  Nanoseconds gap = kLooksApart;
  Nanoseconds enough = kLooksApart;
  // Asked when the guest has reported something about itself: could what comes behind still change the outcome? If not,
  // or if the guest drowns everything in reports, the trial ends. Empty: a report ends nothing.
  std::function<bool(const Judgement& so_far)> wants_more;
};

class Supervisor {
 public:
  // All must outlive this. `stop` ends the trial once true.
  Supervisor(const SupervisorOptions& options, const std::atomic<bool>& stop, SupervisedMachine& machine, Judge& judge,
             EventLog& log)
      : options_(options),
        stop_(stop),
        machine_(machine),
        judge_(judge),
        log_(log),
        console_written_(machine.console_written()) {}

  // Until the trial is over. `progress` is called about every 100 ms with "booting" or "running".
  void run(const std::function<void(const char* phase, Nanoseconds since_start)>& progress);
  // Lets a guest that stands in a proven deadlock end what it is saying on its console: a report of its own, most
  // often. False if the deadlock dissolved meanwhile: then run() goes on.
  bool finish_console();
  // The last look: says why the trial is over.
  [[nodiscard]] const MachineState& state() const { return state_; }
  [[nodiscard]] bool interrupted() const { return interrupted_; }
  [[nodiscard]] bool ended_by_report() const { return ended_by_report_; }
  [[nodiscard]] Nanoseconds ready_at() const { return ready_at_; }

 private:
  bool over();
  void look_at_console(const MachineState& state);
  bool judge_decided();
  bool heard_report();
  void answer_suspicion();
  bool past_limits(Nanoseconds now);

  const SupervisorOptions& options_;
  const std::atomic<bool>& stop_;
  SupervisedMachine& machine_;
  Judge& judge_;
  EventLog& log_;
  MachineState state_;
  Nanoseconds ready_at_{0};
  Timeout whole_;  // of the boot, then of the trial
  Timeout still_;  // since the last move
  std::uint64_t moves_ = 0;
  std::uint64_t console_written_;  // of a snapshot that it goes on from, too
  bool console_spoke_ = false;     // it was seen to grow
  Timeout console_;                // since then
  std::uint64_t answered_ = 0;
  unsigned rounds_ = 0;
  bool interrupted_ = false;
  ReportEnd report_;
  bool ended_by_report_ = false;
};

}  // namespace remapstorm
