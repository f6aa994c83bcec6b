// SPDX-License-Identifier: Apache-2.0
// Exit: struct kvm_run decoded into a value (KVM api.rst 5), and what to do about it. Both functions are pure apart
// from the devices behind the buses, so they are tested with made-up exits.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/address.h"
#include "vmm/bus.h"
#include "vmm/stop.h"

struct kvm_run;

namespace remapstorm {

struct IoExit {
  std::uint16_t port = 0;
  unsigned size = 1;   // bytes per access: 1, 2, 4
  unsigned count = 1;  // REP INS / OUTS give more than one
  bool is_write = false;
  std::uint64_t data_offset = 0;  // from the start of kvm_run
};
struct MmioExit {
  Gpa address;
  unsigned size = 0;  // 1..8
  bool is_write = false;
  std::array<std::uint8_t, 8> data{};
};
struct DebugExit {
  bool breakpoint = false;  // a match with an execution breakpoint, perhaps one that is not enabled
  bool step = false;        // single-step trap
  bool guests_own = false;  // a breakpoint instruction of the guest's, which came to the host instead of it
};
struct HaltExit {};
struct ShutdownExit {};
struct InterruptedExit {};
struct DirtyRingFullExit {};  // for the run loop, see dirty_ring.h
struct SystemEventExit {
  std::uint32_t type = 0;
};
struct FailedEntryExit {
  std::uint64_t reason = 0;
  std::uint32_t cpu = 0;
};
struct EmulationFailureExit {
  std::vector<std::uint8_t> instruction;  // up to 15 bytes; empty if KVM did not give them
};
struct InternalErrorExit {
  std::uint32_t suberror = 0;
  std::vector<std::uint64_t> data;
};
struct UnknownExit {
  std::uint32_t reason = 0;
  std::string detail;
};

using Exit = std::variant<IoExit, MmioExit, DebugExit, HaltExit, ShutdownExit, InterruptedExit, DirtyRingFullExit,
                          SystemEventExit, FailedEntryExit, EmulationFailureExit, InternalErrorExit, UnknownExit>;

// How often each kind of exit came; index: that of the alternative in Exit.
using ExitCounts = std::array<std::uint64_t, std::variant_size_v<Exit>>;
// "io", "mmio", "hlt", ... of an index.
std::string_view exit_name(std::size_t index);

// `run_size`: bytes of the kvm_run area; an I/O exit whose data would lie outside becomes an UnknownExit.
Exit decode_exit(const kvm_run& run, std::size_t run_size);

struct Handled {
  std::optional<Stop> stop;
  // A device access: KVM finishes it at the next KVM_RUN (for a stop, complete it before returning).
  bool completes_on_entry = false;
};

// Serves device accesses from the buses; `area` is the whole kvm_run area, where data of reads is put. Debug exits and
// full dirty rings are not for this function: they are about the vCPU itself.
Handled handle_exit(const Exit& exit, Bus& pio, Bus& mmio, std::span<std::uint8_t> area);

}  // namespace remapstorm
