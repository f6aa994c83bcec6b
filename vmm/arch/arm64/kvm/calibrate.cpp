// SPDX-License-Identifier: Apache-2.0
#include "vmm/calibrate.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <span>
#include <thread>

#include "vmm/arch/arm64/boot.h"
#include "vmm/devices/doorbell.h"
#include "vmm/vm.h"

namespace remapstorm {
namespace {

constexpr std::uint64_t kCode = arm64::kRamBase + 0x100000;
constexpr std::uint64_t kDoor = 0xcf000000;
constexpr auto kLoopTime = std::chrono::milliseconds(10);
constexpr int kLoops = 3;  // the best counts: the first run of a vCPU may be mostly its start
constexpr int kRoundTrips = 256;
constexpr std::uint64_t kMasked = arm64::kPstateD | arm64::kPstateA | arm64::kPstateI | arm64::kPstateF;
constexpr std::uint64_t kKernel = arm64::kPstateEl1h | kMasked, kUser = arm64::kPstateEl0t | kMasked;

// With the MMU off: addresses are guest-physical ones.
Status start_at(Vcpu& vcpu, GuestMemory& memory, std::uint64_t pstate, std::span<const std::uint32_t> code) {
  if (!memory.write(Gpa(kCode), std::as_bytes(code))) return internal_error("calibration code lies outside memory");
  arm64::Registers registers;
  registers.pc = kCode;
  registers.x[0] = ~std::uint64_t{0};
  registers.x[1] = kDoor;
  registers.pstate = pstate;
  return vcpu.set_registers(registers);
}

Result<double> one_loop(Vcpu& vcpu, GuestMemory& memory, const Clock& clock, std::uint64_t pstate) {
  static constexpr std::uint32_t kLoop[] = {
      0xd1000400,  // sub x0, x0, #1
      0xb5ffffe0,  // cbnz x0, back
  };
  RS_TRY(start_at(vcpu, memory, pstate, kLoop));
  std::jthread timer([&vcpu] {
    std::this_thread::sleep_for(kLoopTime);
    vcpu.kick();
  });
  const Nanoseconds begin = clock.now();
  const Stop stop = vcpu.run();
  const Nanoseconds took = clock.now() - begin;
  timer.join();
  if (!std::holds_alternative<InterruptedStop>(stop)) return host_error("calibration loop stopped: " + describe(stop));
  RS_ASSIGN(const arm64::Registers after, vcpu.registers());
  const double rounds = static_cast<double>(~after.x[0]);
  return 2 * rounds / std::chrono::duration<double>(took).count();
}

Result<double> instructions_per_second(Vcpu& vcpu, GuestMemory& memory, const Clock& clock, std::uint64_t pstate) {
  double best = 0;
  for (int i = 0; i < kLoops; ++i) {
    RS_ASSIGN(const double rate, one_loop(vcpu, memory, clock, pstate));
    best = std::max(best, rate);
  }
  return best;
}

Result<Nanoseconds> port_round_trip(Vcpu& vcpu, GuestMemory& memory, const Clock& clock) {
  static constexpr std::uint32_t kLoop[] = {
      0xb9000020,  // str w0, [x1]
      0x17ffffff,  // b back
  };
  RS_TRY(start_at(vcpu, memory, kKernel, kLoop));
  const Nanoseconds begin = clock.now();
  for (int i = 0; i < kRoundTrips; ++i) {
    const Stop stop = vcpu.run();
    if (!std::holds_alternative<DoorbellStop>(stop)) {
      return host_error("calibration doorbell stopped: " + describe(stop));
    }
  }
  return (clock.now() - begin) / kRoundTrips;
}

Result<bool> breakpoint_stops(Vcpu& vcpu, GuestMemory& memory) {
  static constexpr std::uint32_t kTwo[] = {
      0xd503201f,  // nop
      0xb9000020,  // str w0, [x1]
  };
  RS_TRY(start_at(vcpu, memory, kKernel, kTwo));
  const Gva second[] = {Gva(kCode + 4)};
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
  RS_TRY(vm->mmio().attach(kDoor, Doorbell::kSize, "calibration doorbell", doorbell));
  Vcpu& vcpu = vm->vcpu(0);
  Calibration result;
  RS_ASSIGN(result.kernel_instructions_per_second, instructions_per_second(vcpu, *memory, clock, kKernel));
  RS_ASSIGN(result.user_instructions_per_second, instructions_per_second(vcpu, *memory, clock, kUser));
  RS_ASSIGN(result.port_round_trip, port_round_trip(vcpu, *memory, clock));
  RS_ASSIGN(result.breakpoints, breakpoint_stops(vcpu, *memory));
  result.kind = classify(result.kernel_instructions_per_second, result.user_instructions_per_second);
  return result;
}

}  // namespace remapstorm
