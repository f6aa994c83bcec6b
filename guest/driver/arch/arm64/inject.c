// SPDX-License-Identifier: GPL-2.0-only
/*
 * How a test interrupt comes: by a private interrupt of the vCPU, by another
 * one as pseudo-NMI, by a shared interrupt of its own. The device tree names
 * them, in this order, the shared ones by vCPU.
 */
#define pr_fmt(fmt) "remapstorm: " fmt

#include <linux/init.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/of.h>
#include <linux/of_irq.h>
#include <linux/smp.h>
#include <asm/irq_regs.h>
#include "internal.h"

enum { RS_LINE, RS_NMI, RS_SPI };	/* and one RS_SPI for each vCPU */

static int rs_line_irq __ro_after_init;
static int rs_nmi_irq __ro_after_init;

static int __init rs_find_irq(unsigned int index)
{
	struct device_node *node;
	int irq;

	node = of_find_compatible_node(NULL, NULL, RS_ARM64_COMPATIBLE);
	if (!node)
		return -ENODEV;
	irq = of_irq_get(node, index);
	of_node_put(node);
	return irq ?: -ENXIO;
}

/*
 * A private interrupt is a level to KVM: it stays up until the harness, at this
 * bell, lets it down. Before all else, or it would come again.
 */
static irqreturn_t rs_line(int irq, void *data)
{
	struct rs_vcpu_box *box = this_cpu_ptr(&rs_cpus)->box;

	if (!box)
		return IRQ_NONE;
	rs_doorbell(RS_OP_LOWER, RS_KIND_LINE);
	return IRQ_RETVAL(rs_handle(RS_KIND_LINE, &box->line_token,
				    &box->line_action, get_irq_regs()));
}

static irqreturn_t rs_nmi(int irq, void *data)
{
	struct rs_vcpu_box *box = this_cpu_ptr(&rs_cpus)->box;

	if (!box)
		return IRQ_NONE;
	rs_doorbell(RS_OP_LOWER, RS_KIND_NMI);
	return IRQ_RETVAL(rs_handle(RS_KIND_NMI, &box->nmi_token,
				    &box->nmi_action, get_irq_regs()));
}

/* An edge. The box comes with it: it can be late on the way to its CPU. */
static irqreturn_t rs_spi(int irq, void *data)
{
	struct rs_vcpu_box *box = data;

	return IRQ_RETVAL(rs_handle(RS_KIND_MSI, &box->msi_token,
				    &box->msi_action, get_irq_regs()));
}

int __init rs_inject_arch_cpu(unsigned int cpu)
{
	struct rs_cpu *mine = per_cpu_ptr(&rs_cpus, cpu);
	int irq = rs_find_irq(RS_SPI + mine->vcpu);
	int ret;

	/* Not for every vCPU, or not at all: the others are enough. */
	if (irq < 0)
		return 0;
	ret = request_irq(irq, rs_spi, IRQF_NOBALANCING | IRQF_NO_THREAD,
			  "remapstorm", mine->box);
	if (!ret)
		ret = irq_set_affinity(irq, cpumask_of(cpu));
	if (ret)
		pr_err("no shared interrupt for vCPU %u: %d\n", mine->vcpu, ret);
	return ret;
}

static void __init rs_enable(void *unused)
{
	enable_percpu_irq(rs_line_irq, IRQ_TYPE_NONE);
	if (rs_nmi_irq <= 0)
		return;
	if (!prepare_percpu_nmi(rs_nmi_irq))
		enable_percpu_nmi(rs_nmi_irq, IRQ_TYPE_NONE);
}

int __init rs_inject_arch(void)
{
	int ret;

	rs_line_irq = rs_find_irq(RS_LINE);
	ret = rs_line_irq < 0 ? rs_line_irq :
	      request_percpu_irq(rs_line_irq, rs_line, "remapstorm", &rs_cpus);
	if (ret) {
		pr_err("no private interrupt: %d\n", ret);
		return ret;
	}
	/* Where interrupts are turned off by DAIF nothing gets through. */
	if (system_uses_irq_prio_masking()) {
		rs_nmi_irq = rs_find_irq(RS_NMI);
		ret = rs_nmi_irq < 0 ? rs_nmi_irq :
		      request_percpu_nmi(rs_nmi_irq, rs_nmi, "remapstorm-nmi",
					 &rs_cpus);
		if (ret) {
			pr_err("no pseudo-NMI: %d\n", ret);
			return ret;
		}
	}
	on_each_cpu(rs_enable, NULL, true);
	return 0;
}
