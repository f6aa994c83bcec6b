// SPDX-License-Identifier: Apache-2.0
#include "telemetry/event_json.h"

#include "telemetry/event_names.h"
#include "telemetry/json_fields.h"
#include "telemetry/kinds.h"
#include "telemetry/probe_names.h"

namespace remapstorm {
namespace {

Json to_json(const std::vector<DisassembledLine>& lines) {
  Json list = Json::array();
  for (const DisassembledLine& line : lines) {
    Json item = {{"pc", hex(line.pc.value)}, {"bytes", line.bytes}, {"text", line.text}};
    if (line.current) item["current"] = true;
    list.push_back(std::move(item));
  }
  return list;
}

Json to_json(const Frame& frame) {
  Json item = {{"pc", hex(frame.pc.value)}};
  if (!frame.symbol.empty()) {
    item["symbol"] = frame.symbol;
    item["offset"] = frame.offset;
  }
  return item;
}

// Adds the body's fields to `line`.
struct Writer {
  Json& line;

  void operator()(const PlanEvent& plan) const {
    Json parsed = parse_json(plan.json);
    line["plan"] = parsed.is_discarded() ? Json(plan.json) : std::move(parsed);
  }
  void operator()(const ProbeEvent& probe) const {
    const ProbeInfo* info = probe_by_number(probe.probe);
    if (info != nullptr) {
      line["probe"] = info->name;
    } else {
      line["probe"] = probe.probe;
    }
    line["seq"] = probe.sequence;
    line["pc"] = hex(probe.pc.value);
    line["context"] = context_name(context_of(probe.context));
    line["ctx"] = probe.context;
    Json args = Json::array();
    for (const std::uint64_t arg : probe.args) args.push_back(hex(arg));
    line["args"] = std::move(args);
  }
  void operator()(const HitEvent& hit) const {
    line["rule"] = hit.rule;
    line["count"] = hit.count;
    line["pc"] = hex(hit.pc.value);
    line["where"] = hit.where;
    if (!hit.disassembly.empty()) line["disassembly"] = to_json(hit.disassembly);
  }
  void operator()(const ReceiptEvent& receipt) const {
    line["rule"] = receipt.rule;
    line["injector"] = receipt.injector;
    line["phase"] = kPhaseNames[static_cast<std::size_t>(receipt.phase)];
    line["token"] = receipt.token;
    if (receipt.target_vcpu >= 0) line["target"] = receipt.target_vcpu;
    if (!receipt.detail.empty()) line["detail"] = receipt.detail;
    if (receipt.requested.count() != 0) line["requested_ns"] = receipt.requested.count();
    if (receipt.measured) line["measured_ns"] = receipt.measured->count();
  }
  void operator()(const SampleEvent& sample) const {
    line["reason"] = sample.reason;
    line["round"] = sample.round;
    line["pc"] = hex(sample.pc.value);
    line["flags"] = hex(sample.flags);
    if (sample.interrupts_enabled) line["interrupts_enabled"] = *sample.interrupts_enabled;
    if (sample.user_mode) line["user_mode"] = true;
    if (sample.halted) line["halted"] = true;
    if (sample.held_by_harness) line["held_by_harness"] = true;
    line["cpu_time_ns"] = sample.cpu_time_ns;
    Json frames = Json::array();
    for (const Frame& frame : sample.backtrace) frames.push_back(to_json(frame));
    line["backtrace"] = std::move(frames);
    if (!sample.disassembly.empty()) line["disassembly"] = to_json(sample.disassembly);
    if (!sample.lock_words.empty()) {
      Json locks = Json::array();
      for (const auto& [lock, word] : sample.lock_words) locks.push_back({{"lock", hex(lock.value)}, {"word", word}});
      line["locks"] = std::move(locks);
    }
  }
  void operator()(const HostWaitEvent& wait) const { line["waited_ns"] = wait.waited.count(); }
  void operator()(const UsageEvent& usage) const {
    line["cpu_ns"] = usage.cpu.count();
    if (usage.guest.count() != 0) line["guest_ns"] = usage.guest.count();
    if (usage.harness.count() != 0) line["harness_ns"] = usage.harness.count();
    if (usage.parked.count() != 0) line["parked_ns"] = usage.parked.count();
    if (!usage.exits.empty()) line["exits"] = usage.exits;
  }
  void operator()(const HarnessWorkEvent& work) const { line["took_ns"] = work.took.count(); }
  void operator()(const ResetEvent& reset) const {
    line["took_ns"] = reset.took.count();
    line["pages"] = reset.pages;
  }
  void operator()(const ConsoleEvent& console) const {
    line["line"] = console.line;
    if (console.end != ConsoleEvent::End::newline)
      line["end"] = kConsoleEndNames[static_cast<std::size_t>(console.end)];
  }
  void operator()(const LifecycleEvent& lifecycle) const {
    line["what"] = kMilestoneNames[static_cast<std::size_t>(lifecycle.what)];
    if (!lifecycle.detail.empty()) line["detail"] = lifecycle.detail;
  }
  void operator()(const SymbolEvent& symbol) const {
    line["pc"] = hex(symbol.frame.pc.value);
    line["symbol"] = symbol.frame.symbol;
    line["offset"] = symbol.frame.offset;
  }
  void operator()(const TruncatedEvent& truncated) const {
    line["dropped"] = truncated.dropped;
    line["limit_bytes"] = truncated.limit_bytes;
  }
};

std::string add_event(Json line, const Event& event) {
  line["t"] = event.time.count();
  if (event.guest_time) line["g"] = event.guest_time->count();
  if (event.vcpu >= 0) line["vcpu"] = event.vcpu;
  line["type"] = event_type_name(event);
  std::visit(Writer{line}, event.body);
  return to_line(line);
}

}  // namespace

std::string event_to_json(const Event& event) { return add_event(Json::object(), event); }

std::string first_event_to_json(const Event& event) { return add_event({{"v", kEventSchema}}, event); }

}  // namespace remapstorm
