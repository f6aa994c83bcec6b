// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ways to change one vmemmap entry. strategy.c says which is taken.
 */
#include <linux/mm.h>
#include <linux/preempt.h>
#include <linux/stop_machine.h>
#include "internal.h"
#include "lock.h"

/* The CPU must stay the same until the window closes. */
static __always_inline void rs_open_window(const struct rs_update *update)
{
	rs_probe(UPDATE_BEGIN, update->start, (u64)update->entry, update->level);
	this_cpu_write(rs_cpus.in_window, true);
	rs_aim(update->start);
}

static __always_inline void rs_close_window(void)
{
	this_cpu_write(rs_cpus.in_window, false);
}

static __always_inline u64 rs_old(const struct rs_update *update)
{
	return update->level == RS_LEVEL_PTE ? pte_val(ptep_get(update->entry)) :
					       pmd_val(READ_ONCE(*(pmd_t *)update->entry));
}

/* Back when the entry was cleared: read just before. */
static __always_inline u64 rs_clear(const struct rs_update *update)
{
	u64 cleared_at = rs_clock();

	if (update->level == RS_LEVEL_PTE)
		pte_clear(&init_mm, update->start, update->entry);
	else
		pmd_clear(update->entry);
	return cleared_at;
}

static __always_inline void rs_set(const struct rs_update *update)
{
	if (update->level == RS_LEVEL_PTE)
		set_pte_at(&init_mm, update->start, update->entry, __pte(update->value));
	else
		set_pmd(update->entry, __pmd(update->value));
}

/*
 * The entry is absent and cached nowhere: nothing to flush after it is made.
 * Back when it was: read just after.
 */
static __always_inline u64 rs_make(const struct rs_update *update, u64 old)
{
	rs_probe(BBM_BREAK, update->start, (u64)update->entry, old, update->level);
	rs_probe(BBM_MAKE, update->start, (u64)update->entry, update->value,
		 update->level);
	rs_set(update);
	return rs_clock();
}

/* How long it was absent, told when it no longer is. */
static __always_inline void rs_tell_window(const struct rs_update *update,
					   u64 cleared_at, u64 set_at)
{
	rs_probe(BBM_WINDOW, update->start, cleared_at, set_at, update->level);
}

/*
 * Mainline: one store, old and new mapping are both valid. It has no window;
 * the probes stand where the other strategies have one.
 */
noinline void rs_update_inplace(const struct rs_update *update)
{
	migrate_disable();
	rs_open_window(update);
	rs_probe(BBM_BREAK, update->start, (u64)update->entry, rs_old(update),
		 update->level);
	rs_set(update);
	rs_probe(BBM_MAKE, update->start, (u64)update->entry, update->value,
		 update->level);
	rs_close_window();
	migrate_enable();
}

static void rs_replace(const struct rs_update *update, pte_t entry,
		       unsigned long caller)
{
	set_pte(update->entry, entry);
	rs_flush_all_cpus(update->start, update->end, caller);
}

/*
 * Under init_mm.page_table_lock, where CPUs have FEAT_BBM level 2. That is about
 * a block and a table of the same pages. Another page may come into a live entry
 * only while nobody can write to either, and only if both hold the same; so
 * take the right to write away first, copy, and give it last. Who writes
 * meanwhile gets a permission fault, which is an oops.
 */
noinline void rs_update_unbroken(const struct rs_update *update, unsigned long caller)
{
	static u8 restored[PAGE_SIZE];	/* one update at a time */
	bool pte = update->level == RS_LEVEL_PTE;
	pte_t old = __pte(rs_old(update)), new = __pte(update->value);
	void *from = NULL, *to = NULL;

	preempt_disable();
	rs_open_window(update);
	if (pte) {
		from = page_address(pte_page(old));
		to = page_address(pte_page(new));
		if (pte_write(old))
			rs_replace(update, pte_wrprotect(old), caller);
		memcpy(restored, to, PAGE_SIZE);
		/* The page that others share stays as it is. */
		if (pte_write(new))
			memcpy(to, from, PAGE_SIZE);
		else
			memcpy(from, to, PAGE_SIZE);
		smp_wmb();
	}
	rs_probe(BBM_BREAK, update->start, (u64)update->entry, pte_val(old),
		 update->level);
	if (pte)
		set_pte(update->entry, pte_wrprotect(new));
	else
		rs_set(update);
	rs_probe(BBM_MAKE, update->start, (u64)update->entry, update->value,
		 update->level);
	rs_flush_all_cpus(update->start, update->end, caller);
	if (pte && pte_write(new)) {
		/* A head is copied as it was last; tails are what they became. */
		if (!pte_write(old))
			memcpy(to, restored, PAGE_SIZE);
		rs_replace(update, new, caller);
	}
	rs_close_window();
	preempt_enable();
}

/* Under init_mm.page_table_lock. */
noinline void rs_update_broken(const struct rs_update *update, unsigned long caller)
{
	u64 old = rs_old(update);
	u64 cleared_at, set_at;

	rs_open_window(update);
	cleared_at = rs_clear(update);
	rs_flush_all_cpus(update->start, update->end, caller);
	set_at = rs_make(update, old);
	rs_close_window();
	rs_tell_window(update, cleared_at, set_at);
}

/* Under init_mm.page_table_lock, and nobody else runs meanwhile. */
noinline void rs_update_paused(const struct rs_update *update, unsigned long caller)
{
	unsigned long flags;
	u64 old = rs_old(update);
	u64 cleared_at, set_at;

	/* An NMI stops a CPU whatever it does: no need to let interrupts in. */
	preempt_disable();
	if (rs_by_ipi)
		rs_pause_others(caller);
	local_irq_save(flags);
	if (!rs_by_ipi)
		rs_pause_others(caller);
	rs_open_window(update);
	cleared_at = rs_clear(update);
	rs_flush_all_cpus(update->start, update->end, caller);
	set_at = rs_make(update, old);
	rs_close_window();
	rs_tell_window(update, cleared_at, set_at);
	rs_resume_others();
	local_irq_restore(flags);
	preempt_enable();
}

struct rs_stopped {
	const struct rs_update *update;
	unsigned int cpu;		/* that makes the update */
	bool cleared;
	atomic_t to_flush;
};

/* On every CPU, interrupts off; nobody leaves before the last one is done. */
static int rs_stopped(void *data)
{
	struct rs_stopped *stopped = data;
	const struct rs_update *update = stopped->update;
	u64 old, cleared_at, set_at;

	if (smp_processor_id() != stopped->cpu) {
		while (!smp_load_acquire(&stopped->cleared))
			cpu_relax();
		rs_flush_here(update->start, update->end);
		atomic_dec_return_release(&stopped->to_flush);
		return 0;
	}
	old = rs_old(update);
	rs_open_window(update);
	cleared_at = rs_clear(update);
	rs_probe(FLUSH_BEGIN, update->start, update->end, num_online_cpus() - 1);
	smp_store_release(&stopped->cleared, true);
	rs_flush_here(update->start, update->end);
	while (atomic_read_acquire(&stopped->to_flush))
		cpu_relax();
	rs_probe(FLUSH_END, update->start, update->end, num_online_cpus() - 1);
	set_at = rs_make(update, old);
	rs_close_window();
	rs_tell_window(update, cleared_at, set_at);
	return 0;
}

/* Sleeps: under no spinlock. */
noinline void rs_update_stopped(const struct rs_update *update)
{
	struct rs_stopped stopped = {
		.update = update,
		.cpu = raw_smp_processor_id(),
		.to_flush = ATOMIC_INIT(num_online_cpus() - 1),
	};

	rs_probe(PAUSE_BEGIN, num_online_cpus() - 1);
	stop_machine(rs_stopped, &stopped, cpu_online_mask);
	rs_probe(PAUSE_END, num_online_cpus() - 1);
}
