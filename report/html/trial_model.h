// SPDX-License-Identifier: Apache-2.0
// TrialModel: everything the report says of one trial. A pure fold of its events (TrialPicture), beside the verdict
// that the replayer draws from the same events. In bounded memory: a recording of ten million events makes the same
// model as a short one, only coarser.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "report/html/lengths.h"
#include "report/html/timeline.h"
#include "results/replayer.h"
#include "telemetry/deliveries.h"
#include "telemetry/event.h"
#include "telemetry/spans.h"

namespace remapstorm {

struct ConsoleLine {
  std::uint64_t number = 0;  // from 1
  Nanoseconds time{0};
  std::string text;
};

// The beginning and the end of a console, and what stands around a moment.
class ConsoleFold {
 public:
  static constexpr std::size_t kHead = 200, kTail = 400, kAround = 200;
  explicit ConsoleFold(std::optional<Nanoseconds> moment = {}) : moment_(moment) {}
  void add(Nanoseconds time, const std::string& text);
  [[nodiscard]] std::vector<ConsoleLine> lines() const;  // in order; gaps show in the numbers
  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] bool has_gaps() const { return count_ > kHead + kTail; }

 private:
  std::optional<Nanoseconds> moment_;
  std::vector<ConsoleLine> head_, around_;
  std::deque<ConsoleLine> tail_;
  std::uint64_t count_ = 0;
};

// The first firing of a rule, and how often it fired.
struct InjectionSite {
  HitEvent hit;
  Nanoseconds time{0};
  int vcpu = -1;
  std::optional<ReceiptEvent> receipt;  // the first one
  std::uint64_t hits = 0, fired = 0, failed = 0;
};

struct LastLook {
  Nanoseconds time{0};
  SampleEvent sample;
};

struct Milestone {
  Nanoseconds time{0};
  LifecycleEvent event;
};

class TrialPicture final : public EventSink {
 public:
  static constexpr std::size_t kMostSites = 64;
  static constexpr std::size_t kMostMilestones = 64;

  // `focus`: keep only what matters to this range (on the host's line) in full; `offset`: see Timeline.
  explicit TrialPicture(std::optional<TimeRange> focus = {}, Nanoseconds offset = Nanoseconds{0});
  void on_event(const Event& event) override;
  // After the last event, once.
  void finish();

  Timeline timeline;
  std::map<SpanKind, LengthHeatMap> lengths;   // of what ended
  LengthHistogram delivery;                    // interrupts: from the receipt to the handler's first probe
  std::map<std::string, InjectionSite> sites;  // by rule
  std::map<int, LastLook> looks;               // the newest look at each vCPU
  std::vector<Milestone> milestones;
  ConsoleFold console;
  std::uint64_t events = 0, dropped = 0;
  int vcpus = 0;  // highest number seen, plus one

  [[nodiscard]] Nanoseconds guest_offset() const { return spans_.clock().to_host(Nanoseconds{0}); }

 private:
  void on_span(const Span& span);
  void on_receipt(const Event& event, const ReceiptEvent& receipt);

  SpanFinder spans_;
  Deliveries deliveries_;
};

// What the report is made of.
struct TrialModel {
  Replayed replayed;
  TrialPicture whole;
  std::optional<TrialPicture> close;  // the range around the evidence, in full
  std::optional<TimeRange> focus;
  std::string focus_title;      // "From the lock taken to the proof"
  Nanoseconds focus_length{0};  // of what the title names: `focus` has a margin
};

// Reads the recording once, or twice if the first look was too coarse for what has to be seen closely.
Result<TrialModel> read_trial_model(const std::string& events_path);

// Where to look closely: around the decisive finding, or else the longest window. Nothing: nothing stands out.
struct Focus {
  TimeRange range;
  std::string title;
  Nanoseconds length{0};  // of what the title names, without the margin
};
std::optional<Focus> focus_of(const Judgement& judgement, const Timeline& timeline);

}  // namespace remapstorm
