// SPDX-License-Identifier: Apache-2.0
// The words of events.jsonl for our enums; index: the enumerator.
#pragma once

#include <iterator>
#include <string_view>

#include "telemetry/event.h"

namespace remapstorm {

inline constexpr std::string_view kPhaseNames[] = {"fired", "ended", "failed"};
static_assert(std::size(kPhaseNames) == static_cast<std::size_t>(ReceiptEvent::Phase::failed) + 1);

inline constexpr std::string_view kMilestoneNames[] = {
    "boot",         "ready",        "done",        "panic",   "triple-fault", "power-off", "emulation-failure",
    "host-failure", "ring-corrupt", "interrupted", "timeout", "no-progress",  "end"};
static_assert(std::size(kMilestoneNames) == static_cast<std::size_t>(LifecycleEvent::What::end) + 1);

inline constexpr std::string_view kConsoleEndNames[] = {"newline", "more", "cut"};
static_assert(std::size(kConsoleEndNames) == static_cast<std::size_t>(ConsoleEvent::End::cut) + 1);

// What LifecycleEvent::What::boot says in its detail when no guest booted.
inline constexpr std::string_view kFromSnapshot = "from a snapshot";

// "probe", "receipt", ...: the field "type".
inline std::string_view event_type_name(const Event& event) {
  constexpr std::string_view kNames[] = {"plan",    "probe",     "hit",         "receipt",   "sample",
                                         "console", "lifecycle", "symbol",      "truncated", "host-wait",
                                         "usage",   "reset",     "harness-work"};
  static_assert(std::size(kNames) == std::variant_size_v<EventBody>);
  return kNames[event.body.index()];
}

}  // namespace remapstorm
