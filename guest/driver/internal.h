/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _REMAPSTORM_INTERNAL_H
#define _REMAPSTORM_INTERNAL_H

#include <linux/cpumask.h>
#include <linux/percpu.h>
#include <linux/remapstorm.h>
#include "arch.h"

/* What this CPU has in the mailbox region, and where it is in an update. */
struct rs_cpu {
	struct rs_vcpu_box *box;	/* NULL without a harness */
	struct rs_entry *ring;
	u32 vcpu;
	bool holding;		/* spins for the harness: do not nest */
	bool in_window;		/* between break and make */
};

DECLARE_PER_CPU(struct rs_cpu, rs_cpus);

extern unsigned long long rs_mailbox_gpa;

void rs_control_init(void);
const unsigned long *rs_target(void);

/* inject.c: the harness asks something, by an interrupt or at a probe. */
bool rs_handle(u32 kind, u32 *token_word, u32 *action_word,
	       struct pt_regs *regs);
void rs_call(struct rs_vcpu_box *box);

/* touch.c */
int rs_keep_buddy(void);

/* strategy.c: how the others are asked, and how locks are taken. */
extern bool rs_by_ipi;
extern bool rs_irqs_off;
extern bool rs_pages_only;	/* a leaf PMD does not end a fault */

/* ask.c */
struct rs_asked {
	unsigned long done;	/* newest generation this CPU has answered */
	u32 pending;		/* not 0: a generation is not answered yet */
};

void rs_ask(const struct cpumask *cpus, smp_call_func_t by_ipi);
void rs_await(const struct cpumask *cpus, struct rs_asked __percpu *asked,
	      unsigned long generation, u32 what, unsigned long caller);
int rs_ask_init(void);

/* pause.c */
void rs_pause_poll(void);
void rs_pause_others(unsigned long caller);
void rs_resume_others(void);

/* update.c */
struct rs_update {
	u32 level;		/* RS_LEVEL_* */
	unsigned long start;	/* what the entry maps */
	unsigned long end;
	void *entry;
	u64 value;		/* to become */
};

void rs_update_inplace(const struct rs_update *update);
void rs_update_unbroken(const struct rs_update *update, unsigned long caller);
void rs_update_broken(const struct rs_update *update, unsigned long caller);
void rs_update_paused(const struct rs_update *update, unsigned long caller);
void rs_update_stopped(const struct rs_update *update);

/*
 * What each architecture gives, in arch/ARCH.
 *
 * arch.h, inline: rs_doorbell(op, operand) stops for the harness; rs_clock()
 * is the counter that the harness reads, too, read after all that is before it;
 * rs_vcpu_of(cpu) is the harness's number of a CPU; rs_leaf(addr, &page) is the
 * entry that maps @addr, or would, and whether it maps a page; rs_valid(leaf)
 * tells whether it does. rs_lacks(strategy) says why this machine cannot do it,
 * NULL if it can; rs_allows_hvo(strategy) is whether it may then change entries.
 */

/* nmi.c: have each of @cpus call rs_flush_poll() and rs_pause_poll(). */
void rs_send_nmi(const struct cpumask *cpus);
int rs_nmi_init(void);

/* inject.c: the test interrupts of a CPU, then those that all have. */
int rs_inject_arch_cpu(unsigned int cpu);
int rs_inject_arch(void);

/*
 * flush.c: flush on this CPU; serve another's request to, in any context; flush
 * on all, under init_mm.page_table_lock or with the others paused, who poll.
 */
void rs_flush_here(unsigned long start, unsigned long end);
void rs_flush_poll(void);
void rs_flush_all_cpus(unsigned long start, unsigned long end,
		       unsigned long caller);

#endif /* _REMAPSTORM_INTERNAL_H */
