// SPDX-License-Identifier: Apache-2.0
#include "telemetry/symbol_namer.h"

#include "telemetry/probe_names.h"

namespace remapstorm {

void SymbolNamer::mention(const Event& event, Gva pc) {
  if (pc.value == 0 || named_.size() >= kMost || !named_.insert(pc.value).second) return;
  Frame frame = name_(pc);
  if (frame.symbol.empty()) return;
  frame.pc = pc;
  Event symbol;
  symbol.time = event.time;
  symbol.body = SymbolEvent{std::move(frame)};
  for (EventSink* sink : sinks_) sink->on_event(symbol);
}

void SymbolNamer::on_event(const Event& event) {
  if (const auto* probe = std::get_if<ProbeEvent>(&event.body)) {
    mention(event, probe->pc);
    if (const ProbeInfo* info = probe_by_number(probe->probe)) {
      for (std::size_t i = 0; i < info->arguments.size(); ++i) {
        if (info->arguments[i] == "caller" || info->arguments[i] == "ip") mention(event, Gva(probe->args[i]));
      }
    }
  } else if (const auto* hit = std::get_if<HitEvent>(&event.body)) {
    mention(event, hit->pc);
  }
  for (EventSink* sink : sinks_) sink->on_event(event);
}

}  // namespace remapstorm
