// SPDX-License-Identifier: Apache-2.0
#include "trial/runner.h"

#include <sys/utsname.h>

#include <fstream>
#include <utility>

#include "base/build_id.h"
#include "base/sha256.h"
#include "base/syscall.h"
#include "plan/command_line.h"
#include "plan/repeat.h"
#include "trial/own_kernel.h"
#include "trial/trial.h"
#include "vmm/arch/host.h"
#include "vmm/calibrate.h"
#include "vmm/vm.h"

namespace remapstorm {
namespace {

constexpr std::size_t kMostInitramfs = std::size_t{1} << 30;

std::string cpu_model() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    const std::size_t colon = line.find(": ");
    if (colon != std::string::npos && (line.starts_with("model name") || line.starts_with("CPU part"))) {
      return line.substr(colon + 2);
    }
  }
  return "unknown";
}

// The counter's rate is the host's; a throw-away vCPU tells it before any guest is built.
Result<std::uint64_t> counter_khz(const Kvm& kvm) {
  RS_ASSIGN(const auto memory, GuestMemory::create(kMinRamBytes));
  VmConfig config;
  RS_ASSIGN(const auto vm, Vm::create(kvm, *memory, config));
  RS_ASSIGN(const std::uint64_t hz, vm->vcpu(0).guest_counter_hz());
  return hz / 1000;
}

}  // namespace

Result<HostInfo> describe_host(const Kvm& kvm, const Clock& clock, const Environment& environment) {
  RS_ASSIGN(const Calibration calibration, calibrate(kvm, clock));
  HostInfo host;
  const std::optional<std::string> lab = environment("REMAPSTORM_LAB");
  host.kind = lab ? "lab:" + *lab : std::string(host_kind_name(calibration.kind));
  host.processors = environment("REMAPSTORM_LAB_PROCESSORS").value_or("");
  host.kvm = "KVM API 12";
  host.cpu = cpu_model();
  host.slowness = slowness_of(calibration.port_round_trip);
  host.port_round_trip = calibration.port_round_trip;
  host.breakpoints = calibration.breakpoints;
  host.line_begin = line_begin(environment);
  utsname names = {};
  if (::uname(&names) == 0) {
    host.kernel = names.release;
    host.architecture = names.machine;
  }
  return host;
}

Result<std::unique_ptr<Runner>> Runner::create(const Kvm& kvm, const GuestImageInfo& image, const KernelFiles& own,
                                               const HostInfo& host, const Clock& clock, const std::atomic<bool>& stop,
                                               const std::string& snapshots) {
  const bool of_image = own.image.empty();
  RS_ASSIGN(Kernel kernel, open_kernel(of_image ? KernelFiles{image.directory + "/vmlinux", ""} : own, kHostIsa));
  RS_ASSIGN(const std::uint64_t khz, counter_khz(kvm));
  std::unique_ptr<Runner> runner(new Runner(kvm, clock, stop, std::move(kernel)));
  runner->breakpoints_ = host.breakpoints;
  if (!host.processors.empty()) {
    RS_ASSIGN(runner->stolen_, StolenTime::of_threads(host.processors, clock));
  }
  runner->guest_ = describe_kernel(image, runner->kernel_);
  if (of_image && runner->guest_.vmlinux_sha256 != image.vmlinux_sha256) {
    runner->notes_.push_back(runner->kernel_.image.path() +
                             " is not the kernel that the image's manifest names: sha256 " +
                             runner->guest_.vmlinux_sha256 + "; results name what boots");
  }
  runner->initramfs_path_ = image.directory + "/initramfs.cpio";
  RS_ASSIGN(runner->initramfs_, Mapping::copy_of_file(runner->initramfs_path_, kMostInitramfs));
  runner->guest_.initramfs_sha256 = sha256_hex(runner->initramfs_.bytes());
  RS_ASSIGN(runner->guest_.cmdline_sha256, command_line_sha256(image.directory));
  RS_ASSIGN(runner->command_line_, command_line_of(image.directory, host_kind(host.kind), khz));
  if (!of_image) {
    // Symbols are the addresses that the kernel is linked for.
    runner->command_line_.base += " nokaslr";
    runner->notes_.push_back(own.image + ": symbols of " + runner->kernel_.symbols_of);
  }
  // Without the driver the agent rings from user mode. QEMU's emulation refuses port I/O there to a busy TSS
  // (helper_check_io), and busy is what KVM restores each one as: a general protection fault that is not the guest's.
  const bool restored_guests_ring = runner->guest_.has_driver || host.kind != "lab:x86";
  if (snapshots.empty() || !restored_guests_ring) return runner;
  BootIdentity common;
  common.kernel = runner->guest_.vmlinux_sha256;
  common.initramfs = runner->guest_.initramfs_sha256;
  common.host_kind = host.kind;
  common.host_cpu = host.cpu;
  common.host_kernel = host.kernel;
  common.program = build_id();
  runner->boots_.emplace(std::move(common), SnapshotStore(snapshots), khz,
                         [notes = &runner->notes_](const std::string& line) { notes->push_back(line); });
  return runner;
}

ResolveSymbol Runner::resolver() const {
  return [this](const std::string& name) {
    SymbolAnswer answer;
    answer.address = kernel_.symbols.find(name);
    if (answer.address) return answer;
    if (const std::string nearest = kernel_.symbols.nearest_to(name); !nearest.empty()) answer.near = {nearest};
    return answer;
  };
}

TrialResult Runner::run(const Plan& plan, std::uint64_t trial, const std::string& folder, std::vector<EventSink*> sinks,
                        const Watching& watching) {
  const Progress progress = watching.progress ? watching.progress : [](const char* /*phase*/, Nanoseconds /*since*/) {};
  TrialResult result = keep_trial(
      plan, trial, folder, std::move(sinks), watching, clock_,
      [&](std::vector<EventSink*> all) { return run_trial(environment(), plan, trial, std::move(all), progress); });
  for (const std::string& note : std::exchange(notes_, {})) {
    if (watching.note) watching.note(note);
  }
  return result;
}

}  // namespace remapstorm
