// SPDX-License-Identifier: GPL-2.0-only
/*
 * The NMI by which the other CPUs are asked (ask.c).
 */
#include <linux/init.h>
#include <asm/apic.h>
#include <asm/nmi.h>
#include "internal.h"

struct rs_nmis {
	atomic_t sent;
	int seen;			/* of sent */
};

static DEFINE_PER_CPU(struct rs_nmis, rs_nmis);

void rs_send_nmi(const struct cpumask *cpus)
{
	unsigned int cpu;

	for_each_cpu(cpu, cpus)
		atomic_inc(&per_cpu_ptr(&rs_nmis, cpu)->sent);
	__apic_send_IPI_mask(cpus, NMI_VECTOR);
}

static int rs_ask_nmi(unsigned int type, struct pt_regs *regs)
{
	struct rs_nmis *mine = this_cpu_ptr(&rs_nmis);
	int sent = atomic_read(&mine->sent);
	int expected = sent - mine->seen;

	rs_flush_poll();
	rs_pause_poll();
	mine->seen = sent;
	/* More than one event in one NMI tells the core that a stray may follow. */
	return expected;
}

/*
 * A token or a request can also be taken in an NMI that came for the other;
 * its own NMI then belongs to nobody.
 */
static int rs_stray_nmi(unsigned int type, struct pt_regs *regs)
{
	return NMI_HANDLED;
}

int __init rs_nmi_init(void)
{
	int ret = register_nmi_handler(NMI_UNKNOWN, rs_stray_nmi, 0, "remapstorm-stray");
	if (ret)
		return ret;
	return register_nmi_handler(NMI_LOCAL, rs_ask_nmi, 0, "remapstorm-ask");
}
