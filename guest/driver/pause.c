// SPDX-License-Identifier: GPL-2.0-only
/*
 * Keeping the other CPUs from running anything while an entry is absent: each
 * spins in a handler until it is released, and flushes its TLB there when asked
 * to. One pause at a time, under init_mm.page_table_lock.
 */
#include "internal.h"

static struct {
	unsigned long generation;
	unsigned long released;
	cpumask_t others;
} rs_pause;

static DEFINE_PER_CPU(struct rs_asked, rs_pause_asked);

/* Any context that other than an NMI does not interrupt. */
void rs_pause_poll(void)
{
	unsigned long want = smp_load_acquire(&rs_pause.generation);

	if ((long)(want - this_cpu_read(rs_pause_asked.done)) <= 0)
		return;
	this_cpu_write(rs_pause_asked.pending, 0);
	smp_store_release(this_cpu_ptr(&rs_pause_asked.done), want);
	while ((long)(want - smp_load_acquire(&rs_pause.released)) > 0) {
		rs_flush_poll();
		cpu_relax();
	}
}

static void rs_pause_ipi(void *unused)
{
	rs_pause_poll();
}

/* Back when each of them spins. This CPU stays the same until they go on. */
void rs_pause_others(unsigned long caller)
{
	unsigned long generation = rs_pause.generation + 1;
	unsigned int cpu;

	cpumask_copy(&rs_pause.others, cpu_online_mask);
	cpumask_clear_cpu(smp_processor_id(), &rs_pause.others);
	/* The asker is not paused by its own request. */
	this_cpu_write(rs_pause_asked.done, generation);
	for_each_cpu(cpu, &rs_pause.others)
		WRITE_ONCE(per_cpu_ptr(&rs_pause_asked, cpu)->pending, 1);
	rs_probe(PAUSE_BEGIN, cpumask_weight(&rs_pause.others));
	smp_store_release(&rs_pause.generation, generation);
	rs_ask(&rs_pause.others, rs_pause_ipi);
	rs_await(&rs_pause.others, &rs_pause_asked, generation, RS_ASK_PAUSE,
		 caller);
}

void rs_resume_others(void)
{
	smp_store_release(&rs_pause.released, rs_pause.generation);
	rs_probe(PAUSE_END, cpumask_weight(&rs_pause.others));
}
