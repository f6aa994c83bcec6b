// SPDX-License-Identifier: Apache-2.0
#include "vmm/arch/x86_64/long_mode.h"

#include <span>

#include "base/check.h"
#include "vmm/arch/x86_64/boot_layout.h"
#include "vmm/arch/x86_64/flags.h"
#include "vmm/arch/x86_64/paging.h"

namespace remapstorm::x86_64 {

Status enter_long_mode(Vcpu& vcpu, GuestMemory& memory, Privilege privilege) {
  const bool user = privilege == Privilege::user;
  const auto tables = make_identity_tables(kPageTablesAddress, privilege);
  const auto gdt = make_boot_gdt();
  RS_CHECK(memory.write(Gpa(kPageTablesAddress), std::as_bytes(std::span(tables))), "page tables lie in RAM");
  RS_CHECK(memory.write(Gpa(kGdtAddress), std::as_bytes(std::span(gdt))), "descriptors lie in RAM");

  SystemRegisters system;
  RS_ASSIGN(system, vcpu.system_registers());
  system.cs = user ? flat_code(kUserCodeSelector, 3) : flat_code(kCodeSelector, 0);
  system.ds = user ? flat_data(kUserDataSelector, 3) : flat_data(kDataSelector, 0);
  system.es = system.fs = system.gs = system.ss = system.ds;
  system.tr = task_state(kTaskSelector, 0);
  system.gdt = {kGdtAddress, static_cast<std::uint16_t>(gdt.size() * sizeof(gdt[0]) - 1)};
  system.idt = {0, 0};
  system.cr3 = kPageTablesAddress;
  system.cr4 |= kCr4Pae;
  system.cr0 |= kCr0ProtectedMode | kCr0Paging;
  system.efer |= kEferLongModeEnable | kEferLongModeActive;
  return vcpu.set_system_registers(system);
}

}  // namespace remapstorm::x86_64
