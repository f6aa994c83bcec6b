// SPDX-License-Identifier: Apache-2.0
#include "vmm/coalesced_writes.h"

#include <linux/kvm.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <span>

#include "base/syscall.h"

namespace remapstorm {
namespace {

// Not offsetof(coalesced_mmio): newer kernel headers declare that array behind an empty struct, which has a size in
// C++.
constexpr std::size_t kHeaderBytes = 2 * sizeof(std::uint32_t);

}  // namespace

CoalescedWrites::CoalescedWrites(const Kvm& kvm, int vm_fd, std::span<std::byte> run, Bus& pio, Bus& mmio)
    : vm_fd_(vm_fd), ports_(kvm.capability(KVM_CAP_COALESCED_PIO) > 0), pio_(pio), mmio_(mmio) {
  const int pages = kvm.capability(KVM_CAP_COALESCED_MMIO);  // from the beginning of the area
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  if (pages <= 0 || (static_cast<std::size_t>(pages) + 1) * page > run.size()) return;
  ring_ = reinterpret_cast<kvm_coalesced_mmio_ring*>(run.data() + static_cast<std::size_t>(pages) * page);
}

Status CoalescedWrites::add(const Bus& bus, std::uint64_t address, std::uint32_t size) {
  const bool port = &bus == &pio_;
  if (ring_ == nullptr || (port && !ports_)) return {};
  kvm_coalesced_mmio_zone zone = {};
  zone.addr = address;
  zone.size = size;
  zone.pio = port ? 1 : 0;
  RS_TRY(check_call(::ioctl(vm_fd_, KVM_REGISTER_COALESCED_MMIO, &zone), "KVM_REGISTER_COALESCED_MMIO"));
  return {};
}

void CoalescedWrites::discard() {
  if (ring_ == nullptr) return;
  const std::atomic_ref<std::uint32_t> last(ring_->last);
  std::atomic_ref<std::uint32_t>(ring_->first).store(last.load(std::memory_order_acquire), std::memory_order_release);
}

void CoalescedWrites::deliver() {
  if (ring_ == nullptr) return;
  // The first look is without the lock: most of the time there is nothing.
  const std::atomic_ref<std::uint32_t> last(ring_->last);
  std::atomic_ref<std::uint32_t> first(ring_->first);
  if (last.load(std::memory_order_acquire) == first.load(std::memory_order_acquire)) return;
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const auto entries = static_cast<std::uint32_t>((page - kHeaderBytes) / sizeof(kvm_coalesced_mmio));
  const auto* const written =
      reinterpret_cast<const kvm_coalesced_mmio*>(reinterpret_cast<std::byte*>(ring_) + kHeaderBytes);
  const std::lock_guard lock(mutex_);
  std::uint32_t at = first.load(std::memory_order_relaxed);
  // What comes meanwhile is for the next time: a guest that never stops writing must not keep anybody here.
  const std::uint32_t end = last.load(std::memory_order_acquire);
  while (at < entries && at != end) {
    const kvm_coalesced_mmio entry = written[at];
    const std::size_t size = std::min<std::size_t>(entry.len, sizeof(entry.data));
    Bus& bus = entry.pio != 0 ? pio_ : mmio_;
    // Registers that are added here stop nobody.
    static_cast<void>(bus.write(entry.phys_addr, std::span(entry.data).first(size)));
    at = (at + 1) % entries;
    first.store(at, std::memory_order_release);
  }
}

}  // namespace remapstorm
