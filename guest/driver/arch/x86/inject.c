// SPDX-License-Identifier: GPL-2.0-only
/*
 * How a test interrupt comes: by MSI, by the vCPU's own ISA line, by NMI.
 */
#define pr_fmt(fmt) "remapstorm: " fmt

#include <linux/init.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <asm/hw_irq.h>
#include <asm/irq_regs.h>
#include <asm/nmi.h>
#include "internal.h"

static void rs_msi(void)
{
	struct rs_vcpu_box *box = this_cpu_ptr(&rs_cpus)->box;

	BUILD_BUG_ON(RS_X86_MSI_VECTOR != X86_PLATFORM_IPI_VECTOR);
	if (box)
		rs_handle(RS_KIND_MSI, &box->msi_token, &box->msi_action,
			  get_irq_regs());
}

/* The box comes with the line: a line can be late on the way to its CPU. */
static irqreturn_t rs_line(int irq, void *data)
{
	struct rs_vcpu_box *box = data;

	return IRQ_RETVAL(rs_handle(RS_KIND_LINE, &box->line_token,
				    &box->line_action, get_irq_regs()));
}

static int rs_nmi(unsigned int type, struct pt_regs *regs)
{
	struct rs_vcpu_box *box = this_cpu_ptr(&rs_cpus)->box;

	if (box && rs_handle(RS_KIND_NMI, &box->nmi_token, &box->nmi_action, regs))
		return NMI_HANDLED;
	return NMI_DONE;
}

/*
 * An IO-APIC line moves to another CPU only when it next fires, and the first
 * one must already be right. So name the CPU while the line starts up: that
 * path takes the default affinity.
 */
static int __init rs_request_line(unsigned int irq, unsigned int cpu,
				  struct rs_vcpu_box *box)
{
	cpumask_t saved;
	int ret;

	cpumask_copy(&saved, irq_default_affinity);
	cpumask_copy(irq_default_affinity, cpumask_of(cpu));
	ret = request_irq(irq, rs_line, IRQF_NOBALANCING | IRQF_NO_THREAD,
			  "remapstorm", box);
	cpumask_copy(irq_default_affinity, &saved);
	return ret;
}

int __init rs_inject_arch_cpu(unsigned int cpu)
{
	static const u8 lines[] __initconst = RS_X86_LINES;
	struct rs_cpu *mine = per_cpu_ptr(&rs_cpus, cpu);
	int ret;

	BUILD_BUG_ON(ARRAY_SIZE(lines) != RS_MAX_VCPUS);
	ret = rs_request_line(lines[mine->vcpu], cpu, mine->box);
	if (ret)
		pr_err("no line %u for vCPU %u: %d\n", lines[mine->vcpu],
		       mine->vcpu, ret);
	return ret;
}

int __init rs_inject_arch(void)
{
	x86_platform_ipi_callback = rs_msi;
	return register_nmi_handler(NMI_LOCAL, rs_nmi, 0, "remapstorm");
}
