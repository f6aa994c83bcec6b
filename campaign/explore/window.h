// SPDX-License-Identifier: Apache-2.0
// Window: a stretch of guest execution on one vCPU: that in which an entry is absent, found by reading the entry, or
// one between two triggers. Named ones ship; any other is written "OPEN..CLOSE", where each side is a probe
// ("lock.got") or a place ("vmemmap_update_pte+0x1c").
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "plan/injection.h"
#include "telemetry/kinds.h"
#include "trial/trigger.h"
#include "vmm/symbols.h"

namespace remapstorm {

struct WindowEdge {
  EventPattern pattern;  // `address` is set by resolve_window()
  std::string text;      // as a person would write it: "bbm.break level=pte", "do_one+0x1c"
};

struct Window {
  std::string name;  // what names it on a command line
  std::string summary;
  // Of an entry: `open` is where the vCPU is stopped before it, `close` has no trigger; both texts name the stores.
  WindowEdge open;
  WindowEdge close;
  bool of_entry = false;

  [[nodiscard]] bool needs_symbols() const { return !open.pattern.at.empty() || !close.pattern.at.empty(); }
};

// "bbm-pte": a PTE is absent; "bbm-pmd": a PMD; "lock": from its acquisition to its release; "remap": a whole walk over
// a range.
const std::vector<Window>& named_windows();

// Errors: usage, with near names: an unknown name, an empty side, a probe that does not exist.
Result<Window> parse_window(std::string_view text);

// Gives places their addresses. Error: usage for a symbol the kernel does not have, with near ones.
Status resolve_window(Window& window, const Symbols& symbols);

// Addresses that need a breakpoint while the window is waited for or open.
std::vector<Gva> breakpoints_of(const Window& window);
// Probes that must ring: those of either side.
std::vector<std::uint16_t> probes_of(const Window& window);
// Probes that are to be silent while the window is explored: those that would lie inside, if nothing is judged by them.
// `asks_by_ipi`: the strategy waits for other vCPUs in a way that may be a deadlock, which the waiter must tell.
std::vector<std::uint16_t> silent_probes_of(const Window& window, StrategyKind strategy);

}  // namespace remapstorm
