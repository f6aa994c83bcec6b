// SPDX-License-Identifier: Apache-2.0
// Stream: writes the events of a made-up trial, as the runner would.
#pragma once

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "guest/abi/remapstorm_abi.h"
#include "telemetry/event.h"

namespace remapstorm {

inline constexpr Gva kLock{0xffffffff82000100};
inline constexpr Gva kUpdatePc{0xffffffff81300040};  // vmemmap_update_pte+0x40
inline constexpr Gva kFaultPc{0xffffffff81400020};   // rs_vmemmap_fault+0x20
inline constexpr std::uint64_t kEntry = 0xffff888001230000;
// Where an interrupt handler runs.
inline constexpr std::uint32_t kIrq = RS_CTX_HARDIRQ | RS_CTX_IRQS_OFF;
inline constexpr std::uint64_t kPage = 0xffffea0000400000;

inline Nanoseconds ms(double value) { return Nanoseconds(static_cast<std::int64_t>(value * 1e6)); }

class Stream {
 public:
  std::vector<Event> events;

  Stream& pass(double milliseconds) {
    now_ += ms(milliseconds);
    return *this;
  }
  [[nodiscard]] Nanoseconds now() const { return now_; }

  Stream& add(EventBody body, int vcpu = -1) {
    events.push_back({now_, std::nullopt, vcpu, std::move(body)});
    return *this;
  }
  // The guest's clock is 7 s ahead of the host's; each probe takes a microsecond.
  Stream& probe(int vcpu, std::uint16_t number, std::uint32_t context, std::array<std::uint64_t, 4> args,
                Gva pc = kUpdatePc) {
    now_ += Nanoseconds(1000);
    ProbeEvent probe;
    probe.probe = number;
    probe.sequence = ++sequence_[static_cast<std::size_t>(vcpu)];
    probe.pc = pc;
    probe.context = context;
    probe.args = args;
    events.push_back({now_, now_ + Nanoseconds(7'000'000'000), vcpu, probe});
    return *this;
  }
  Stream& milestone(LifecycleEvent::What what, std::string detail = {}) {
    return add(LifecycleEvent{what, std::move(detail)});
  }
  Stream& console(std::string line) { return add(ConsoleEvent{std::move(line)}); }

  Stream& begin() {
    add(PlanEvent{"{\"schema\":1}"});
    milestone(LifecycleEvent::What::boot).pass(10);
    milestone(LifecycleEvent::What::ready).pass(1);
    add(SymbolEvent{{kUpdatePc, "vmemmap_update_pte", 0x40}});
    return add(SymbolEvent{{kFaultPc, "rs_vmemmap_fault", 0x20}});
  }
  Stream& done() {
    pass(1).milestone(LifecycleEvent::What::done, "0");
    return milestone(LifecycleEvent::What::end);
  }

  Stream& want(int vcpu, std::uint32_t context, Gva pc, Gva lock = kLock) {
    return probe(vcpu, RS_PROBE_LOCK_WANT, context, {lock.value, RS_LOCK_INIT_MM_PAGE_TABLE, 0, 0}, pc);
  }
  Stream& got(int vcpu, std::uint32_t context, Gva pc, Gva lock = kLock) {
    return probe(vcpu, RS_PROBE_LOCK_GOT, context, {lock.value, RS_LOCK_INIT_MM_PAGE_TABLE, 0, 0}, pc);
  }
  Stream& drop(int vcpu, std::uint32_t context, Gva pc, Gva lock = kLock) {
    return probe(vcpu, RS_PROBE_LOCK_DROP, context, {lock.value, RS_LOCK_INIT_MM_PAGE_TABLE, 0, 0}, pc);
  }
  [[nodiscard]] Nanoseconds guest_now() const { return now_ + Nanoseconds(7'000'000'000); }
  // The updater takes the lock, clears the entry and opens a window.
  Stream& open(int vcpu = 0) {
    want(vcpu, RS_CTX_TASK, kUpdatePc).got(vcpu, RS_CTX_TASK | RS_CTX_PREEMPT_OFF, kUpdatePc);
    cleared_ = guest_now();
    return probe(vcpu, RS_PROBE_BBM_BREAK, RS_CTX_TASK | RS_CTX_PREEMPT_OFF | RS_CTX_IN_WINDOW,
                 {kPage, kEntry, 0x63, RS_LEVEL_PTE});
  }
  Stream& close(int vcpu = 0) {
    probe(vcpu, RS_PROBE_BBM_MAKE, RS_CTX_TASK | RS_CTX_PREEMPT_OFF, {kPage, kEntry, 0x61, RS_LEVEL_PTE});
    const auto cleared = static_cast<std::uint64_t>(cleared_.count()),
               set = static_cast<std::uint64_t>(guest_now().count());
    probe(vcpu, RS_PROBE_BBM_WINDOW, RS_CTX_TASK | RS_CTX_PREEMPT_OFF, {kPage, cleared, set, RS_LEVEL_PTE});
    return drop(vcpu, RS_CTX_TASK | RS_CTX_PREEMPT_OFF, kUpdatePc);
  }
  Stream& fire(const std::string& injector, std::uint32_t token, int target, Nanoseconds requested = Nanoseconds{0}) {
    HitEvent hit{injector + "-rule", 1, kUpdatePc, "bbm.break", {}};
    hit.disassembly = {{kUpdatePc, "ef", "out dx, eax", true}, {kUpdatePc + 1, "90", "nop", false}};
    add(hit, 0);
    ReceiptEvent receipt;
    receipt.rule = injector + "-rule";
    receipt.injector = injector;
    receipt.token = token;
    receipt.target_vcpu = target;
    receipt.detail = "msi";
    receipt.requested = requested;
    return add(receipt, 0);
  }
  Stream& ended(const std::string& injector, std::uint32_t token, int target, Nanoseconds requested,
                Nanoseconds measured) {
    ReceiptEvent receipt;
    receipt.rule = injector + "-rule";
    receipt.injector = injector;
    receipt.phase = ReceiptEvent::Phase::ended;
    receipt.token = token;
    receipt.target_vcpu = target;
    receipt.requested = requested;
    receipt.measured = measured;
    return add(receipt);
  }
  Stream& enter(int vcpu, std::uint32_t context, std::uint32_t token) {
    return probe(vcpu, RS_PROBE_INJECT_ENTER, context, {RS_KIND_MSI, token, kUpdatePc.value, 0},
                 Gva{0xffffffff81500000});
  }
  Stream& leave(int vcpu, std::uint32_t context, std::uint32_t token) {
    return probe(vcpu, RS_PROBE_INJECT_LEAVE, context, {RS_KIND_MSI, token, 0, 0}, Gva{0xffffffff81500000});
  }
  Stream& fault(int vcpu, std::uint32_t context) {
    probe(vcpu, RS_PROBE_FAULT_ENTER, context, {kPage, kUpdatePc.value, 0, 0}, kFaultPc);
    return want(vcpu, context, kFaultPc);
  }
  Stream& recover(int vcpu, std::uint32_t context) {
    got(vcpu, context, kFaultPc).drop(vcpu, context, kFaultPc);
    return probe(vcpu, RS_PROBE_FAULT_DONE, context, {kPage, kUpdatePc.value, 1, 0}, kFaultPc);
  }
  // A vCPU that spins in the fault handler, with the lock taken.
  static SampleEvent spinning(unsigned round, std::uint64_t cpu_time_ns) {
    SampleEvent sample;
    sample.reason = "suspected deadlock";
    sample.round = round;
    sample.pc = kFaultPc + 8;
    sample.flags = 0x46;
    sample.cpu_time_ns = cpu_time_ns;
    sample.backtrace = {{kFaultPc + 8, "rs_vmemmap_fault", 0x28},
                        {Gva{0xffffffff81410000}, "exc_page_fault", 0x60},
                        {kUpdatePc + 4, "vmemmap_update_pte", 0x44}};
    sample.disassembly = {{kFaultPc + 6, "f390", "pause", false}, {kFaultPc + 8, "8b07", "mov eax, [rdi]", true}};
    sample.lock_words = {{kLock, 1}};
    return sample;
  }
  Stream& sample(int vcpu, SampleEvent sample) { return add(std::move(sample), vcpu); }
  // The deadlock of irq-same-cpu up to the suspicion.
  Stream& self_cycle(std::uint32_t context = RS_CTX_HARDIRQ | RS_CTX_IRQS_OFF) {
    open().fire(RS_CTX_LEVEL(context) == RS_CTX_NMI ? "nmi" : "irq", 1, 0).pass(0.2);
    return enter(0, context, 1).fault(0, context);
  }
  Stream& two_looks() {
    sample(0, spinning(0, 10'000'000)).pass(50);
    return sample(0, spinning(1, 55'000'000));
  }

 private:
  Nanoseconds now_{0}, cleared_{0};
  std::array<std::uint64_t, RS_MAX_VCPUS> sequence_{};
};

}  // namespace remapstorm
