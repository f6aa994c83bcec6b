// SPDX-License-Identifier: Apache-2.0
// Window: a stretch of guest execution between two triggers, on the vCPU where the first one fired. Named ones ship;
// any other is written "OPEN..CLOSE", where each side is a probe ("bbm.break") or a place ("vmemmap_update_pte+0x1c").
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "harness/trigger.h"
#include "injectors/spec.h"
#include "vmm/symbols.h"

namespace remapstorm {

struct WindowEdge {
  EventPattern pattern;  // `address` is set by resolve_window()
  std::string text;      // as a person would write it: "bbm.break level=pte", "do_one+0x1c"
};

struct Window {
  std::string name;  // what names it on a command line
  std::string summary;
  WindowEdge open;
  WindowEdge close;

  [[nodiscard]] bool needs_symbols() const { return !open.pattern.at.empty() || !close.pattern.at.empty(); }
};

// "bbm-pte": bbm.break .. bbm.make of a PTE; "bbm-pmd": of a PMD; "remap": a whole walk over a range.
const std::vector<Window>& named_windows();

// Errors: usage, with near names: an unknown name, an empty side, a probe that does not exist.
Result<Window> parse_window(std::string_view text);

// Gives places their addresses. Error: usage for a symbol the kernel does not have, with near ones.
Status resolve_window(Window& window, const Symbols& symbols);

// Addresses that need a breakpoint while the window is waited for or open.
std::vector<Gva> breakpoints_of(const Window& window);
// Probes that must ring: those of either side.
std::vector<std::uint16_t> probes_of(const Window& window);

}  // namespace remapstorm
