// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "report/html/parts.h"
#include "report/text.h"
#include "telemetry/symbol_map.h"

namespace remapstorm {
namespace {

constexpr std::size_t kMostInstructions = 200;
constexpr std::size_t kMostFrames = 64;

}  // namespace

void write_code(Markup& out, const std::string& title, const std::vector<DisassembledLine>& lines, Gva injected) {
  if (lines.empty()) return;
  // A table scrolls in a box of its own, which the keyboard reaches.
  out.open("div", {{"class", "scroll"}, {"tabindex", "0"}, {"role", "region"}, {"aria-label", title}});
  out.open("table", {{"class", "code"}});
  out.leaf("caption", title);
  out.open("thead").open("tr");
  for (const char* head : {"address", "bytes", "instruction", "what"}) {
    out.leaf("th", head, {{"scope", "col"}, {"class", head}});
  }
  out.close().close().open("tbody");
  for (std::size_t i = 0; i < std::min(lines.size(), kMostInstructions); ++i) {
    const DisassembledLine& line = lines[i];
    const bool here = injected.value != 0 && line.pc == injected;
    out.open("tr", {{"class", here ? "injected" : line.current ? "current" : "plain"}});
    out.leaf("td", hex_address(line.pc), {{"class", "address"}});
    out.leaf("td", line.bytes, {{"class", "bytes"}}, 48);
    out.leaf("td", line.text, {{"class", "instruction"}}, 160);
    out.leaf("td", here ? "◀ injected here" : line.current ? "◀ here" : "", {{"class", "what"}});
    out.close();
  }
  out.close().close().close();
}

void write_look(Markup& out, int vcpu, const SampleEvent& sample, Gva injected) {
  const std::string name = "vCPU " + std::to_string(vcpu);
  const Frame* top = sample.backtrace.empty() ? nullptr : &sample.backtrace.front();
  out.open("div", {{"class", "look"}});
  out.open("h3").text(name + " at ").leaf("code", top != nullptr ? describe(*top) : hex_address(sample.pc), {}, 200);
  out.close();
  std::string state = "interrupts " + std::string(interrupts_word(sample.interrupts_enabled));
  if (sample.user_mode) state += ", in user mode";
  if (sample.halted) state += ", halted";
  if (sample.held_by_harness) state += ", held by the harness";
  out.leaf("p", state, {{"class", "state"}}).raw("\n");
  write_code(out, name + ": code", sample.disassembly, injected);
  if (!sample.backtrace.empty()) {
    out.open("details");
    out.leaf("summary", "Backtrace, " + counted(sample.backtrace.size(), "frame"));
    out.open("ol", {{"class", "backtrace"}});
    for (std::size_t i = 0; i < std::min(sample.backtrace.size(), kMostFrames); ++i) {
      const Frame& frame = sample.backtrace[i];
      out.open("li").leaf("code", describe(frame), {}, 200);
      out.close();
    }
    out.close().close();
  }
  out.close();
}

}  // namespace remapstorm
