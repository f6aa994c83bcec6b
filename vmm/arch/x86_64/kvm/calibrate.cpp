// SPDX-License-Identifier: Apache-2.0
#include "vmm/calibrate.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <span>
#include <thread>

#include "vmm/arch/x86_64/flags.h"
#include "vmm/arch/x86_64/long_mode.h"
#include "vmm/devices/doorbell.h"
#include "vmm/vm.h"

namespace remapstorm {
namespace {

constexpr std::uint64_t kCode = 0x100000;
constexpr std::uint64_t kStack = 0x110000;
constexpr std::uint16_t kPort = 0x5250;
constexpr auto kLoopTime = std::chrono::milliseconds(10);
constexpr int kLoops = 3;  // the best counts: the first run of a vCPU may be mostly its start
constexpr int kRoundTrips = 256;

Status start_at(Vcpu& vcpu, GuestMemory& memory, x86_64::Privilege privilege, std::span<const std::uint8_t> code) {
  if (!memory.write(Gpa(kCode), std::as_bytes(code))) return internal_error("calibration code lies outside memory");
  RS_TRY(x86_64::enter_long_mode(vcpu, memory, privilege));
  x86_64::Registers registers;
  registers.rip = kCode;
  registers.rsp = kStack;
  registers.rcx = ~std::uint64_t{0};
  registers.rdx = kPort;
  registers.rflags = x86_64::kFlagFixed;
  return vcpu.set_registers(registers);
}

Result<double> one_loop(Vcpu& vcpu, GuestMemory& memory, const Clock& clock, x86_64::Privilege privilege) {
  static constexpr std::uint8_t kLoop[] = {
      0x48, 0xff, 0xc9,  // dec rcx
      0x75, 0xfb,        // jnz back
  };
  RS_TRY(start_at(vcpu, memory, privilege, kLoop));
  std::jthread timer([&vcpu] {
    std::this_thread::sleep_for(kLoopTime);
    vcpu.kick();
  });
  const Nanoseconds begin = clock.now();
  const Stop stop = vcpu.run();
  const Nanoseconds took = clock.now() - begin;
  timer.join();
  if (!std::holds_alternative<InterruptedStop>(stop)) return host_error("calibration loop stopped: " + describe(stop));
  RS_ASSIGN(const x86_64::Registers after, vcpu.registers());
  const double rounds = static_cast<double>(~after.rcx);
  return 2 * rounds / std::chrono::duration<double>(took).count();
}

Result<double> instructions_per_second(Vcpu& vcpu, GuestMemory& memory, const Clock& clock,
                                       x86_64::Privilege privilege) {
  double best = 0;
  for (int i = 0; i < kLoops; ++i) {
    RS_ASSIGN(const double rate, one_loop(vcpu, memory, clock, privilege));
    best = std::max(best, rate);
  }
  return best;
}

Result<Nanoseconds> port_round_trip(Vcpu& vcpu, GuestMemory& memory, const Clock& clock) {
  static constexpr std::uint8_t kLoop[] = {
      0xef,        // out dx, eax
      0xeb, 0xfd,  // jmp back
  };
  RS_TRY(start_at(vcpu, memory, x86_64::Privilege::kernel, kLoop));
  const Nanoseconds begin = clock.now();
  for (int i = 0; i < kRoundTrips; ++i) {
    const Stop stop = vcpu.run();
    if (!std::holds_alternative<DoorbellStop>(stop)) return host_error("calibration port stopped: " + describe(stop));
  }
  return (clock.now() - begin) / kRoundTrips;
}

Result<bool> breakpoint_stops(Vcpu& vcpu, GuestMemory& memory) {
  static constexpr std::uint8_t kTwo[] = {
      0x90,  // nop
      0xef,  // out dx, eax
  };
  RS_TRY(start_at(vcpu, memory, x86_64::Privilege::kernel, kTwo));
  const Gva second[] = {Gva(kCode + 1)};
  RS_TRY(vcpu.set_breakpoints(second));
  const Stop stop = vcpu.run();
  RS_TRY(vcpu.set_breakpoints({}));
  if (std::holds_alternative<BreakpointStop>(stop)) return true;
  if (std::holds_alternative<DoorbellStop>(stop)) return false;
  return host_error("calibration breakpoint stopped: " + describe(stop));
}

}  // namespace

Result<Calibration> calibrate(const Kvm& kvm, const Clock& clock) {
  RS_ASSIGN(const auto memory, GuestMemory::create(kMinRamBytes));
  VmConfig config;
  config.interrupt_controller = false;
  Doorbell doorbell;
  RS_ASSIGN(const auto vm, Vm::create(kvm, *memory, config));
  RS_TRY(vm->pio().attach(kPort, Doorbell::kSize, "calibration port", doorbell));
  Vcpu& vcpu = vm->vcpu(0);
  Calibration result;
  RS_ASSIGN(result.kernel_instructions_per_second,
            instructions_per_second(vcpu, *memory, clock, x86_64::Privilege::kernel));
  RS_ASSIGN(result.user_instructions_per_second,
            instructions_per_second(vcpu, *memory, clock, x86_64::Privilege::user));
  RS_ASSIGN(result.port_round_trip, port_round_trip(vcpu, *memory, clock));
  RS_ASSIGN(result.breakpoints, breakpoint_stops(vcpu, *memory));
  result.kind = classify(result.kernel_instructions_per_second, result.user_instructions_per_second);
  return result;
}

}  // namespace remapstorm
