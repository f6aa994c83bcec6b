// SPDX-License-Identifier: Apache-2.0
#include "campaign/explore/window.h"

#include <algorithm>

#include "base/names.h"
#include "guest/abi/remapstorm_abi.h"
#include "telemetry/probe_names.h"

namespace remapstorm {
namespace {

WindowEdge probe_edge(std::uint16_t probe, std::string text) {
  WindowEdge edge;
  edge.pattern.probe = probe;
  edge.text = std::move(text);
  return edge;
}

Window of_entry(const char* name, const char* level, std::uint64_t value, const char* summary) {
  constexpr unsigned kLevelArgument = 2;  // RS_PROBES: addr, entry_va, level
  Window window{
      name, summary, probe_edge(RS_PROBE_UPDATE_BEGIN, std::string("the store that clears the ") + level), {}, true};
  window.open.pattern.where = {{kLevelArgument, value}};
  window.close.text = std::string("the store that sets the ") + level;
  return window;
}

Error unknown_window(std::string_view text) {
  std::vector<std::string> names;
  for (const Window& window : named_windows()) names.push_back(window.name);
  const std::vector<std::string> near = near_matches(text, names);
  return usage_error("unknown window '" + std::string(text) + "': not one of " + join(names),
                     near.empty() ? "or write OPEN..CLOSE, each a probe (bbm.break) or a place (symbol+0x1c)"
                                  : "did you mean " + near[0] + "?");
}

Result<WindowEdge> parse_edge(std::string_view text) {
  const std::string word(text);
  if (const ProbeInfo* probe = probe_by_name(text)) return probe_edge(probe->number, word);
  // A symbol may hold a dot, too ("copy.part.0"), but what looks like a probe and is nearly one was meant as one.
  const std::vector<std::string> names = probe_names();
  const bool like_a_probe = text.find('.') != std::string_view::npos && text.find('+') == std::string_view::npos;
  if (const auto near = near_matches(text, names, 1); like_a_probe && !near.empty()) {
    return usage_error("no probe '" + word + "'", "did you mean " + near[0] + "?");
  }
  if (word.find_first_of(" \t,=[]") != std::string::npos) {
    return usage_error("'" + word + "' is neither a probe nor a place",
                       "write a probe (bbm.break) or a place (symbol+0x1c)");
  }
  WindowEdge edge;
  edge.pattern.at = word;
  edge.text = word;
  return edge;
}

Status resolve_edge(WindowEdge& edge, const Symbols& symbols) {
  if (edge.pattern.at.empty()) return {};
  const Result<Gva> address = symbols.resolve(edge.pattern.at);
  if (!address) return address.error();
  edge.pattern.address = *address;
  return {};
}

}  // namespace

const std::vector<Window>& named_windows() {
  static const std::vector<Window> kNamed = {
      of_entry("bbm-pte", "PTE", RS_LEVEL_PTE, "a vmemmap PTE while it is absent"),
      of_entry("bbm-pmd", "PMD", RS_LEVEL_PMD, "a vmemmap PMD while it is absent"),
      Window{"lock", "the page table lock, from its acquisition to its release",
             probe_edge(RS_PROBE_LOCK_GOT, "lock.got"), probe_edge(RS_PROBE_LOCK_DROP, "lock.drop"), false},
      Window{"remap", "the walk that remaps the vmemmap pages of one huge page, from begin to end",
             probe_edge(RS_PROBE_REMAP_BEGIN, "remap.begin"), probe_edge(RS_PROBE_REMAP_END, "remap.end"), false},
  };
  return kNamed;
}

Result<Window> parse_window(std::string_view text) {
  const auto& named = named_windows();
  const auto found = std::find_if(named.begin(), named.end(), [&](const Window& one) { return one.name == text; });
  if (found != named.end()) return *found;
  const std::size_t dots = text.find("..");
  if (dots == std::string_view::npos) return unknown_window(text);
  const std::string_view before = text.substr(0, dots), after = text.substr(dots + 2);
  if (before.empty() || after.empty()) {
    return usage_error("the window '" + std::string(text) + "' has only one end", "write OPEN..CLOSE");
  }
  Window window;
  window.name = text;
  RS_ASSIGN(window.open, parse_edge(before));
  RS_ASSIGN(window.close, parse_edge(after));
  window.summary = "from " + window.open.text + " to " + window.close.text;
  return window;
}

Status resolve_window(Window& window, const Symbols& symbols) {
  RS_TRY(resolve_edge(window.open, symbols));
  RS_TRY(resolve_edge(window.close, symbols));
  if (window.open.pattern.address && window.open.pattern.address == window.close.pattern.address) {
    return usage_error("the window '" + window.name + "' closes where it opens");
  }
  return {};
}

std::vector<Gva> breakpoints_of(const Window& window) {
  std::vector<Gva> addresses;
  for (const WindowEdge* edge : {&window.open, &window.close}) {
    if (edge->pattern.address) addresses.push_back(*edge->pattern.address);
  }
  return addresses;
}

std::vector<std::uint16_t> probes_of(const Window& window) {
  std::vector<std::uint16_t> probes;
  for (const WindowEdge* edge : {&window.open, &window.close}) {
    if (edge->pattern.probe) probes.push_back(*edge->pattern.probe);
  }
  return probes;
}

std::vector<std::uint16_t> silent_probes_of(const Window& window, StrategyKind strategy) {
  std::vector<std::uint16_t> silent = {RS_PROBE_UPDATE_BEGIN, RS_PROBE_FLUSH_BEGIN, RS_PROBE_FLUSH_END,
                                       RS_PROBE_BBM_BREAK, RS_PROBE_BBM_MAKE};
  // Logged when the entry is there again: outside of its window, inside of others.
  if (!window.of_entry) silent.push_back(RS_PROBE_BBM_WINDOW);
  if (!asks_by_ipi(strategy)) silent.insert(silent.end(), {RS_PROBE_ANSWER_WANT, RS_PROBE_ANSWER_GOT});
  return silent;
}

}  // namespace remapstorm
