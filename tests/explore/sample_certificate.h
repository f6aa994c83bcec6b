// SPDX-License-Identifier: Apache-2.0
// A made-up certificate: two functions, a loop, a stretch with interrupts off.
#pragma once

#include "results/certificate.h"

namespace remapstorm {

inline Boundary boundary_at(const char* symbol, std::uint64_t offset, bool interrupts_on, const char* text,
                            std::uint64_t visit = 1) {
  Boundary one;
  one.pc = Gva(0xffffffff81000000 + offset + (symbol[0] == 'r' ? 0x1000 : 0));
  one.symbol = symbol;
  one.offset = offset;
  one.visit = visit;
  one.interrupts_on = interrupts_on;
  one.entry = EntryState::clear;
  one.code = symbol[0] == 'r' ? CodeOwner::harness : CodeOwner::strategy;
  one.text = text;
  one.bytes = "90";
  return one;
}

inline Certificate sample_certificate() {
  Certificate c;
  c.window = "bbm-pte";
  c.kind = WindowKind::absent;
  c.window_opens = "the store that clears the PTE";
  c.window_closes = "the store that sets the PTE";
  c.strategy = "bbm-fault";
  c.flavour = "std";
  c.injections = {"irq", "nmi"};
  c.injection_notes = {"MSI to the vCPU in the window; its handler reads the struct page under remap",
                       "NMI to the vCPU in the window; its handler reads the struct page under remap"};
  c.workloads = {"0:hugetlb-grow,pages=1"};
  c.cpus = 2;
  c.memory = 128ULL << 20;
  c.guest.kernel_version = "6.12.117";
  c.guest.vmlinux_sha256 = std::string(64, 'a');
  c.guest.config_sha256 = std::string(64, 'b');
  c.guest.series_sha256 = std::string(64, 'c');
  c.guest.initramfs_sha256 = std::string(64, 'd');
  c.host = {"kvm-interpreting", "KVM API 12", "6.1.0", "Some CPU @ 2.0 GHz", "x86_64"};
  c.harness = "0.1.0";
  c.harness_build = "0123456789abcdef0123456789abcdef01234567";
  c.made_at = "2026-11-23T04:00:00Z";
  c.repeat = "remapstorm explore bbm-pte --inject irq,nmi --strategy bbm-fault";
  c.took = Nanoseconds(61'000'000'000);
  c.boundaries = {
      boundary_at("vmemmap_update_pte", 0x40, true, "mov rdi, r12"),
      boundary_at("vmemmap_update_pte", 0x43, true, "call 0xffffffff81001000 <rs_log>"),
      boundary_at("rs_log", 0x0, true, "pushfq"),
      boundary_at("rs_log", 0x1, false, "mov qword ptr [rax + 8], rdx"),
      boundary_at("rs_log", 0x8, false, "jne 0xffffffff81001001"),
      boundary_at("rs_log", 0x1, false, "mov qword ptr [rax + 8], rdx", 2),
      boundary_at("rs_log", 0xa, true, "ret"),
  };
  for (std::size_t i = 0; i < c.boundaries.size(); ++i) {
    c.boundaries[i].steps = i;
    for (const std::string& inject : c.injections) {
      const std::size_t at = inject == "irq" && !c.boundaries[i].interrupts_on ? 6 : i;
      ExploredTrial trial;
      trial.boundary = i;
      trial.inject = inject;
      trial.verdict = Verdict::deadlock;
      trial.taken = {{c.boundaries[at].pc, c.boundaries[at].symbol, c.boundaries[at].offset, at,
                      inject == "irq" ? "hardirq" : "nmi", true}};
      trial.reason =
          "vCPU 0 waits in " + trial.taken[0].context + " context for init_mm.page_table_lock, which it holds itself";
      trial.fingerprint = "rs_vmemmap_fault:exc_page_fault";
      trial.duration = Nanoseconds(12'000'000);
      trial.repeat = c.repeat + " --at " + std::to_string(i);
      c.trials.push_back(std::move(trial));
    }
  }
  return c;
}

}  // namespace remapstorm
