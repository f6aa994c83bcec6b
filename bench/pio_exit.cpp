// SPDX-License-Identifier: Apache-2.0
// Round trip of one port write: guest -> KVM -> us -> guest. Through Vcpu::run() with its Stop, and beside it the
// floor: the same guest under a bare loop of KVM_RUN ioctls.
#include <linux/kvm.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <span>
#include <vector>

#include "vmm/arch/x86_64/flags.h"
#include "vmm/arch/x86_64/long_mode.h"
#include "vmm/devices/doorbell.h"
#include "vmm/vm.h"

namespace remapstorm {
namespace {

constexpr std::uint64_t kCode = 0x100000;
constexpr std::uint16_t kPort = 0x5250;
constexpr std::size_t kRounds = 20000;
constexpr std::size_t kWarmUp = 500;

struct Machine {
  std::unique_ptr<GuestMemory> memory;
  Doorbell doorbell;
  std::unique_ptr<Vm> vm;
};

Result<std::unique_ptr<Machine>> make(const Kvm& kvm) {
  static constexpr std::uint8_t kLoop[] = {0xef, 0xeb, 0xfd};  // out dx, eax; jmp back
  auto machine = std::make_unique<Machine>();
  RS_ASSIGN(machine->memory, GuestMemory::create(kMinRamBytes));
  RS_ASSIGN(machine->vm, Vm::create(kvm, *machine->memory, VmConfig{}));
  RS_TRY(machine->vm->pio().attach(kPort, Doorbell::kSize, "doorbell", machine->doorbell));
  if (!machine->memory->write(Gpa(kCode), std::as_bytes(std::span(kLoop)))) return internal_error("code outside RAM");
  Vcpu& vcpu = machine->vm->vcpu(0);
  RS_TRY(x86_64::enter_long_mode(vcpu, *machine->memory));
  x86_64::Registers registers;
  registers.rip = kCode;
  registers.rdx = kPort;
  registers.rflags = x86_64::kFlagFixed;
  RS_TRY(vcpu.set_registers(registers));
  return machine;
}

struct Figures {
  double p50 = 0;
  double p99 = 0;
};

template <typename Once>
Result<Figures> measure(Once once) {
  std::vector<double> samples;
  samples.reserve(kRounds);
  for (std::size_t i = 0; i < kWarmUp + kRounds; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    if (!once()) return host_error("the guest stopped for something else than its port write");
    const auto took = std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin).count();
    if (i >= kWarmUp) samples.push_back(took);
  }
  std::sort(samples.begin(), samples.end());
  return Figures{samples[kRounds / 2], samples[kRounds * 99 / 100]};
}

Result<int> run() {
  RS_ASSIGN(const Kvm kvm, Kvm::open());
  RS_ASSIGN(const auto machine, make(kvm));
  Vcpu& vcpu = machine->vm->vcpu(0);

  // A second mapping of the same shared area: the floor needs only the exit reason.
  RS_ASSIGN(const Mapping area, Mapping::shared(Fd(::dup(vcpu.fd())), kvm.run_size(), "kvm_run"));
  const auto* shared = reinterpret_cast<const kvm_run*>(area.data());
  RS_ASSIGN(const Figures floor,
            measure([&] { return ::ioctl(vcpu.fd(), KVM_RUN, 0) == 0 && shared->exit_reason == KVM_EXIT_IO; }));
  RS_ASSIGN(const Figures run, measure([&] { return std::holds_alternative<DoorbellStop>(vcpu.run()); }));
  RS_ASSIGN(const Figures state,
            measure([&] { return std::holds_alternative<DoorbellStop>(vcpu.run()) && vcpu.state().ok(); }));
  std::printf("port write round trip, %zu rounds          p50 us    p99 us\n", kRounds);
  std::printf("floor: bare KVM_RUN loop                  %8.2f  %8.2f\n", floor.p50, floor.p99);
  std::printf("Vcpu::run() to DoorbellStop               %8.2f  %8.2f\n", run.p50, run.p99);
  std::printf("  and the vCPU's state read at each stop  %8.2f  %8.2f\n", state.p50, state.p99);
  return 0;
}

}  // namespace
}  // namespace remapstorm

int main() {
  const auto result = remapstorm::run();
  if (result.ok()) return *result;
  std::fprintf(stderr, "pio_exit: %s\n", result.error().message.c_str());
  if (!result.error().hint.empty()) std::fprintf(stderr, "hint: %s\n", result.error().hint.c_str());
  return 1;
}
