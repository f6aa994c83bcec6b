// SPDX-License-Identifier: Apache-2.0
// CoalescedWrites: writes to a device that KVM keeps in a ring instead of leaving KVM_RUN for each (KVM api.rst, 4.116,
// KVM_REGISTER_COALESCED_MMIO). For registers whose writes nobody must answer at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>

#include "base/result.h"
#include "vmm/bus.h"
#include "vmm/kvm.h"

struct kvm_coalesced_mmio_ring;

namespace remapstorm {

class CoalescedWrites {
 public:
  // `run`: the shared area of a vCPU, with the ring in it if this KVM has one. All must outlive this.
  CoalescedWrites(const Kvm& kvm, int vm_fd, std::span<std::byte> run, Bus& pio, Bus& mmio);

  // From now on writes of at most `size` bytes inside [address, address + size) of `bus` may come late: with the next
  // deliver(). Without a ring nothing changes. Errors: host.
  Status add(const Bus& bus, std::uint64_t address, std::uint32_t size);

  // Gives the devices what is in the ring, in the guest's order. Any thread, at any time; a device's callbacks are
  // called. Whoever comes out of Vcpu::run() has done this.
  void deliver();
  // Forgets what is in the ring: with the guest's state goes what it had written. While no vCPU runs and nobody is in
  // deliver(). (Completing a repeated port instruction may have put something in.)
  void discard();

 private:
  int vm_fd_;
  kvm_coalesced_mmio_ring* ring_ = nullptr;
  bool ports_ = false;  // of port I/O, too
  Bus& pio_;
  Bus& mmio_;
  std::mutex mutex_;  // of the reader's end of the ring
};

}  // namespace remapstorm
