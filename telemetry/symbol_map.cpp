// SPDX-License-Identifier: Apache-2.0
#include "telemetry/symbol_map.h"

#include <cinttypes>
#include <cstdio>

namespace remapstorm {

std::string describe(const Frame& frame) {
  char text[32];
  if (frame.symbol.empty()) {
    std::snprintf(text, sizeof(text), "0x%016" PRIx64, frame.pc.value);
    return text;
  }
  std::snprintf(text, sizeof(text), "+0x%" PRIx64, frame.offset);
  return frame.symbol + text;
}

std::string SymbolMap::place(Gva pc) const {
  const auto found = frames_.find(pc.value);
  return found == frames_.end() ? std::string{} : describe(found->second);
}

}  // namespace remapstorm
