/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _REMAPSTORM_FAULT_H
#define _REMAPSTORM_FAULT_H

#include <linux/memblock.h>
#include <linux/mm.h>
#include "internal.h"
#include "lock.h"

static __always_inline bool rs_in_vmemmap(unsigned long addr)
{
	return addr >= (unsigned long)pfn_to_page(0) &&
	       addr < (unsigned long)pfn_to_page(ALIGN(max_pfn, PAGES_PER_SECTION));
}

/*
 * A leaf of any level counts: the entry may have been made as a block. The
 * design under discussion looks for a page only; see the parameter.
 */
static __always_inline bool rs_entry_present(unsigned long addr)
{
	bool page;
	pte_t *leaf = rs_leaf(addr, &page);

	return leaf && rs_valid(ptep_get(leaf)) && (page || !rs_pages_only);
}

/*
 * Wait until the updater is done: @ip found no entry at @addr. True if the
 * entry is back. Part of the fault handler, so that the harness can say where
 * the lock was taken.
 */
static __always_inline bool rs_wait_for_entry(unsigned long addr, unsigned long ip,
					      u64 error_code)
{
	unsigned long flags;
	bool present;

	rs_probe(FAULT_ENTER, addr, ip, error_code);
	flags = rs_lock(ip);
	present = rs_entry_present(addr);
	rs_unlock(flags, ip);
	rs_probe(FAULT_DONE, addr, ip, present);
	return present;
}

#endif /* _REMAPSTORM_FAULT_H */
