// SPDX-License-Identifier: GPL-2.0-only
/*
 * The mailbox region, the per-CPU rings in it, and the probe.
 */
#define pr_fmt(fmt) "remapstorm: " fmt

#include <linux/init.h>
#include <linux/io.h>
#include <linux/irqflags.h>
#include <linux/moduleparam.h>
#include <linux/preempt.h>
#include <linux/smp.h>
#include <asm/local.h>
#include "internal.h"

#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "remapstorm."

unsigned long long rs_mailbox_gpa;
module_param_named(mailbox, rs_mailbox_gpa, ullong, 0);
MODULE_PARM_DESC(mailbox, "Guest-physical address of the harness's mailbox");

static const u64 rs_all_quiet[2] = { ~0ULL, ~0ULL };

struct rs_mailbox *rs_mailbox;
const u64 *rs_quiet = rs_all_quiet;
DEFINE_PER_CPU(struct rs_cpu, rs_cpus);

static u32 rs_context(void)
{
	u32 context = RS_CTX_TASK;

	if (in_nmi())
		context = RS_CTX_NMI;
	else if (in_hardirq())
		context = RS_CTX_HARDIRQ;
	else if (in_serving_softirq())
		context = RS_CTX_SOFTIRQ;
	if (irqs_disabled())
		context |= RS_CTX_IRQS_OFF;
	if (preempt_count() & PREEMPT_MASK)
		context |= RS_CTX_PREEMPT_OFF;
	return context;
}

/*
 * Reserve, fill, publish. Interrupts are off so that a handler that never
 * returns cannot leave a hole; an NMI gets the next entry. local_t because
 * only this CPU counts, and an NMI may come between any two instructions.
 */
static u64 rs_log(struct rs_cpu *cpu, unsigned int probe, unsigned long pc,
		  u32 context, const u64 args[4])
{
	struct rs_vcpu_box *box = cpu->box;
	struct rs_entry *entry;
	unsigned long flags;
	u64 sequence;

	BUILD_BUG_ON(sizeof(local_t) != sizeof(box->ring_head));

	raw_local_irq_save(flags);
	sequence = local_add_return(1, (local_t *)&box->ring_head);
	while (sequence - READ_ONCE(box->ring_tail) > RS_RING_ENTRIES)
		rs_doorbell(RS_OP_DRAIN, 0);

	entry = &cpu->ring[(sequence - 1) % RS_RING_ENTRIES];
	entry->tsc = rs_clock();
	entry->pc = pc;
	entry->probe = probe;
	entry->vcpu = cpu->vcpu;
	entry->context = context;
	entry->args[0] = args[0];
	entry->args[1] = args[1];
	entry->args[2] = args[2];
	entry->args[3] = args[3];
	smp_store_release(&entry->sequence, sequence);
	raw_local_irq_restore(flags);
	return sequence;
}

/* Log, then stop for the harness with interrupts as the caller had them. */
static void rs_log_and_ring(struct rs_cpu *cpu, unsigned int probe,
			    unsigned long pc, u32 context, const u64 args[4])
{
	u64 sequence = rs_log(cpu, probe, pc, context, args);

	if (probe < RS_PROBE_LIMIT &&
	    READ_ONCE(rs_mailbox->armed[probe / 64]) >> (probe % 64) & 1)
		rs_doorbell(RS_OP_PROBE, sequence & 0xffffff);
}

static bool rs_preemptible(u32 context)
{
	return !(context & (RS_CTX_IRQS_OFF | RS_CTX_PREEMPT_OFF)) &&
	       RS_CTX_LEVEL(context) == RS_CTX_TASK;
}

/*
 * Soft hold: spin where we are, interrupts and preemption as they were, so
 * that what else is to run here, and RCU, go on. Only the CPU stays the same.
 */
static void rs_hold(struct rs_cpu *cpu, unsigned long pc, u32 context)
{
	u32 token = READ_ONCE(cpu->box->hold);
	bool preemptible = rs_preemptible(context);
	u64 spins = 0;

	if (likely(!token) || cpu->holding)
		return;

	cpu->holding = true;
	if (preemptible)
		migrate_disable();
	rs_log_and_ring(cpu, RS_PROBE_HOLD_BEGIN, pc, context,
			(const u64[4]) { token });
	while (READ_ONCE(cpu->box->hold) == token) {
		/* We may be in an NMI handler: see flush.c. */
		rs_flush_poll();
		if (preemptible)
			preempt_enable();
		cpu_relax();
		if (preemptible)
			preempt_disable();
		spins++;
	}
	if (preemptible)
		migrate_enable();
	rs_log_and_ring(cpu, RS_PROBE_HOLD_END, pc, context,
			(const u64[4]) { token, spins });
	cpu->holding = false;
}

void __rs_probe(unsigned int probe, unsigned long pc, const u64 args[4])
{
	struct rs_vcpu_box *box = NULL;
	u32 context = rs_context();
	struct rs_cpu *cpu;

	/*
	 * From here to the end on one CPU: the harness looks for the entry in
	 * the ring of the vCPU that rang.
	 */
	preempt_disable_notrace();
	cpu = this_cpu_ptr(&rs_cpus);
	if (likely(cpu->box)) {
		if (cpu->in_window)
			context |= RS_CTX_IN_WINDOW;
		rs_log_and_ring(cpu, probe, pc, context, args);
		rs_hold(cpu, pc, context);
		if (unlikely(READ_ONCE(cpu->box->call_token)))
			box = cpu->box;
	}
	preempt_enable_notrace();
	/* As the code that probes would do it, preemptible if that is. */
	if (unlikely(box))
		rs_call(box);
}

static void __init rs_attach_cpus(struct rs_mailbox *mailbox)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		u32 vcpu = rs_vcpu_of(cpu);
		struct rs_cpu *mine = per_cpu_ptr(&rs_cpus, cpu);

		if (vcpu >= RS_MAX_VCPUS)
			continue;
		mine->vcpu = vcpu;
		mine->ring = (void *)mailbox + RS_RING_OFFSET +
			     vcpu * RS_RING_BYTES;
		mine->box = &mailbox->vcpu[vcpu];
	}
}

static int __init rs_map_mailbox(void)
{
	struct rs_mailbox *mailbox;

	if (!rs_mailbox_gpa)
		return 0;

	/* First, so that the harness hears of the panics below as well. */
	rs_control_init();

	/* Outside RAM, so no struct page and no direct map behind it. */
	mailbox = memremap(rs_mailbox_gpa, RS_MAILBOX_BYTES, MEMREMAP_WB);
	if (!mailbox)
		panic("remapstorm: cannot map the mailbox at %#llx", rs_mailbox_gpa);
	if (mailbox->magic != RS_ABI_MAGIC || mailbox->version != RS_ABI_VERSION)
		panic("remapstorm: no mailbox of version %u at %#llx (magic %#llx, version %u)",
		      RS_ABI_VERSION, rs_mailbox_gpa, mailbox->magic,
		      mailbox->version);
	if (mailbox->ring_entries != RS_RING_ENTRIES ||
	    mailbox->ring_offset != RS_RING_OFFSET)
		panic("remapstorm: mailbox has %u ring entries at %u, not %u at %u",
		      mailbox->ring_entries, mailbox->ring_offset,
		      RS_RING_ENTRIES, RS_RING_OFFSET);

	BUILD_BUG_ON(sizeof(struct rs_mailbox) > RS_RING_OFFSET);
	mailbox->guest_version = RS_ABI_VERSION;
	rs_attach_cpus(mailbox);
	rs_mailbox = mailbox;
	/* Probes start when they see this. */
	smp_store_release(&rs_quiet, mailbox->quiet);
	return 0;
}
postcore_initcall(rs_map_mailbox);
