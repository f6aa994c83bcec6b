// SPDX-License-Identifier: GPL-2.0-only
/*
 * A kernel TLB flush that asks nothing of the other CPUs' willingness.
 *
 * arm64 flushes all CPUs with one instruction. x86 sends an IPI and waits for
 * each CPU to take it, and the break-before-make strategies flush while they
 * hold init_mm.page_table_lock: a CPU that spins for that lock in its fault
 * handler with interrupts off would never take the IPI, the flush would never
 * end, and the lock never be released. That deadlock says nothing about the
 * strategies. So the request goes out as an NMI (ask.c), unless a strategy
 * wants to show just that.
 *
 * All flushes here happen under init_mm.page_table_lock, so there is one
 * request at a time. An NMI can interrupt a poll and finish it; answers
 * therefore only go forward.
 */
#include <linux/mm.h>
#include <asm/tlbflush.h>
#include "internal.h"

#define RS_SINGLE_PAGES	33	/* as tlb_single_page_flush_ceiling */

static struct {
	unsigned long start;
	unsigned long end;
	unsigned long generation;
} rs_request;

static DEFINE_PER_CPU(struct rs_asked, rs_flush_asked);

void rs_flush_here(unsigned long start, unsigned long end)
{
	unsigned long addr;

	/* An NMI may have changed the range under us: any flush will do then. */
	if (end <= start || end - start > RS_SINGLE_PAGES * PAGE_SIZE) {
		__flush_tlb_all();
		return;
	}
	for (addr = start; addr < end; addr += PAGE_SIZE)
		flush_tlb_one_kernel(addr);
}

/* Serve the request on this CPU. Any context; CPU must stay the same. */
void rs_flush_poll(void)
{
	unsigned long done = this_cpu_read(rs_flush_asked.done);
	unsigned long want = smp_load_acquire(&rs_request.generation);

	while ((long)(want - done) > 0) {
		rs_flush_here(READ_ONCE(rs_request.start),
			      READ_ONCE(rs_request.end));
		this_cpu_write(rs_flush_asked.pending, 0);
		/* The flush is over before anybody can read this. */
		if (this_cpu_try_cmpxchg(rs_flush_asked.done, &done, want))
			break;
	}
}

static void rs_flush_ipi(void *unused)
{
	rs_flush_poll();
}

/*
 * Flush everywhere; caller holds init_mm.page_table_lock, or has paused the
 * others, who then poll.
 */
void rs_flush_all_cpus(unsigned long start, unsigned long end,
		       unsigned long caller)
{
	static cpumask_t others;	/* one flush at a time */
	unsigned long generation = rs_request.generation + 1;
	unsigned int cpu;

	cpumask_copy(&others, cpu_online_mask);
	cpumask_clear_cpu(smp_processor_id(), &others);
	rs_probe(FLUSH_BEGIN, start, end, cpumask_weight(&others));

	for_each_cpu(cpu, &others)
		WRITE_ONCE(per_cpu_ptr(&rs_flush_asked, cpu)->pending, 1);
	WRITE_ONCE(rs_request.start, start);
	WRITE_ONCE(rs_request.end, end);
	smp_store_release(&rs_request.generation, generation);
	rs_flush_poll();

	if (!rs_pauses(rs_strategy))
		rs_ask(&others, rs_flush_ipi);
	rs_await(&others, &rs_flush_asked, generation, RS_ASK_FLUSH, caller);

	rs_probe(FLUSH_END, start, end, cpumask_weight(&others));
}
