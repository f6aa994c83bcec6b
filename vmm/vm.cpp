// SPDX-License-Identifier: Apache-2.0
#include "vmm/vm.h"

#include <linux/kvm.h>
#include <sys/ioctl.h>

#include <bit>
#include <optional>

#include "base/syscall.h"
#include "vmm/arch/host_kvm.h"

namespace remapstorm {

Vm::Vm(Fd fd, GuestMemory& memory) : fd_(std::move(fd)), memory_(memory), pio_("port I/O"), mmio_("MMIO") {}
Vm::~Vm() = default;

Result<std::unique_ptr<Vm>> Vm::create(const Kvm& kvm, GuestMemory& memory, const VmConfig& config) {
  if (config.vcpus < 1 || config.vcpus > kMaxVcpus) {
    return usage_error("a machine of " + std::to_string(config.vcpus) + " vCPUs: 1 to " + std::to_string(kMaxVcpus) +
                       " are possible");
  }
  RS_TRY(kvm.check_required());
  if (config.vcpus > kvm.max_vcpus()) {
    return unavailable_error("this KVM allows " + std::to_string(kvm.max_vcpus()) + " vCPUs, " +
                             std::to_string(config.vcpus) + " were asked for");
  }
  Fd fd;
  do {
    fd = Fd(::ioctl(kvm.fd(), KVM_CREATE_VM, 0));
  } while (!fd.valid() && errno == EINTR);
  if (!fd.valid()) return errno_error("KVM_CREATE_VM", "", errno, ErrorKind::unavailable);

  std::unique_ptr<Vm> vm(new Vm(std::move(fd), memory));
  RS_TRY(vm->settle_dirty_tracking(kvm, config));
  RS_TRY(vm->add_memory_slots());
  RS_ASSIGN(vm->interrupt_controller_, host_kvm::prepare_vm(kvm, vm->fd(), config));
  for (unsigned i = 0; i < config.vcpus; ++i) {
    RS_TRY(vm->add_vcpu(kvm, i, config));
    vm->vcpu_fds_.push_back(vm->vcpu(i).fd());
  }
  RS_TRY(host_kvm::finish_vm(vm->fds()));
  RS_ASSIGN(vm->state_plan_, host_kvm::plan_state(kvm, vm->vcpu_fds_.front(), config));
  return vm;
}

Status Vm::settle_dirty_tracking(const Kvm& kvm, const VmConfig& config) {
  RS_ASSIGN(dirty_tracking_,
            choose_tracking(config.dirty_tracking, dirty_ring_capability(kvm), host_kvm::shadow_paging()));
  if (dirty_tracking_ == DirtyTracking::log) return {};
  if (!std::has_single_bit(config.dirty_ring_entries) || config.dirty_ring_entries < DirtyRing::kFewestEntries) {
    return usage_error("dirty rings of " + std::to_string(config.dirty_ring_entries) +
                       " entries: a power of two from " + std::to_string(DirtyRing::kFewestEntries) +
                       " on is possible");
  }
  return enable_dirty_rings(kvm, fd_.get(), config.dirty_ring_entries);
}

Status Vm::add_memory_slots() {
  std::uint32_t slot = 0;
  for (const auto& region : memory_.regions()) {
    kvm_userspace_memory_region memslot = {};
    memslot.slot = slot++;
    memslot.guest_phys_addr = region->base.value;
    memslot.memory_size = region->size();
    memslot.userspace_addr = reinterpret_cast<std::uintptr_t>(region->guest_mapping.data());
    RS_TRY(check_call(::ioctl(fd_.get(), KVM_SET_USER_MEMORY_REGION, &memslot), "KVM_SET_USER_MEMORY_REGION",
                      region->name));
  }
  return {};
}

Status Vm::add_vcpu(const Kvm& kvm, unsigned index, const VmConfig& config) {
  const std::string name = "vcpu " + std::to_string(index);
  Fd fd(::ioctl(fd_.get(), KVM_CREATE_VCPU, static_cast<unsigned long>(index)));
  if (!fd.valid()) return errno_error("KVM_CREATE_VCPU", name, errno);
  RS_ASSIGN(Mapping run, Mapping::shared(fd, kvm.run_size(), "kvm_run of " + name));
  RS_TRY(host_kvm::prepare_vcpu(kvm, fd_.get(), fd.get(), index, config));
  host_kvm::share_registers(kvm, *reinterpret_cast<kvm_run*>(run.data()));
  if (coalesced_writes_ == nullptr) {
    coalesced_writes_ = std::make_unique<CoalescedWrites>(kvm, fd_.get(), run.bytes(), pio_, mmio_);
  }
  std::optional<DirtyRing> ring;
  if (dirty_tracking_ == DirtyTracking::ring) {
    RS_ASSIGN(Mapping entries, Mapping::shared(fd, std::size_t{config.dirty_ring_entries} * sizeof(kvm_dirty_gfn),
                                               "dirty ring of " + name, KVM_DIRTY_LOG_PAGE_OFFSET * kGuestPageSize));
    ring.emplace(std::move(entries));
  }
  vcpus_.emplace_back(new Vcpu({-1, index, interrupt_controller_.get()}, fd_.get(), std::move(fd), std::move(run),
                               std::move(ring), memory_, pio_, mmio_, *coalesced_writes_));
  return {};
}

Status Vm::irq_line(std::uint32_t line, LineLevel level) {
  kvm_irq_level argument = {};
  argument.irq = line;
  argument.level = level == LineLevel::high ? 1 : 0;
  RS_TRY(check_call(::ioctl(fd_.get(), KVM_IRQ_LINE, &argument), "KVM_IRQ_LINE", "line " + std::to_string(line)));
  return {};
}

Status Vm::irq_pulse(std::uint32_t line) {
  RS_TRY(irq_line(line, LineLevel::high));
  return irq_line(line, LineLevel::low);
}

Status Vm::set_counter(std::uint64_t value) { return host_kvm::set_counter(fds(), value); }

Status Vm::signal_msi(std::uint64_t address, std::uint32_t data) {
  kvm_msi msi = {};
  msi.address_lo = static_cast<std::uint32_t>(address);
  msi.address_hi = static_cast<std::uint32_t>(address >> 32);
  msi.data = data;
  RS_ASSIGN(const int delivered, check_call(::ioctl(fd_.get(), KVM_SIGNAL_MSI, &msi), "KVM_SIGNAL_MSI",
                                            "vector " + std::to_string(data & 0xff)));
  if (delivered == 0) {
    return host_error("no vCPU accepted MSI vector " + std::to_string(data & 0xff),
                      "its local interrupt controller is off, or nobody has that APIC id");
  }
  return {};
}

}  // namespace remapstorm
