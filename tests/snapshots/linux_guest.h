// SPDX-License-Identifier: Apache-2.0
// A machine with the real guest image, driven from doorbell to doorbell.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "link/mailbox.h"
#include "vmm/kvm.h"
#include "vmm/platform.h"
#include "vmm/snapshot.h"

namespace remapstorm {

// The image that REMAPSTORM_IMAGE_STD names. Aborts without it: a test that could not run is no pass.
std::string guest_image();

// What this architecture's hosts have: KVM on arm64 has no dirty ring that sees every write.
#if defined(__aarch64__)
inline constexpr std::array kTrackings = {DirtyTracking::log};
inline constexpr const char* kClockSource = "arch_sys_counter";
#else
inline constexpr std::array kTrackings = {DirtyTracking::log, DirtyTracking::ring};
inline constexpr const char* kClockSource = "tsc";
#endif

class LinuxGuest {
 public:
  static constexpr std::uint64_t kMemory = 128 << 20;
  // An empty machine with mailbox and devices; nothing is loaded.
  explicit LinuxGuest(unsigned cpus, DirtyTracking tracking = DirtyTracking::automatic);

  // Loads kernel and initramfs and runs to the READY doorbell. `words`: more for the kernel's command line.
  void boot(const std::string& words = {});
  void set_workload(const std::string& text);
  // Runs all vCPUs until one rings `op`; nothing if that did not happen within `seconds` (of time that the host gave
  // the guest; on the clock, if less than one). The operand of the doorbell.
  std::optional<std::uint32_t> run_to(std::uint32_t op, double seconds = 60);
  // Runs vCPU 0 alone until it stops for anything but a kick.
  Stop run_first();

  Kvm& kvm() { return *kvm_; }
  Vm& vm() { return *vm_; }
  Platform& platform() { return *platform_; }
  GuestMemory& memory() { return *memory_; }
  Mailbox& mailbox() { return *mailbox_; }
  // What the guest said, and why run_to() gave up.
  [[nodiscard]] std::string story() const;

 private:
  unsigned cpus_;
  std::unique_ptr<Kvm> kvm_;
  std::unique_ptr<GuestMemory> memory_;
  std::unique_ptr<Vm> vm_;
  std::unique_ptr<Platform> platform_;
  std::unique_ptr<Mailbox> mailbox_;
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

// Numbers of vCPUs to try: those that REMAPSTORM_CPUS lists ("1,3,8"), or 1, 2 and 4.
std::vector<unsigned> numbers_of_cpus();

// Something to do for each vCPU; vCPU 0 remaps vmemmap, `repeat` times.
std::string work_for(unsigned cpus, unsigned repeat);

// A guest with that many vCPUs at its READY doorbell; booted once.
const Snapshot& ready_guest(unsigned cpus);

std::string text_of(const std::vector<Difference>& differences);

template <typename T>
T must(Result<T> result) {
  if (!result.ok()) {
    std::fprintf(stderr, "FAILED: %s %s\n", result.error().message.c_str(), result.error().hint.c_str());
    std::abort();
  }
  return std::move(result).value();
}
inline void must(const Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "FAILED: %s %s\n", status.error().message.c_str(), status.error().hint.c_str());
  std::abort();
}

}  // namespace remapstorm
