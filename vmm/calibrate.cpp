// SPDX-License-Identifier: Apache-2.0
#include "vmm/calibrate.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <thread>

#include "vmm/calibration_guest.h"

namespace remapstorm {
namespace {

using host_kvm::CalibrationCode;

constexpr auto kLoopTime = std::chrono::milliseconds(10);
constexpr int kLoops = 3;  // the best counts: the first run of a vCPU may be mostly its start
constexpr int kRoundTrips = 256;

Result<double> one_loop(Vcpu& vcpu, GuestMemory& memory, const Clock& clock, CalibrationCode code) {
  RS_TRY(host_kvm::start_calibration(vcpu, memory, code));
  std::jthread timer([&vcpu] {
    std::this_thread::sleep_for(kLoopTime);
    vcpu.kick();
  });
  const Nanoseconds begin = clock.now();
  const Stop stop = vcpu.run();
  const Nanoseconds took = clock.now() - begin;
  timer.join();
  if (!std::holds_alternative<InterruptedStop>(stop)) return host_error("calibration loop stopped: " + describe(stop));
  RS_ASSIGN(const std::uint64_t rounds, host_kvm::calibration_rounds(vcpu));
  return 2 * static_cast<double>(rounds) / std::chrono::duration<double>(took).count();
}

Result<double> instructions_per_second(Vcpu& vcpu, GuestMemory& memory, const Clock& clock, CalibrationCode code) {
  double best = 0;
  for (int i = 0; i < kLoops; ++i) {
    RS_ASSIGN(const double rate, one_loop(vcpu, memory, clock, code));
    best = std::max(best, rate);
  }
  return best;
}

Result<Nanoseconds> round_trip(Vcpu& vcpu, GuestMemory& memory, const Clock& clock) {
  RS_TRY(host_kvm::start_calibration(vcpu, memory, CalibrationCode::ring));
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
  RS_TRY(host_kvm::start_calibration(vcpu, memory, CalibrationCode::two));
  const Gva second[] = {host_kvm::second_instruction()};
  RS_TRY(vcpu.set_breakpoints(second));
  const Stop stop = vcpu.run();
  RS_TRY(vcpu.set_breakpoints({}));
  if (std::holds_alternative<BreakpointStop>(stop)) return true;
  if (std::holds_alternative<DoorbellStop>(stop)) return false;
  return host_error("calibration breakpoint stopped: " + describe(stop));
}

}  // namespace

HostKind classify(double kernel_instructions_per_second, double user_instructions_per_second) {
  constexpr double kRatio = 20;
  return kernel_instructions_per_second * kRatio < user_instructions_per_second ? HostKind::interpreting
                                                                                : HostKind::hardware;
}

Result<Calibration> calibrate(const Kvm& kvm, const Clock& clock) {
  RS_ASSIGN(const auto memory, GuestMemory::create(kMinRamBytes));
  VmConfig config;
  config.interrupt_controller = false;
  Doorbell doorbell;
  RS_ASSIGN(const auto vm, Vm::create(kvm, *memory, config));
  RS_TRY(host_kvm::attach_calibration_doorbell(*vm, doorbell));
  Vcpu& vcpu = vm->vcpu(0);
  Calibration result;
  RS_ASSIGN(result.kernel_instructions_per_second,
            instructions_per_second(vcpu, *memory, clock, CalibrationCode::count));
  RS_ASSIGN(result.user_instructions_per_second,
            instructions_per_second(vcpu, *memory, clock, CalibrationCode::count_in_user_mode));
  RS_ASSIGN(result.port_round_trip, round_trip(vcpu, *memory, clock));
  RS_ASSIGN(result.breakpoints, breakpoint_stops(vcpu, *memory));
  result.kind = classify(result.kernel_instructions_per_second, result.user_instructions_per_second);
  return result;
}

}  // namespace remapstorm
