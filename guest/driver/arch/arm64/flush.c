// SPDX-License-Identifier: GPL-2.0-only
/*
 * Flushing what was replaced. TLBI reaches every CPU, whatever it is doing, so
 * nobody is asked, and there is never a request to serve.
 */
#include <asm/tlbflush.h>
#include "internal.h"

#define RS_SINGLE_PAGES	32	/* more: everything, which is one instruction */

/* This CPU only. */
void rs_flush_here(unsigned long start, unsigned long end)
{
	unsigned long addr;

	if (end <= start || end - start > RS_SINGLE_PAGES * PAGE_SIZE) {
		local_flush_tlb_all();
		return;
	}
	dsb(nshst);
	for (addr = start; addr < end; addr += PAGE_SIZE)
		__tlbi(vaale1, __TLBI_VADDR(addr, 0));
	dsb(nsh);
	isb();
}

void rs_flush_poll(void)
{
}

/* Back when no CPU uses what was cached. "cpus" 0: none was waited for. */
void rs_flush_all_cpus(unsigned long start, unsigned long end,
		       unsigned long caller)
{
	rs_probe(FLUSH_BEGIN, start, end);
	flush_tlb_kernel_range(start, end);
	rs_probe(FLUSH_END, start, end);
}
