// SPDX-License-Identifier: Apache-2.0
// KVM_GET/SET_REGS, _SREGS, _MSRS (KVM api.rst 4.11 - 4.19).
#include <linux/kvm.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <cstdio>
#include <string>

#include "base/syscall.h"
#include "vmm/arch/host_kvm.h"
#include "vmm/arch/x86_64/flags.h"
#include "vmm/arch/x86_64/kvm/ioctl_numbers.h"
#include "vmm/arch/x86_64/kvm/msr.h"

namespace remapstorm::host_kvm {
namespace {

x86_64::Segment from_kvm(const kvm_segment& s) {
  x86_64::Segment out;
  out.base = s.base;
  out.limit = s.limit;
  out.selector = s.selector;
  out.type = s.type;
  out.present = s.present != 0;
  out.dpl = s.dpl;
  out.db = s.db != 0;
  out.s = s.s != 0;
  out.l = s.l != 0;
  out.g = s.g != 0;
  out.avl = s.avl != 0;
  out.unusable = s.unusable != 0;
  return out;
}

kvm_segment to_kvm(const x86_64::Segment& s) {
  kvm_segment out = {};
  out.base = s.base;
  out.limit = s.limit;
  out.selector = s.selector;
  out.type = s.type;
  out.present = s.present;
  out.dpl = s.dpl;
  out.db = s.db;
  out.s = s.s;
  out.l = s.l;
  out.g = s.g;
  out.avl = s.avl;
  out.unusable = s.unusable;
  return out;
}

}  // namespace

Result<arch::Registers> registers(int vcpu_fd) {
  kvm_regs r = {};
  RS_TRY(check_call(::ioctl(vcpu_fd, KVM_GET_REGS, &r), "KVM_GET_REGS"));
  return x86_64::Registers{r.rax, r.rbx, r.rcx, r.rdx, r.rsi, r.rdi, r.rsp, r.rbp, r.r8,
                           r.r9,  r.r10, r.r11, r.r12, r.r13, r.r14, r.r15, r.rip, r.rflags};
}

Status set_registers(int vcpu_fd, const arch::Registers& in) {
  kvm_regs r = {};
  r.rax = in.rax, r.rbx = in.rbx, r.rcx = in.rcx, r.rdx = in.rdx;
  r.rsi = in.rsi, r.rdi = in.rdi, r.rsp = in.rsp, r.rbp = in.rbp;
  r.r8 = in.r8, r.r9 = in.r9, r.r10 = in.r10, r.r11 = in.r11;
  r.r12 = in.r12, r.r13 = in.r13, r.r14 = in.r14, r.r15 = in.r15;
  r.rip = in.rip, r.rflags = in.rflags;
  RS_TRY(check_call(::ioctl(vcpu_fd, KVM_SET_REGS, &r), "KVM_SET_REGS"));
  return {};
}

Result<arch::SystemRegisters> system_registers(int vcpu_fd) {
  kvm_sregs s = {};
  RS_TRY(check_call(::ioctl(vcpu_fd, KVM_GET_SREGS, &s), "KVM_GET_SREGS"));
  x86_64::SystemRegisters out;
  out.cs = from_kvm(s.cs), out.ds = from_kvm(s.ds), out.es = from_kvm(s.es), out.fs = from_kvm(s.fs);
  out.gs = from_kvm(s.gs), out.ss = from_kvm(s.ss), out.tr = from_kvm(s.tr), out.ldt = from_kvm(s.ldt);
  out.gdt = {s.gdt.base, s.gdt.limit}, out.idt = {s.idt.base, s.idt.limit};
  out.cr0 = s.cr0, out.cr2 = s.cr2, out.cr3 = s.cr3, out.cr4 = s.cr4, out.cr8 = s.cr8;
  out.efer = s.efer, out.apic_base = s.apic_base;
  std::copy(std::begin(s.interrupt_bitmap), std::end(s.interrupt_bitmap), out.interrupt_bitmap.begin());
  return out;
}

Status set_system_registers(int vcpu_fd, const arch::SystemRegisters& in) {
  kvm_sregs s = {};
  s.cs = to_kvm(in.cs), s.ds = to_kvm(in.ds), s.es = to_kvm(in.es), s.fs = to_kvm(in.fs);
  s.gs = to_kvm(in.gs), s.ss = to_kvm(in.ss), s.tr = to_kvm(in.tr), s.ldt = to_kvm(in.ldt);
  s.gdt.base = in.gdt.base, s.gdt.limit = in.gdt.limit, s.idt.base = in.idt.base, s.idt.limit = in.idt.limit;
  s.cr0 = in.cr0, s.cr2 = in.cr2, s.cr3 = in.cr3, s.cr4 = in.cr4, s.cr8 = in.cr8;
  s.efer = in.efer, s.apic_base = in.apic_base;
  std::copy(in.interrupt_bitmap.begin(), in.interrupt_bitmap.end(), std::begin(s.interrupt_bitmap));
  RS_TRY(check_call(::ioctl(vcpu_fd, KVM_SET_SREGS, &s), "KVM_SET_SREGS"));
  return {};
}

namespace {

// struct kvm_msrs with one entry: it ends in a flexible array, which C++ cannot extend.
struct OneMsr {
  std::uint32_t count = 1;
  std::uint32_t pad = 0;
  kvm_msr_entry entry = {};
};

std::string msr_name(std::uint32_t index) {
  char buffer[16];
  std::snprintf(buffer, sizeof(buffer), "0x%x", index);
  return buffer;
}

}  // namespace

Result<std::uint64_t> msr(int vcpu_fd, std::uint32_t index) {
  OneMsr one;
  one.entry.index = index;
  RS_ASSIGN(const int done, check_call(::ioctl(vcpu_fd, kGetMsrs, &one), "KVM_GET_MSRS", msr_name(index)));
  if (done != 1) return host_error("KVM_GET_MSRS(" + msr_name(index) + "): this KVM does not know the MSR");
  return std::uint64_t{one.entry.data};
}

Status set_msr(int vcpu_fd, std::uint32_t index, std::uint64_t value) {
  OneMsr one;
  one.entry.index = index;
  one.entry.data = value;
  RS_ASSIGN(const int done, check_call(::ioctl(vcpu_fd, kSetMsrs, &one), "KVM_SET_MSRS", msr_name(index)));
  if (done != 1) return host_error("KVM_SET_MSRS(" + msr_name(index) + "): refused");
  return {};
}

Result<CpuState> state(int vcpu_fd) {
  RS_ASSIGN(const x86_64::Registers regs, registers(vcpu_fd));
  RS_ASSIGN(const x86_64::SystemRegisters sregs, system_registers(vcpu_fd));
  kvm_mp_state mp = {};
  // Refused without an in-kernel interrupt controller; then the vCPU always runs.
  const bool has_mp_state = ::ioctl(vcpu_fd, KVM_GET_MP_STATE, &mp) == 0;
  CpuState out;
  out.pc = Gva(regs.rip);
  out.sp = Gva(regs.rsp);
  out.frame_pointer = Gva(regs.rbp);
  out.flags = regs.rflags;
  out.interrupts_enabled = (regs.rflags & x86_64::kFlagInterrupt) != 0;
  out.user_mode = (sregs.cs.selector & 3) == 3;
  out.halted = has_mp_state && mp.mp_state != KVM_MP_STATE_RUNNABLE;
  out.space.paging = (sregs.cr0 & x86_64::kCr0Paging) != 0;
  out.space.root = out.space.user_root = Gpa(sregs.cr3 & x86_64::kCr3AddressMask);
  out.space.levels = (sregs.cr4 & x86_64::kCr4Levels5) != 0 ? 5 : 4;
  return out;
}

std::optional<bool> interrupts_enabled(const CpuState& by_flags, const VcpuFds& /*vcpu*/) {
  return by_flags.interrupts_enabled;
}

bool waits_unsaid(const CpuState& /*state*/, const GuestMemory& /*memory*/) { return false; }

Result<bool> nmi_waits(int vcpu_fd) {
  kvm_vcpu_events events = {};
  RS_TRY(check_call(::ioctl(vcpu_fd, KVM_GET_VCPU_EVENTS, &events), "KVM_GET_VCPU_EVENTS"));
  return events.nmi.pending != 0 && events.nmi.masked == 0;
}

Result<std::uint64_t> guest_counter(int vcpu_fd) { return msr(vcpu_fd, x86_64::kMsrTsc); }

Result<bool> hold_timer(int /*vcpu_fd*/) { return false; }
Status release_timer(int /*vcpu_fd*/) { return {}; }

Result<std::uint64_t> guest_counter_hz(int vcpu_fd) {
  RS_ASSIGN(const int khz, check_call(::ioctl(vcpu_fd, KVM_GET_TSC_KHZ, 0), "KVM_GET_TSC_KHZ"));
  return std::uint64_t{static_cast<unsigned>(khz)} * 1000;
}

}  // namespace remapstorm::host_kvm
