// SPDX-License-Identifier: GPL-2.0-only
/*
 * A kernel fault on a vmemmap entry that is between break and make.
 */
#include <linux/irqflags.h>
#include <asm/ptrace.h>
#include <asm/trap_pf.h>
#include "fault.h"

/*
 * Wait until the updater is done, and retry. True if the entry is back; false
 * leaves the fault to whoever handles it otherwise, which is an oops.
 *
 * Only a read or a write that found no entry. A write to a read-only tail page
 * is a bug that must stay visible.
 */
bool rs_vmemmap_fault(struct pt_regs *regs, unsigned long error_code,
		      unsigned long addr)
{
	bool irqs_on = regs->flags & X86_EFLAGS_IF;
	bool present;

	if (!rs_waits_in_fault(rs_strategy) ||
	    error_code & ~(unsigned long)X86_PF_WRITE || !rs_in_vmemmap(addr))
		return false;

	/* As where the design comes from: arm64 handles it so, too. */
	if (irqs_on)
		local_irq_enable();

	present = rs_wait_for_entry(addr, regs->ip, error_code);

	if (irqs_on)
		local_irq_disable();
	return present;
}
