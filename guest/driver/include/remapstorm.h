/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * remapstorm: what a test harness outside this virtual machine sees of, and
 * does to, updates of vmemmap page tables. The contract with the harness is
 * remapstorm_abi.h.
 */
#ifndef _LINUX_REMAPSTORM_H
#define _LINUX_REMAPSTORM_H

#include <linux/pgtable.h>
#include <asm/pgalloc.h>

#ifdef CONFIG_REMAPSTORM

#include <linux/bits.h>
#include <linux/compiler.h>
#include <linux/instruction_pointer.h>
#include <linux/remapstorm_abi.h>
#include <linux/types.h>

/* NULL without a harness. */
extern struct rs_mailbox *rs_mailbox;

/* Bit per probe number: silent. In the mailbox; all are without a harness. */
extern const u64 *rs_quiet;

static __always_inline bool rs_speaks(unsigned int probe)
{
	const u64 *quiet = READ_ONCE(rs_quiet);

	return !(READ_ONCE(quiet[probe / 64]) & BIT_ULL(probe % 64));
}

void __rs_probe(unsigned int probe, unsigned long pc, const u64 args[4]);

/*
 * Log probe @id with up to four arguments, and stop for the harness if it
 * asked for that. Any context, NMI included. The place that is logged is in
 * the function that uses the macro. A silent probe is one test of its bit; all
 * else, arguments included, lies out of the way: who steps through an update
 * wants to see the update.
 */
#define rs_probe(id, ...)						\
do {									\
	if (unlikely(rs_speaks(RS_PROBE_##id)))				\
		__rs_probe(RS_PROBE_##id, _THIS_IP_,			\
			   (const u64[4]) { __VA_ARGS__ });		\
} while (0)

/* Reads and writes of the tests go to the struct page at @address from now. */
static inline void rs_aim(unsigned long address)
{
	struct rs_mailbox *mailbox = READ_ONCE(rs_mailbox);

	if (mailbox)
		WRITE_ONCE(mailbox->target, address);
}

/* RS_STRATEGY_*, chosen at boot. */
extern unsigned int rs_strategy;

/* A fault on an entry that is being changed waits; else it is an oops. */
static inline bool rs_waits_in_fault(unsigned int strategy)
{
	return strategy == RS_STRATEGY_BBM_FAULT ||
	       strategy == RS_STRATEGY_BBM_FAULT_IRQSAFE ||
	       strategy == RS_STRATEGY_BBM_FAULT_IPI;
}

/* The other CPUs spin while an entry is changed. */
static inline bool rs_pauses(unsigned int strategy)
{
	return strategy == RS_STRATEGY_PAUSE_NMI ||
	       strategy == RS_STRATEGY_PAUSE_IPI;
}

/*
 * Change one vmemmap entry as the strategy has it. Out of line, so that a
 * place in here has the same name whoever calls.
 */
void vmemmap_update_pte(unsigned long addr, pte_t *pte, pte_t entry);
/*
 * The same for the leaf PMD at @start, which @pgtable replaces. -EAGAIN: the
 * leaf is there again, as it was.
 */
int vmemmap_update_pmd(unsigned long start, pmd_t *pmd, pte_t *pgtable);

/* init_mm.page_table_lock, as the strategy takes it. */
unsigned long vmemmap_lock_page_table(void);
void vmemmap_unlock_page_table(unsigned long flags);

/* An update has flushed what it replaced; do not flush it again. */
static inline bool vmemmap_update_flushes(void)
{
	return rs_strategy != RS_STRATEGY_INPLACE;
}

/* Is this CPU one that can change an entry as the strategy has it? */
bool vmemmap_may_update(void);

bool rs_vmemmap_fault(struct pt_regs *regs, unsigned long error_code,
		      unsigned long addr);

struct cpumask;

/*
 * Where an NMI to other CPUs takes the architecture's own code: that code has
 * the first, and calls the second on each of them.
 */
void arch_send_remapstorm_nmi(const struct cpumask *cpus);
void rs_asked_by_nmi(void);

/* Log who frees pages under zone->lock? Off unless asked for at boot. */
extern bool rs_zone_lock;

/* Tasks are told apart: one that waits for what it holds itself waits for ever. */
u64 rs_lock_task(void);

#define rs_probe_zone_lock(id, zone)					\
do {									\
	if (unlikely(READ_ONCE(rs_zone_lock)))				\
		rs_probe(id, (u64)&(zone)->lock, RS_LOCK_ZONE,		\
			 _RET_IP_, rs_lock_task());			\
} while (0)

#else /* !CONFIG_REMAPSTORM */

#define rs_probe(id, ...) do { } while (0)
#define rs_probe_zone_lock(id, zone) do { } while (0)

static inline void rs_aim(unsigned long address)
{
}

static inline void vmemmap_update_pte(unsigned long addr, pte_t *pte,
				      pte_t entry)
{
	set_pte_at(&init_mm, addr, pte, entry);
}

static inline int vmemmap_update_pmd(unsigned long start, pmd_t *pmd,
				     pte_t *pgtable)
{
	pmd_populate_kernel(&init_mm, pmd, pgtable);
	return 0;
}

static inline unsigned long vmemmap_lock_page_table(void)
{
	spin_lock(&init_mm.page_table_lock);
	return 0;
}

static inline void vmemmap_unlock_page_table(unsigned long flags)
{
	spin_unlock(&init_mm.page_table_lock);
}

static inline bool vmemmap_update_flushes(void)
{
	return false;
}

static inline bool vmemmap_may_update(void)
{
	return true;
}

static inline bool rs_vmemmap_fault(struct pt_regs *regs,
				    unsigned long error_code,
				    unsigned long addr)
{
	return false;
}

#endif /* CONFIG_REMAPSTORM */
#endif /* _LINUX_REMAPSTORM_H */
