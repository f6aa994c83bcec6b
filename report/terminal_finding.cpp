// SPDX-License-Identifier: Apache-2.0
#include "report/terminal_finding.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "telemetry/symbol_map.h"

namespace remapstorm {
namespace {

constexpr std::size_t kMaxFrames = 16;
constexpr std::size_t kMaxConsoleLines = 24;

std::string vcpu(int number) { return "vCPU " + std::to_string(number); }

std::string called_from(const std::string& caller) { return caller.empty() ? "" : " (for " + printable(caller) + ")"; }

// One lock and who has it, one line for each side, an arrow between: whoever waits points at whoever holds.
void write_cycle(TextWriter& out, const Finding& finding) {
  const auto& cycle = finding.cycle;
  const bool one_vcpu = std::all_of(cycle.begin(), cycle.end(), [&](const WaitEdge& edge) {
    return edge.waiter_vcpu == cycle.front().waiter_vcpu && edge.owner_vcpu == edge.waiter_vcpu;
  });
  out.line("  The cycle", Tone::strong);
  for (const WaitEdge& edge : cycle) {
    const std::string held_for = human_length(finding.proven_at - edge.owned_since);
    const std::string waited = human_length(finding.proven_at - edge.waiting_since);
    out.raw("    " + out.paint(Tone::bad, vcpu(edge.owner_vcpu)) + " " + std::string(owner_verb(edge)) +
            (edge.answer ? "     " : "    ") + out.paint(Tone::strong, edge.lock_name));
    out.wrapped("           ", "since " + place_or_address(edge.owner_symbol, edge.owner_pc) +
                                   called_from(edge.owner_caller) + ", in " + context_name(edge.owner_context) +
                                   " context with IRQs " + (edge.owner_irqs_off ? "off" : "on") + ", for " + held_for);
    out.raw("      " + std::string(out.glyph("▲", "^")));
    out.raw("    " + out.paint(Tone::bad, vcpu(edge.waiter_vcpu)) + " waits for it, in " +
            out.paint(Tone::strong, context_name(edge.waiter_context) + std::string(" context")));
    out.wrapped("           ", "since " + place_or_address(edge.waiter_symbol, edge.waiter_pc) +
                                   called_from(edge.waiter_caller) + ", for " + waited);
    if (&edge != &cycle.back()) out.raw("      " + std::string(out.glyph("▲", "^")));
  }
  if (one_vcpu) {
    out.wrapped("    ", "The owner cannot go on until the " + std::string(context_name(cycle.front().waiter_context)) +
                            " context above it returns, and that waits for the owner.");
  } else {
    out.wrapped("    ", vcpu(cycle.back().owner_vcpu) + " in turn waits, as above: nobody in the circle can go on.");
  }
  out.line(fmt::format("    lock word {:#010x} at {} in both looks", cycle.front().lock_word,
                       hex_address(cycle.front().lock)),
           Tone::dim);
}

void write_disassembly(TextWriter& out, const std::vector<DisassembledLine>& lines, const InjectionPoint* injection) {
  for (const DisassembledLine& line : lines) {
    const bool injected = injection != nullptr && injection->pc == line.pc;
    std::string text = std::string("    ") + (line.current ? "=>" : "  ") + " " + hex_address(line.pc) + "  " +
                       pad(cut(printable(line.bytes), 20), 20) + "  ";
    const std::string mark =
        injected ? std::string(out.glyph("  ◀ injected here", "  <= injected here")) : std::string{};
    const std::size_t used = columns(text) + columns(mark);
    const std::size_t room = out.style().width > used ? out.style().width - used : 0;
    text += cut(printable(line.text), room);
    const Tone tone = line.current ? Tone::strong : injected ? Tone::warn : Tone::plain;
    out.raw(out.paint(tone, text) + out.paint(Tone::bad, mark));
  }
}

void write_injection(TextWriter& out, const Finding& finding) {
  const InjectionPoint& point = *finding.injection;
  out.line();
  out.line("  The injection", Tone::strong);
  std::string what = point.injector + (point.detail.empty() ? "" : " (" + point.detail + ")");
  if (point.target_vcpu >= 0) what += " on " + vcpu(point.target_vcpu);
  what += ", rule \"" + point.rule + "\"";
  out.wrapped("    ", what);
  std::string where = "at " + place_or_address(point.symbol, point.pc);
  if (!point.where.empty() && point.where != point.symbol) where += " (" + point.where + ")";
  out.wrapped("    ", where);
  if (!point.disassembly.empty()) write_disassembly(out, point.disassembly, &point);
}

void write_sample(TextWriter& out, const SampleEvent& sample, int number, const InjectionPoint* injection) {
  out.line();
  const std::string at = sample.backtrace.empty() ? hex_address(sample.pc) : describe(sample.backtrace.front());
  out.raw("  " + out.paint(Tone::strong, vcpu(number)) +
          cut(printable(" at " + at + ", IRQs " + std::string(interrupts_word(sample.interrupts_enabled))),
              out.style().width - 8));
  if (sample.backtrace.empty()) {
    out.line("    no backtrace", Tone::dim);
  } else {
    out.line("    Backtrace");
  }
  for (std::size_t i = 0; i < std::min(sample.backtrace.size(), kMaxFrames); ++i) {
    const Frame& frame = sample.backtrace[i];
    std::string text = "    " + std::string(i < 10 ? " " : "") + std::to_string(i) + "  " + hex_address(frame.pc) +
                       "  " + printable(describe(frame));
    // The frame in which the injection hit: same function, and we came back into it or are still there.
    const bool here = injection != nullptr && !frame.symbol.empty() &&
                      injection->symbol.substr(0, injection->symbol.find('+')) == frame.symbol;
    const std::string mark = here ? std::string(out.glyph("  ◀ injected here", "  <= injected here")) : std::string{};
    out.raw(cut(text, out.style().width - columns(mark)) + out.paint(Tone::bad, mark));
  }
  if (sample.backtrace.size() > kMaxFrames) {
    out.line("        and " + std::to_string(sample.backtrace.size() - kMaxFrames) + " more", Tone::dim);
  }
  if (sample.disassembly.empty()) return;
  out.line("    Disassembly");
  write_disassembly(out, sample.disassembly, injection);
}

void write_console(TextWriter& out, const std::string& excerpt) {
  std::istringstream lines(excerpt);
  std::string line;
  std::size_t count = 0;
  while (std::getline(lines, line)) {
    if (count++ >= kMaxConsoleLines) {
      out.line("    ... (all of it is in console.log)", Tone::dim);
      return;
    }
    out.line("    " + std::string(out.glyph("│ ", "| ")) + line);
  }
}

}  // namespace

std::string verdict_title(const TrialResult& trial) {
  if (!trial.verdict) return "NOT RUN";
  if (*trial.verdict == Verdict::deadlock) return "DEADLOCK (proven)";
  std::string title(verdict_name(*trial.verdict));
  std::transform(title.begin(), title.end(), title.begin(), [](unsigned char letter) { return std::toupper(letter); });
  return title;
}

Tone verdict_tone(const TrialResult& trial) {
  if (!trial.verdict || *trial.verdict == Verdict::error) return Tone::warn;
  return trial.ok ? (*trial.verdict == Verdict::clean ? Tone::good : Tone::strong) : Tone::bad;
}

void write_finding(TextWriter& out, const Finding& finding) {
  if (finding.verdict != Verdict::deadlock) {
    out.wrapped("  ", finding.summary);
    for (const std::string& line : finding.detail) out.wrapped("    ", line, Tone::dim);
    if (!finding.fingerprint.empty() && !finding.console_excerpt.empty()) {
      out.wrapped("    ", "fingerprint " + finding.fingerprint, Tone::dim);
    }
    write_console(out, finding.console_excerpt);
    return;
  }
  write_cycle(out, finding);
  if (finding.injection) write_injection(out, finding);
  const InjectionPoint* injection = finding.injection ? &*finding.injection : nullptr;
  for (std::size_t i = 0; i < std::min(finding.samples.size(), finding.sample_vcpus.size()); ++i) {
    write_sample(out, finding.samples[i], finding.sample_vcpus[i], injection);
  }
}

void write_statistics(TextWriter& out, const TrialStatistics& statistics) {
  const auto lengths = length_words;
  // Each entry whose change began; inplace changes it in one store, which is no window.
  std::string windows = std::to_string(statistics.windows_closed) + " of " + std::to_string(statistics.windows_opened) +
                        " entries changed";
  if (statistics.break_to_make.count != 0) {
    windows += "; break to make " + lengths(statistics.break_to_make) + " (this recording does not tell their windows)";
  } else if (statistics.windows_closed != 0) {
    windows += statistics.windows.count == 0 ? "; no window: none was ever invalid"
                                             : "; windows " + lengths(statistics.windows);
  }
  out.wrapped("    ", windows);
  const std::uint64_t faults =
      statistics.faults[0] + statistics.faults[1] + statistics.faults[2] + statistics.faults[3];
  if (faults != 0) {
    std::string text = std::to_string(faults) + (faults == 1 ? " fault" : " faults") + " on the vmemmap (task " +
                       std::to_string(statistics.faults[0]) + ", softirq " + std::to_string(statistics.faults[1]) +
                       ", hardirq " + std::to_string(statistics.faults[2]) + ", nmi " +
                       std::to_string(statistics.faults[3]) + ")";
    if (statistics.fault_waits.count != 0) text += "; wait " + lengths(statistics.fault_waits);
    out.wrapped("    ", text);
  }
  if (statistics.lock_holds.count != 0) {
    out.wrapped("    ",
                "lock held " + lengths(statistics.lock_holds) + "; waited for " + lengths(statistics.lock_waits));
  }
  for (const auto& [injector, count] : statistics.injections) {
    std::string text = std::to_string(count) + " x " + injector;
    if (const auto found = statistics.injector_lengths.find(injector); found != statistics.injector_lengths.end()) {
      text += "; off by at most " + human_length(found->second.error_max);
    }
    out.wrapped("    ", text);
  }
  if (statistics.delivery.count != 0) {
    out.wrapped("    ", std::to_string(statistics.injections_answered) + " interrupts answered; delivered after " +
                            lengths(statistics.delivery));
  }
}

}  // namespace remapstorm
