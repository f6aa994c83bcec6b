// SPDX-License-Identifier: GPL-2.0-only
/*
 * Asking the other CPUs to do something, and waiting until they have.
 *
 * By NMI nobody can refuse; a CPU whose NMIs are blocked, because it spins in
 * an NMI handler, polls instead. By IPI a CPU answers when its interrupts are
 * on, which is how a kernel would do it at first, and not always a good idea.
 *
 * Requests are numbered by generation, one of a kind at a time:
 *
 *  - A request is complete in memory before anybody is asked. Each NMI handler
 *    looks for it, so if an NMI was still pending and ours merged with it, that
 *    one does.
 *  - A CPU may poll the request before its NMI arrives. The NMI then finds
 *    nothing to do and is accounted for, not reported as unknown.
 *
 * CPUs must not go offline; hotplug is disabled as long as this is in use.
 */
#include <linux/cpu.h>
#include <linux/init.h>
#include <linux/smp.h>
#include "internal.h"

/* Who waits longer for an answer says so: the harness looks for cycles. */
#define RS_PATIENCE	1000	/* turns of the loop */

/* Preemption is off. */
void rs_ask(const struct cpumask *cpus, smp_call_func_t by_ipi)
{
	if (cpumask_empty(cpus))
		return;
	if (rs_by_ipi)
		smp_call_function_many(cpus, by_ipi, NULL, false);
	else
		rs_send_nmi(cpus);
}

static __always_inline bool rs_unanswered(const struct rs_asked *other,
					  unsigned long generation)
{
	return (long)(generation - smp_load_acquire(&other->done)) > 0;
}

/* The same wait, counted. */
static noinline void rs_await_aloud(const struct rs_asked *other, u32 vcpu,
				    unsigned long generation, u32 what,
				    unsigned long caller)
{
	unsigned int turns = 0;

	if (rs_by_ipi)
		what |= RS_ASK_BY_IPI;
	while (rs_unanswered(other, generation)) {
		if (++turns == RS_PATIENCE)
			rs_probe(ANSWER_WANT, (u64)&other->pending, what, caller,
				 vcpu);
		cpu_relax();
	}
	if (turns >= RS_PATIENCE)
		rs_probe(ANSWER_GOT, (u64)&other->pending, what, caller, vcpu);
}

void rs_await(const struct cpumask *cpus, struct rs_asked __percpu *asked,
	      unsigned long generation, u32 what, unsigned long caller)
{
	unsigned int cpu;

	for_each_cpu(cpu, cpus) {
		struct rs_asked *other = per_cpu_ptr(asked, cpu);

		if (unlikely(rs_speaks(RS_PROBE_ANSWER_WANT)))
			rs_await_aloud(other, per_cpu(rs_cpus.vcpu, cpu),
				       generation, what, caller);
		while (rs_unanswered(other, generation))
			cpu_relax();
	}
}

int __init rs_ask_init(void)
{
	cpu_hotplug_disable();
	return rs_nmi_init();
}
