// SPDX-License-Identifier: Apache-2.0
// SymbolMap: names of code addresses, as far as the events tell them.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "telemetry/event.h"

namespace remapstorm {

class SymbolMap {
 public:
  void observe(const Event& event) {
    if (const auto* symbol = std::get_if<SymbolEvent>(&event.body)) add(symbol->frame);
    if (const auto* sample = std::get_if<SampleEvent>(&event.body)) {
      for (const Frame& frame : sample->backtrace) add(frame);
    }
  }
  // Empty if unknown.
  [[nodiscard]] std::string function(Gva pc) const {
    const auto found = frames_.find(pc.value);
    return found == frames_.end() ? std::string{} : found->second.symbol;
  }
  // "function+0x1c", or empty if unknown.
  [[nodiscard]] std::string place(Gva pc) const;

 private:
  void add(const Frame& frame) {
    if (!frame.symbol.empty() && frames_.size() < kMost) frames_.emplace(frame.pc.value, frame);
  }
  static constexpr std::size_t kMost = 65536;
  std::map<std::uint64_t, Frame> frames_;
};

// "function+0x1c", or "0xffffffff81000000" without a symbol.
std::string describe(const Frame& frame);

}  // namespace remapstorm
