/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _REMAPSTORM_INTERNAL_H
#define _REMAPSTORM_INTERNAL_H

#include <linux/cpumask.h>
#include <linux/io.h>
#include <linux/percpu.h>
#include <linux/remapstorm.h>

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
/* inject.c: what the harness asks of the code at a probe. */
void rs_call(struct rs_vcpu_box *box);
int rs_keep_buddy(void);
const unsigned long *rs_target(void);

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

/* flush.c */
void rs_flush_here(unsigned long start, unsigned long end);
void rs_flush_poll(void);
void rs_flush_all_cpus(unsigned long start, unsigned long end,
		       unsigned long caller);

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
void rs_update_broken(const struct rs_update *update, unsigned long caller);
void rs_update_paused(const struct rs_update *update, unsigned long caller);
void rs_update_stopped(const struct rs_update *update);

static inline void rs_doorbell(u32 op, u32 operand)
{
	outl(RS_DOORBELL(op, operand), RS_DOORBELL_PORT);
}

#endif /* _REMAPSTORM_INTERNAL_H */
