// SPDX-License-Identifier: Apache-2.0
// Spans: what lasted, from the events that began and ended it. One place that knows which event ends which.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>

#include "telemetry/event.h"
#include "telemetry/guest_clock.h"

namespace remapstorm {

enum class SpanKind : std::uint8_t {
  window,     // an entry is invalid: from the store that clears it to the one that sets it, as bbm.window tells
  lock_held,  // lock.got .. lock.drop of the same lock
  lock_wait,  // lock.want .. lock.got in the same context of the same vCPU
  fault,      // fault.enter .. fault.done, likewise
  handler,    // inject.enter .. inject.leave of the same injection
  hold,       // the harness keeps a vCPU from running
  delay,      // the harness keeps a page from being there
  // bbm.break .. bbm.make of the same entry: of recordings before version 4, which do not tell how long it was invalid.
  // Shorter than the window by the flush, and with inplace there is no window at all.
  break_to_make,
};
inline constexpr std::size_t kSpanKinds = 8;
std::string_view span_kind_name(SpanKind kind);  // "window", "lock held", ...

struct Span {
  SpanKind kind = SpanKind::window;
  int vcpu = -1;  // where it began; hold: who was held; -1: none
  // On the host's line (GuestClock), but holds and delays, which are host time.
  Nanoseconds begin{0}, end{0};
  bool open = false;          // nothing ended it before the last event; `end` is that event's time
  std::uint32_t context = 0;  // RS_CTX_* at its beginning; 0 for hold and delay
  std::uint64_t key = 0;      // address that the entry maps, entry (break_to_make), lock, faulting address or token
  std::uint64_t detail = 0;   // windows: RS_LEVEL_*; locks: RS_LOCK_*
  // The harness injected something meanwhile: raised an interrupt, held a vCPU or delayed a page.
  bool injected = false;
  [[nodiscard]] Nanoseconds length() const { return end - begin; }
};

// `found` gets spans in the order they end. Their times are final only for differences within one clock: which offset
// the guest's clock has is known best at the end, so spans of guest time come in guest time (`in_guest_time`) and
// on_host_line() places them.
class SpanFinder {
 public:
  explicit SpanFinder(std::function<void(const Span&)> found) : found_(std::move(found)) {}
  void fold(const Event& event);
  // After the last event: what is still open. Once.
  void finish();

  static bool in_guest_time(SpanKind kind) { return kind != SpanKind::hold && kind != SpanKind::delay; }
  [[nodiscard]] Span on_host_line(Span span) const;
  [[nodiscard]] const GuestClock& clock() const { return clock_; }
  // Whether anything was injected between then (guest time) and the newest event.
  [[nodiscard]] bool injected_since(Nanoseconds guest) const;

 private:
  // A key says which end belongs to which beginning.
  using Key = std::tuple<SpanKind, int, std::uint32_t, std::uint64_t>;
  void open(const Key& key, Span span);
  void close(const Key& key, Nanoseconds now);
  void close_window(const Event& event, const ProbeEvent& probe, Nanoseconds now);
  void fold_probe(const Event& event, const ProbeEvent& probe);
  void fold_receipt(const Event& event, const ReceiptEvent& receipt);

  std::function<void(const Span&)> found_;
  std::map<Key, Span> open_;
  GuestClock clock_;
  std::map<std::uint64_t, Span> made_;  // windows after bbm.make, which bbm.window is to tell of; by address
  Nanoseconds last_host_{0}, last_guest_{0};
  bool tells_windows_ = true;                  // the recording has bbm.window
  std::optional<Nanoseconds> last_injection_;  // host time
  std::uint64_t imposing_ = 0;                 // holds and delays that have not ended
};

}  // namespace remapstorm
