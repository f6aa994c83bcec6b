/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _REMAPSTORM_ARCH_H
#define _REMAPSTORM_ARCH_H

#include <linux/io.h>
#include <linux/pgtable.h>
#include <linux/remapstorm_abi.h>
#include <asm/arch_timer.h>
#include <asm/cpufeature.h>
#include <asm/cputype.h>
#include <asm/smp_plat.h>

extern void __iomem *rs_bell;

/*
 * One plain store: a hypervisor can emulate no store that also changes its
 * address register. What was written to the mailbox is visible before it.
 */
static inline void rs_doorbell(u32 op, u32 operand)
{
	writel(RS_DOORBELL(op, operand), rs_bell);
}

static __always_inline u64 rs_clock(void)
{
	return __arch_counter_get_cntvct();
}

/* vCPU numbers are affinities: the harness knows nothing of CPU numbers. */
static inline u32 rs_vcpu_of(unsigned int cpu)
{
	return min_t(u64, cpu_logical_map(cpu), U32_MAX);
}

static __always_inline pte_t *rs_leaf(unsigned long addr, bool *page)
{
	p4d_t *p4d = p4d_offset(pgd_offset_k(addr), addr);
	pud_t *pud;
	pmd_t *pmd;

	*page = false;
	if (p4d_none(READ_ONCE(*p4d)))
		return NULL;
	pud = pud_offset(p4d, addr);
	if (pud_none(READ_ONCE(*pud)))
		return NULL;
	if (pud_leaf(READ_ONCE(*pud)))
		return (pte_t *)pud;
	pmd = pmd_offset(pud, addr);
	/* Another CPU may be changing it: what is tested is what is used. */
	if (!pmd_table(READ_ONCE(*pmd)))
		return (pte_t *)pmd;
	*page = true;
	return pte_offset_kernel(pmd, addr);
}

static __always_inline bool rs_valid(pte_t leaf)
{
	return pte_valid(leaf);
}

/*
 * Level 2: a block may become a table of the same pages without a break. A CPU
 * may still answer with a TLB conflict abort, which nothing here would survive;
 * which ones never do takes a list of CPUs.
 */
static inline bool rs_has_bbml2(void)
{
	u64 mmfr2 = read_sanitised_ftr_reg(SYS_ID_AA64MMFR2_EL1);

	return cpuid_feature_extract_unsigned_field(mmfr2,
				ID_AA64MMFR2_EL1_BBM_SHIFT) >= 2;
}

static inline const char *rs_lacks(unsigned int strategy)
{
	switch (strategy) {
	case RS_STRATEGY_BBM_FAULT_IPI:
		return "TLBI reaches other CPUs without asking them";
	case RS_STRATEGY_PAUSE_NMI:
		return system_uses_irq_prio_masking() ? NULL :
			"it needs irqchip.gicv3_pseudo_nmi=1";
	default:
		return NULL;
	}
}

static inline bool rs_allows_hvo(unsigned int strategy)
{
	return strategy != RS_STRATEGY_BBML2 || rs_has_bbml2();
}

#endif /* _REMAPSTORM_ARCH_H */
