// SPDX-License-Identifier: Apache-2.0
// SymbolNamer: hands events on and puts a SymbolEvent in front of the first that mentions a code address, so that
// whoever reads the recording, or folds it, never needs the vmlinux.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <utility>
#include <vector>

#include "telemetry/event.h"

namespace remapstorm {

class SymbolNamer final : public EventSink {
 public:
  // `name` gives the frame of an address; a frame without symbol is not sent. The sinks must outlive this.
  SymbolNamer(std::function<Frame(Gva)> name, std::vector<EventSink*> sinks)
      : name_(std::move(name)), sinks_(std::move(sinks)) {}

  void on_event(const Event& event) override;

 private:
  // A hostile guest may make up addresses without end; a kernel has a few dozen places of probes.
  static constexpr std::size_t kMost = 4096;
  void mention(const Event& event, Gva pc);

  std::function<Frame(Gva)> name_;
  std::vector<EventSink*> sinks_;
  std::set<std::uint64_t> named_;
};

}  // namespace remapstorm
