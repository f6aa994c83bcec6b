// SPDX-License-Identifier: Apache-2.0
// What slices and instants are called, and the notes below them. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "report/trace/packet_writer.h"
#include "telemetry/event.h"
#include "telemetry/finding.h"
#include "telemetry/symbol_map.h"

namespace remapstorm {

// The words of docs/trace.md.
inline constexpr std::string_view kGuestCategory = "guest", kWindowCategory = "window", kLockCategory = "lock",
                                  kFaultCategory = "fault", kInjectionCategory = "injection",
                                  kHarnessCategory = "harness", kConsoleCategory = "console",
                                  kFindingCategory = "finding";

// Of the slice that the probe begins, or of the instant that it is. lock.got: of the hold.
TraceLabel label_of(const ProbeEvent& probe, const SymbolMap& symbols);
// Of a window, by its RS_LEVEL_*: "entry absent (pte)".
std::string absent_name(std::uint64_t level);
TraceLabel label_of(const HitEvent& hit);
TraceLabel label_of(const ReceiptEvent& receipt);
TraceLabel label_of(const SampleEvent& sample);
TraceLabel label_of(const LifecycleEvent& milestone);
TraceLabel label_of(const Finding& finding);

}  // namespace remapstorm
