// SPDX-License-Identifier: Apache-2.0
#include "vmm/stop.h"

#include <cstdio>

namespace remapstorm {
namespace {

template <typename... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};
template <typename... Visitors>
Overloaded(Visitors...) -> Overloaded<Visitors...>;

std::string with_hex(const char* text, unsigned long long value) {
  char buffer[96];
  std::snprintf(buffer, sizeof(buffer), "%s0x%llx", text, value);
  return buffer;
}

const char* shutdown_name(ShutdownStop::Why why) {
  switch (why) {
    case ShutdownStop::Why::triple_fault:
      return "triple fault";
    case ShutdownStop::Why::reset:
      return "reset by the guest";
    case ShutdownStop::Why::system_event:
      return "system event";
  }
  return "shutdown";
}

}  // namespace

std::string describe(const Stop& stop) {
  return std::visit(
      Overloaded{
          [](const DoorbellStop& s) { return with_hex("doorbell ", s.value); },
          [](const BreakpointStop& s) { return with_hex("breakpoint at ", s.pc.value); },
          [](const StepStop& s) { return with_hex("step to ", s.pc.value); },
          [](const MmioStop& s) { return with_hex(s.is_write ? "MMIO write at " : "MMIO read at ", s.address.value); },
          [](const HaltStop&) { return std::string("halt"); },
          [](const ShutdownStop& s) { return std::string(shutdown_name(s.why)); },
          [](const HostErrorStop& s) { return s.error.message + with_hex(" at ", s.pc.value); },
          [](const InterruptedStop&) { return std::string("interrupted"); },
      },
      stop);
}

}  // namespace remapstorm
