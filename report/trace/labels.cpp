// SPDX-License-Identifier: Apache-2.0
#include "report/trace/labels.h"

#include <algorithm>

#include "guest/abi/remapstorm_abi.h"
#include "report/text.h"
#include "telemetry/event_names.h"
#include "telemetry/kinds.h"
#include "telemetry/probe_names.h"

namespace remapstorm {
namespace {

constexpr std::size_t kFrames = 8;

std::string place(const SymbolMap& symbols, Gva pc) { return place_or_address(symbols.place(pc), pc); }

std::string handler_name(std::uint64_t kind) {
  if (kind == RS_KIND_NMI) return "nmi handler";
  if (kind == RS_KIND_MSI) return "irq handler (msi)";
  if (kind == RS_KIND_LINE) return "irq handler (line)";
  if (kind == RS_KIND_CALL) return "called at a probe";
  return "handler of unknown kind";
}

std::string with_level(std::string name, std::uint64_t level) {
  if (level == RS_LEVEL_PTE) name += " (pte)";
  if (level == RS_LEVEL_PMD) name += " (pmd)";
  return name;
}

// Notes of the probe's own arguments, by their names in guest/abi.
std::vector<TraceNote> argument_notes(const ProbeEvent& probe) {
  std::vector<TraceNote> notes;
  const ProbeInfo* info = probe_by_number(probe.probe);
  if (info == nullptr) return notes;
  for (std::size_t i = 0; i < probe.args.size(); ++i) {
    const std::string_view name = info->arguments[i];
    if (name == "-") continue;
    // Kinds, levels, tokens and counts are small; everything else is an address or an entry.
    if (probe.args[i] < 4096) {
      notes.push_back({name, probe.args[i]});
    } else {
      notes.push_back({name, Gva{probe.args[i]}});
    }
  }
  return notes;
}

std::string context_text(std::uint32_t context) {
  std::string text(context_name(context_of(context)));
  text += (context & RS_CTX_IRQS_OFF) != 0 ? ", IRQs off" : ", IRQs on";
  if ((context & RS_CTX_IN_WINDOW) != 0) text += ", in a window";
  return text;
}

std::string backtrace_text(const std::vector<Frame>& frames) {
  std::string text;
  for (std::size_t i = 0; i < std::min(frames.size(), kFrames); ++i) text += (i == 0 ? "" : "\n") + describe(frames[i]);
  if (frames.size() > kFrames) text += "\nand " + std::to_string(frames.size() - kFrames) + " more";
  return text;
}

}  // namespace

std::string absent_name(std::uint64_t level) { return with_level("entry absent", level); }

TraceLabel label_of(const ProbeEvent& probe, const SymbolMap& symbols) {
  TraceLabel label{kGuestCategory, {}, argument_notes(probe)};
  switch (probe.probe) {
    case RS_PROBE_REMAP_BEGIN:
      label.name = probe.args[2] != 0 ? "remap (restore)" : "remap (optimize)";
      break;
    case RS_PROBE_BBM_BREAK:
      label.category = kWindowCategory;
      label.name = with_level("break to make", probe.args[3]);
      break;
    case RS_PROBE_FLUSH_BEGIN:
      label.name = "flush";
      break;
    case RS_PROBE_LOCK_WANT:
    case RS_PROBE_LOCK_GOT:
      label.category = kLockCategory;
      label.name = (probe.probe == RS_PROBE_LOCK_WANT ? "wait for " : "hold ") + lock_name(probe.args[1]);
      label.notes.push_back({"asked by", place(symbols, Gva(probe.args[2]))});
      break;
    case RS_PROBE_FAULT_ENTER:
      label.category = kFaultCategory;
      label.name = "vmemmap fault";
      label.notes.push_back({"at", place(symbols, Gva(probe.args[1]))});
      break;
    case RS_PROBE_INJECT_ENTER:
      label.category = kInjectionCategory;
      label.name = handler_name(probe.args[0]);
      label.notes.push_back({"interrupted", place(symbols, Gva(probe.args[2]))});
      break;
    case RS_PROBE_INJECT_READ:
      label.category = kInjectionCategory;
      label.name = "read of the struct page";
      break;
    case RS_PROBE_INJECT_WRITE:
      label.category = kInjectionCategory;
      label.name = "write to the struct page";
      break;
    case RS_PROBE_HOLD_BEGIN:
      label.category = kHarnessCategory;
      label.name = "soft hold";
      break;
    case RS_PROBE_WORK_BEGIN:
      label.name = "workload " + std::to_string(probe.args[0]);
      break;
    default:
      if (const ProbeInfo* info = probe_by_number(probe.probe)) label.name = info->name;
      break;
  }
  label.notes.push_back({"context", context_text(probe.context)});
  label.notes.push_back({"probe at", place(symbols, probe.pc)});
  return label;
}

TraceLabel label_of(const HitEvent& hit) {
  return {kHarnessCategory, "hit: " + hit.rule, {{"count", hit.count}, {"where", hit.where}, {"pc", hit.pc}}};
}

TraceLabel label_of(const ReceiptEvent& receipt) {
  const bool interrupt = is_answered(injector_kind(receipt.injector));
  TraceLabel label{kInjectionCategory, receipt.injector + (interrupt ? " under way" : ""), {}};
  label.notes.push_back({"rule", receipt.rule});
  label.notes.push_back({"token", std::uint64_t{receipt.token}});
  if (!receipt.detail.empty()) label.notes.push_back({"detail", receipt.detail});
  if (receipt.requested > Nanoseconds{0}) label.notes.push_back({"requested", human_length(receipt.requested)});
  return label;
}

TraceLabel label_of(const SampleEvent& sample) {
  TraceLabel label{kHarnessCategory, "look: " + sample.reason, {}};
  label.notes.push_back({"round", std::uint64_t{sample.round}});
  label.notes.push_back({"pc", sample.pc});
  label.notes.push_back({"IRQs", std::string(interrupts_word(sample.interrupts_enabled))});
  label.notes.push_back({"CPU time so far, ns", sample.cpu_time_ns});
  if (sample.halted) label.notes.push_back({"state", std::string("halted")});
  if (sample.held_by_harness) label.notes.push_back({"state", std::string("held by the harness")});
  label.notes.push_back({"backtrace", backtrace_text(sample.backtrace)});
  return label;
}

TraceLabel label_of(const LifecycleEvent& milestone) {
  TraceLabel label{kHarnessCategory, std::string(kMilestoneNames[static_cast<std::size_t>(milestone.what)]), {}};
  if (!milestone.detail.empty()) label.notes.push_back({"detail", milestone.detail});
  return label;
}

TraceLabel label_of(const Finding& finding) {
  TraceLabel label{kFindingCategory, std::string(verdict_name(finding.verdict)) + ": " + finding.summary, {}};
  if (!finding.fingerprint.empty()) label.notes.push_back({"fingerprint", finding.fingerprint});
  std::string detail;
  for (const std::string& line : finding.detail) detail += (detail.empty() ? "" : "\n") + line;
  if (!detail.empty()) label.notes.push_back({"evidence", detail});
  return label;
}

}  // namespace remapstorm
