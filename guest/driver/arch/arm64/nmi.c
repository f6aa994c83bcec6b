// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pseudo-NMI by which the other CPUs are asked (ask.c): an IPI that comes
 * where interrupts are off, if the kernel turns them off by priority.
 */
#include <linux/init.h>
#include "internal.h"

void rs_send_nmi(const struct cpumask *cpus)
{
	arch_send_remapstorm_nmi(cpus);
}

/* From the handler of that IPI. */
void rs_asked_by_nmi(void)
{
	rs_pause_poll();
}

/* The IPI is there from boot on; rs_lacks() looks at whether it is an NMI. */
int __init rs_nmi_init(void)
{
	return 0;
}
