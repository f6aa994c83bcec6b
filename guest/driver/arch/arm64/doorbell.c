// SPDX-License-Identifier: GPL-2.0-only
/*
 * The doorbell: a page where nothing is, so that a store to it ends in the
 * harness. Mapped before the mailbox is looked at, which may panic.
 */
#define pr_fmt(fmt) "remapstorm: " fmt

#include <linux/init.h>
#include <linux/io.h>
#include "internal.h"

void __iomem *rs_bell __ro_after_init;

static int __init rs_map_bell(void)
{
	if (!rs_mailbox_gpa)
		return 0;
	rs_bell = ioremap(RS_DOORBELL_GPA, PAGE_SIZE);
	if (!rs_bell)
		panic("remapstorm: cannot map the doorbell at %#llx",
		      RS_DOORBELL_GPA);
	return 0;
}
core_initcall(rs_map_bell);
