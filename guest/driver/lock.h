/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _REMAPSTORM_LOCK_H
#define _REMAPSTORM_LOCK_H

#include <linux/atomic.h>
#include <linux/mm_types.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include "internal.h"

/*
 * First come, first served, as with spin_lock(), but with a wait that can do
 * something meanwhile. Others take the spinlock without a ticket; they hold it
 * briefly.
 */
struct rs_tickets {
	atomic_t next;
	atomic_t serving;
	u32 held;
};

extern struct rs_tickets rs_tickets;

/* Sleeps where the kernel's spinlocks do. */
static __always_inline bool rs_lock_sleeps(void)
{
	return IS_ENABLED(CONFIG_PREEMPT_RT) && !rs_irqs_off;
}

/*
 * A sleeping lock cannot be taken with interrupts off. There the tickets alone
 * are the lock, a private one.
 */
static __always_inline bool rs_lock_private(void)
{
	return IS_ENABLED(CONFIG_PREEMPT_RT) && rs_irqs_off;
}

/* Something that is zero while the lock is free, for the harness to look at. */
static __always_inline u64 rs_lock_word(void)
{
#ifdef CONFIG_PREEMPT_RT
	if (rs_lock_sleeps())
		return (u64)&init_mm.page_table_lock.lock.owner;
#endif
	return rs_lock_private() ? (u64)&rs_tickets.held :
				   (u64)&init_mm.page_table_lock;
}

/* Turns preemption off, or at least migration. */
static __always_inline void rs_wait_for_lock(spinlock_t *lock)
{
	int ticket;

	if (rs_lock_sleeps()) {
		spin_lock(lock);
		return;
	}
	/* For lockdep this is no trylock. */
	if (!rs_lock_private())
		might_lock(lock);
	preempt_disable();
	ticket = atomic_fetch_inc(&rs_tickets.next);
	while (atomic_read_acquire(&rs_tickets.serving) != ticket ||
	       (!rs_lock_private() && !spin_trylock(lock))) {
		/* Whoever holds it may be flushing: serve that. */
		if (!rs_by_ipi)
			rs_flush_poll();
		cpu_relax();
	}
	WRITE_ONCE(rs_tickets.held, 1);
}

/*
 * Take init_mm.page_table_lock as the strategy does. Part of the caller, so
 * that the harness can say where the lock was taken.
 */
static __always_inline unsigned long rs_lock(unsigned long caller)
{
	unsigned long flags = 0;

	if (rs_irqs_off)
		local_irq_save(flags);
	rs_probe(LOCK_WANT, rs_lock_word(), RS_LOCK_INIT_MM_PAGE_TABLE, caller,
		 rs_lock_task());
	rs_wait_for_lock(&init_mm.page_table_lock);
	rs_probe(LOCK_GOT, rs_lock_word(), RS_LOCK_INIT_MM_PAGE_TABLE, caller,
		 rs_lock_task());
	return flags;
}

static __always_inline void rs_unlock(unsigned long flags, unsigned long caller)
{
	rs_probe(LOCK_DROP, rs_lock_word(), RS_LOCK_INIT_MM_PAGE_TABLE, caller,
		 rs_lock_task());
	WRITE_ONCE(rs_tickets.held, 0);
	if (!rs_lock_private())
		spin_unlock(&init_mm.page_table_lock);
	if (!rs_lock_sleeps()) {
		atomic_fetch_inc_release(&rs_tickets.serving);
		preempt_enable();
	}
	if (rs_irqs_off)
		local_irq_restore(flags);
}

#endif /* _REMAPSTORM_LOCK_H */
