// SPDX-License-Identifier: GPL-2.0-only
/*
 * A kernel fault on a vmemmap entry that is between break and make.
 */
#include <linux/irqflags.h>
#include <linux/mm.h>
#include <asm/pgtable.h>
#include <asm/ptrace.h>
#include <asm/trap_pf.h>
#include "internal.h"
#include "lock.h"

static bool rs_in_vmemmap(unsigned long addr)
{
	return addr >= (unsigned long)pfn_to_page(0) &&
	       addr < (unsigned long)pfn_to_page(ALIGN(max_pfn, PAGES_PER_SECTION));
}

/*
 * A leaf of any level counts: the entry may have been made as a block. The
 * design under discussion looks for a page only; see the parameter.
 */
static bool rs_entry_present(unsigned long addr)
{
	unsigned int level;
	pte_t *pte = lookup_address(addr, &level);

	if (rs_pages_only && level != PG_LEVEL_4K)
		return false;
	return pte && pte_flags(ptep_get(pte)) & _PAGE_PRESENT;
}

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
	unsigned long flags;
	bool present;

	if (!rs_waits_in_fault(rs_strategy) ||
	    error_code & ~(unsigned long)X86_PF_WRITE || !rs_in_vmemmap(addr))
		return false;

	/* As where the design comes from: arm64 handles it so, too. */
	if (irqs_on)
		local_irq_enable();

	rs_probe(FAULT_ENTER, addr, regs->ip, error_code);
	flags = rs_lock(regs->ip);
	present = rs_entry_present(addr);
	rs_unlock(flags, regs->ip);
	rs_probe(FAULT_DONE, addr, regs->ip, present);

	if (irqs_on)
		local_irq_disable();
	return present;
}
