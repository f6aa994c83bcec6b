/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _REMAPSTORM_ARCH_H
#define _REMAPSTORM_ARCH_H

#include <linux/io.h>
#include <linux/percpu.h>
#include <linux/pgtable.h>
#include <linux/remapstorm_abi.h>
#include <asm/msr.h>
#include <asm/smp.h>

static inline void rs_doorbell(u32 op, u32 operand)
{
	outl(RS_DOORBELL(op, operand), RS_DOORBELL_PORT);
}

static __always_inline u64 rs_clock(void)
{
	return rdtsc_ordered();
}

/* vCPU numbers are APIC ids: the harness knows nothing of CPU numbers. */
static inline u32 rs_vcpu_of(unsigned int cpu)
{
	return per_cpu(x86_cpu_to_apicid, cpu);
}

static __always_inline pte_t *rs_leaf(unsigned long addr, bool *page)
{
	unsigned int level;
	pte_t *leaf = lookup_address(addr, &level);

	*page = level == PG_LEVEL_4K;
	return leaf;
}

static __always_inline bool rs_valid(pte_t leaf)
{
	return pte_flags(leaf) & _PAGE_PRESENT;
}

static inline const char *rs_lacks(unsigned int strategy)
{
	return strategy == RS_STRATEGY_BBML2 ? "FEAT_BBM is arm64's" : NULL;
}

static inline bool rs_allows_hvo(unsigned int strategy)
{
	return true;
}

#endif /* _REMAPSTORM_ARCH_H */
