// SPDX-License-Identifier: Apache-2.0
#include "vmm/exit.h"

#include <linux/kvm.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "vmm/arch/host_kvm.h"

namespace remapstorm {
namespace {

UnknownExit unknown(const kvm_run& run, const std::string& detail) { return {run.exit_reason, detail}; }

Exit decode_io(const kvm_run& run, std::size_t run_size) {
  const auto& io = run.io;
  const std::uint64_t bytes = std::uint64_t{io.size} * io.count;
  const bool size_ok = io.size == 1 || io.size == 2 || io.size == 4;
  if (!size_ok || io.count == 0 || io.data_offset > run_size || bytes > run_size - io.data_offset) {
    return unknown(run, "a port I/O exit with impossible size, count or data offset");
  }
  return IoExit{io.port, io.size, io.count, io.direction == KVM_EXIT_IO_OUT, io.data_offset};
}

Exit decode_mmio(const kvm_run& run) {
  if (run.mmio.len == 0 || run.mmio.len > sizeof(run.mmio.data)) {
    return unknown(run, "an MMIO exit of " + std::to_string(run.mmio.len) + " bytes");
  }
  MmioExit exit{Gpa(run.mmio.phys_addr), run.mmio.len, run.mmio.is_write != 0, {}};
  std::memcpy(exit.data.data(), run.mmio.data, sizeof(run.mmio.data));
  return exit;
}

Exit decode_internal_error(const kvm_run& run) {
  const std::uint32_t words = std::min(run.internal.ndata, static_cast<std::uint32_t>(std::size(run.internal.data)));
  if (run.internal.suberror != KVM_INTERNAL_ERROR_EMULATION) {
    return InternalErrorExit{run.internal.suberror, {run.internal.data, run.internal.data + words}};
  }
  // emulation_failure overlays internal: one word of flags, then size and bytes of the instruction.
  EmulationFailureExit exit;
  const auto& failure = run.emulation_failure;
  if (words >= 3 && (failure.flags & KVM_INTERNAL_ERROR_EMULATION_FLAG_INSTRUCTION_BYTES) != 0) {
    const std::size_t size = std::min<std::size_t>(failure.insn_size, sizeof(failure.insn_bytes));
    exit.instruction.assign(failure.insn_bytes, failure.insn_bytes + size);
  }
  return exit;
}

Stop trouble(std::string message) { return HostErrorStop{host_error(std::move(message)), {}, {}, false}; }

std::string describe_internal(const InternalErrorExit& exit) {
  std::string text = "KVM_EXIT_INTERNAL_ERROR, suberror " + std::to_string(exit.suberror);
  char buffer[24];
  for (const std::uint64_t word : exit.data) {
    std::snprintf(buffer, sizeof(buffer), " 0x%llx", static_cast<unsigned long long>(word));
    text += buffer;
  }
  return text;
}

// Every access of a REP INS / OUTS reaches the device; the first Stop wins.
std::optional<Stop> serve_io(const IoExit& io, Bus& bus, std::span<std::uint8_t> area) {
  std::optional<Stop> first;
  for (unsigned i = 0; i < io.count; ++i) {
    const auto data = area.subspan(io.data_offset + std::uint64_t{i} * io.size, io.size);
    std::optional<Stop> stop = io.is_write ? bus.write(io.port, data) : bus.read(io.port, data);
    if (stop && !first) first = std::move(stop);
  }
  return first;
}

std::optional<Stop> serve_mmio(const MmioExit& mmio, Bus& bus, std::span<std::uint8_t> area) {
  if (mmio.is_write) return bus.write(mmio.address.value, std::span(mmio.data).first(mmio.size));
  return bus.read(mmio.address.value, area.subspan(offsetof(kvm_run, mmio.data), mmio.size));
}

}  // namespace

std::string_view exit_name(std::size_t index) {
  // In the order of Exit.
  static constexpr std::string_view kNames[] = {"io",
                                                "mmio",
                                                "debug",
                                                "hlt",
                                                "shutdown",
                                                "interrupted",
                                                "dirty-ring-full",
                                                "system-event",
                                                "fail-entry",
                                                "emulation-failure",
                                                "internal-error",
                                                "other"};
  static_assert(std::size(kNames) == std::variant_size_v<Exit>);
  return index < std::size(kNames) ? kNames[index] : "other";
}

Exit decode_exit(const kvm_run& run, std::size_t run_size) {
  switch (run.exit_reason) {
    case KVM_EXIT_IO:
      return decode_io(run, run_size);
    case KVM_EXIT_MMIO:
      return decode_mmio(run);
    case KVM_EXIT_DEBUG:
      return host_kvm::decode_debug(run);
    case KVM_EXIT_HLT:
      return HaltExit{};
    case KVM_EXIT_SHUTDOWN:
      return ShutdownExit{};
    case KVM_EXIT_INTR:
      return InterruptedExit{};
    case KVM_EXIT_DIRTY_RING_FULL:
      return DirtyRingFullExit{};
    case KVM_EXIT_SYSTEM_EVENT:
      return SystemEventExit{run.system_event.type};
    case KVM_EXIT_FAIL_ENTRY:
      return FailedEntryExit{run.fail_entry.hardware_entry_failure_reason, run.fail_entry.cpu};
    case KVM_EXIT_INTERNAL_ERROR:
      return decode_internal_error(run);
    case KVM_EXIT_UNKNOWN:
      return unknown(run, "hardware exit reason " + std::to_string(run.hw.hardware_exit_reason));
    default:
      return unknown(run, "an exit this program did not ask for");
  }
}

Handled handle_exit(const Exit& exit, Bus& pio, Bus& mmio, std::span<std::uint8_t> area) {
  if (const auto* io = std::get_if<IoExit>(&exit)) return {serve_io(*io, pio, area), true};
  if (const auto* access = std::get_if<MmioExit>(&exit)) return {serve_mmio(*access, mmio, area), true};
  if (std::holds_alternative<HaltExit>(exit)) return {HaltStop{}, false};
  if (std::holds_alternative<ShutdownExit>(exit)) return {ShutdownStop{ShutdownStop::Why::triple_fault}, false};
  if (std::holds_alternative<SystemEventExit>(exit)) return {ShutdownStop{ShutdownStop::Why::system_event}, false};
  if (std::holds_alternative<InterruptedExit>(exit)) return {};
  if (const auto* failed = std::get_if<FailedEntryExit>(&exit)) {
    return {
        trouble("KVM_EXIT_FAIL_ENTRY: the processor refused the guest state, reason " + std::to_string(failed->reason)),
        false};
  }
  if (const auto* failure = std::get_if<EmulationFailureExit>(&exit)) {
    HostErrorStop stop;
    stop.error = host_error("KVM cannot emulate an instruction of the guest");
    stop.instruction = failure->instruction;
    stop.emulation_failure = true;
    return {std::move(stop), false};
  }
  if (const auto* internal = std::get_if<InternalErrorExit>(&exit))
    return {trouble(describe_internal(*internal)), false};
  if (const auto* other = std::get_if<UnknownExit>(&exit)) {
    return {trouble("KVM exit reason " + std::to_string(other->reason) + ": " + other->detail), false};
  }
  return {};
}

}  // namespace remapstorm
