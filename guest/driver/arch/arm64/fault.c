// SPDX-License-Identifier: GPL-2.0-only
/*
 * A kernel fault on a vmemmap entry that is between break and make.
 */
#include <asm/esr.h>
#include <asm/memory.h>
#include <asm/ptrace.h>
#include "fault.h"

/*
 * Wait until the updater is done, and retry. True if the entry is back; false
 * leaves the fault to whoever handles it otherwise, which is an oops.
 *
 * Only data accesses that found no entry, at whatever level. A write to a
 * read-only tail page is a permission fault, and a bug that must stay visible.
 *
 * Interrupts are as they were where the fault happened: the entry code has seen
 * to that.
 */
bool rs_vmemmap_fault(struct pt_regs *regs, unsigned long error_code,
		      unsigned long addr)
{
	/* The lowest struct page may describe memory from 1 GiB on. */
	if (!rs_waits_in_fault(rs_strategy) ||
	    ESR_ELx_EC(error_code) != ESR_ELx_EC_DABT_CUR ||
	    !esr_fsc_is_translation_fault(error_code) ||
	    addr < VMEMMAP_START || !rs_in_vmemmap(addr))
		return false;

	return rs_wait_for_entry(addr, regs->pc, error_code);
}
