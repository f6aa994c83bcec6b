// SPDX-License-Identifier: GPL-2.0-only
/*
 * Test interrupts: the harness raises one, and its handler touches the struct
 * page whose mapping is being changed, from the context that it asked for, or
 * does what touches some struct page by the way.
 */
#define pr_fmt(fmt) "remapstorm: " fmt

#include <linux/init.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/irq_work.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sched/clock.h>
#include <linux/slab.h>
#include <asm/hw_irq.h>
#include <asm/irq_regs.h>
#include <asm/nmi.h>
#include "internal.h"

#define RS_KINDS	(RS_KIND_CALL + 1)
#define RS_BUDDY_ORDER	(PMD_SHIFT - PAGE_SHIFT)
#define RS_MOST_BUDDIES	16	/* 32 MiB */
#define RS_STALE_MS	1000	/* longest wait for a change */
#define RS_WAIT_MS	100	/* longest wait for a reader */
#define RS_FRESH_NS	10000	/* it reads right now */

/* What a handler left to a softirq or to the thread of its CPU. */
struct rs_deferred {
	struct tasklet_struct tasklet;
	struct tasklet_struct free_buddy;
	struct task_struct *thread;
	struct irq_work kick;			/* an NMI can start neither */
	u32 softirq_token[RS_KINDS];
	u32 thread_token[RS_KINDS];
	u32 buddy_token[RS_KINDS];
	u32 thread_action[RS_KINDS];
	void *object;				/* to be freed by a handler */
};

static DEFINE_PER_CPU(struct rs_deferred, rs_deferred);

/* 2 MiB beside a huge page, to be freed by a softirq or a thread. */
static struct page *rs_buddy;

/* Where a test wrote last. */
static unsigned long *rs_written;
static u64 rs_stale_read;	/* when rs_write_stale() last read */

static void rs_read_for(u32 kind, u32 token)
{
	const unsigned long *target = rs_target();

	if (!target)
		return;
	rs_probe(INJECT_READ, kind, token, (u64)target, READ_ONCE(*target));
}

static void rs_read_tokens(u32 *tokens)
{
	u32 kind, token;

	for (kind = 0; kind < RS_KINDS; kind++) {
		token = xchg(&tokens[kind], 0);
		if (token)
			rs_read_for(kind, token);
	}
}

static void rs_tasklet(struct tasklet_struct *tasklet)
{
	rs_read_tokens(this_cpu_ptr(&rs_deferred)->softirq_token);
}

/* Looks at the struct page of the slab that the object is in. */
static void rs_free_object(u32 kind, u32 token)
{
	void *object = this_cpu_xchg(rs_deferred.object, NULL);

	if (!object)
		return;
	kfree(object);
	rs_probe(INJECT_READ, kind, token, (u64)virt_to_page(object));
}

/*
 * Free single pages until this CPU's list of them is so full that the next one
 * to be freed takes zone->lock. Logs how many are missing to that.
 */
static void rs_fill_free_list(u32 kind, u32 token)
{
	struct page *page = alloc_pages(GFP_KERNEL | __GFP_NOWARN, RS_BUDDY_ORDER);
	struct per_cpu_pages *list;
	unsigned int used = 0;

	if (!page)
		return;
	split_page(page, RS_BUDDY_ORDER);
	/* The thread is bound to this CPU. */
	list = raw_cpu_ptr(page_zone(page)->per_cpu_pageset);
	while (used < 1U << RS_BUDDY_ORDER &&
	       READ_ONCE(list->count) < READ_ONCE(list->high) - 1)
		__free_page(&page[used++]);
	/* What is left stays away from the list. */
	rs_probe(INJECT_READ, kind, token, (u64)list,
		 READ_ONCE(list->high) - READ_ONCE(list->count));
}

/*
 * Set a bit in the first struct page under remap as hugetlb sets its own: in
 * the private word, which is the pool's. Nobody else uses that bit.
 */
static void rs_write_to(struct page *head, u32 kind, u32 token)
{
	set_bit(RS_WRITTEN_BIT, &head->private);
	WRITE_ONCE(rs_written, &head->private);
	rs_probe(INJECT_WRITE, kind, token, (u64)&head->private, RS_WRITTEN_BIT);
}

static void rs_write_head(u32 kind, u32 token)
{
	struct page *head = (struct page *)rs_target();

	if (head)
		rs_write_to(head, kind, token);
}

/*
 * The same as soon as another page is mapped there, through the translation
 * that this CPU still has of the old one: read until then, so that it has it.
 */
static void rs_write_stale(u32 kind, u32 token)
{
	struct page *head = (struct page *)rs_target();
	unsigned int level;
	pte_t *pte = head ? lookup_address((unsigned long)head, &level) : NULL;
	unsigned long pfn;
	u64 until;

	if (!pte || level != PG_LEVEL_4K)
		return;
	pfn = pte_pfn(ptep_get(pte));
	rs_probe(INJECT_READ, kind, token, (u64)head, READ_ONCE(head->flags));
	until = local_clock() + RS_STALE_MS * NSEC_PER_MSEC;
	while (pte_pfn(ptep_get(pte)) == pfn) {
		/* Written now, it would be no stale translation. */
		if (local_clock() >= until)
			return;
		(void)READ_ONCE(head->flags);
		WRITE_ONCE(rs_stale_read, local_clock());
	}
	rs_write_to(head, kind, token);
}

/*
 * Stay until another CPU is about to: it reads, and did so right now. While its
 * processor is away, in the host, it forgets what it knows of addresses.
 */
static void rs_wait_for_reader(void)
{
	u64 until = local_clock() + RS_WAIT_MS * NSEC_PER_MSEC;
	u64 now = local_clock();

	while (now < until &&
	       (s64)(now - READ_ONCE(rs_stale_read)) > RS_FRESH_NS) {
		rs_flush_poll();
		now = local_clock();
	}
}

/* What became of it? Address 0: nothing was written. */
static void rs_look_again(u32 kind, u32 token)
{
	const unsigned long *written = READ_ONCE(rs_written);

	rs_probe(INJECT_READ, kind, token, (u64)written,
		 written ? READ_ONCE(*written) : 0);
}

/* Looks at the struct page of the other half: can the two be merged? */
static void rs_free_buddy(u32 kind, u32 token)
{
	struct page *page = xchg(&rs_buddy, NULL);

	if (!page)
		return;
	__free_pages(page, RS_BUDDY_ORDER);
	rs_probe(INJECT_READ, kind, token,
		 (u64)pfn_to_page(page_to_pfn(page) ^ (1UL << RS_BUDDY_ORDER)));
}

static void rs_buddy_tasklet(struct tasklet_struct *tasklet)
{
	u32 *tokens = this_cpu_ptr(&rs_deferred)->buddy_token;
	u32 kind, token;

	for (kind = 0; kind < RS_KINDS; kind++) {
		token = xchg(&tokens[kind], 0);
		if (token)
			rs_free_buddy(kind, token);
	}
}

/*
 * When the allocator has to cut a larger block in two, it gives one half and
 * keeps the other at the head of its list, where the next huge page comes from.
 * So take pages until the buddy of one is free. All of them are kept: what is
 * given back would be taken first.
 */
int rs_keep_buddy(void)
{
	/* As hugetlb asks, so from the same lists. */
	gfp_t gfp = IS_ENABLED(CONFIG_MIGRATION) ? GFP_HIGHUSER_MOVABLE : GFP_HIGHUSER;
	unsigned int taken;

	if (READ_ONCE(rs_buddy))
		return -EEXIST;
	for (taken = 0; taken < RS_MOST_BUDDIES; taken++) {
		struct page *page = alloc_pages(gfp | __GFP_NOWARN, RS_BUDDY_ORDER);
		struct page *other;

		if (!page)
			break;
		other = pfn_to_page(page_to_pfn(page) ^ (1UL << RS_BUDDY_ORDER));
		if (PageBuddy(other) && page_private(other) == RS_BUDDY_ORDER) {
			WRITE_ONCE(rs_buddy, page);
			return 0;
		}
	}
	return -ENOMEM;
}

static void rs_thread_work(struct rs_deferred *deferred)
{
	u32 kind, token;

	for (kind = 0; kind < RS_KINDS; kind++) {
		token = xchg(&deferred->thread_token[kind], 0);
		if (!token)
			continue;
		switch (READ_ONCE(deferred->thread_action[kind])) {
		case RS_ACTION_READ_THREAD:
			rs_read_for(kind, token);
			break;
		case RS_ACTION_FREE_BUDDY_THREAD:
			rs_free_buddy(kind, token);
			break;
		case RS_ACTION_FILL_FREE_LIST:
			rs_fill_free_list(kind, token);
			break;
		}
	}
}

static int rs_thread(void *unused)
{
	struct rs_deferred *deferred = this_cpu_ptr(&rs_deferred);

	while (!kthread_should_stop()) {
		rs_thread_work(deferred);
		set_current_state(TASK_IDLE);
		if (!memchr_inv(deferred->thread_token, 0,
				sizeof(deferred->thread_token)))
			schedule();
		__set_current_state(TASK_RUNNING);
	}
	return 0;
}

static void rs_start_deferred(struct irq_work *work)
{
	struct rs_deferred *deferred = this_cpu_ptr(&rs_deferred);

	if (memchr_inv(deferred->softirq_token, 0,
		       sizeof(deferred->softirq_token)))
		tasklet_hi_schedule(&deferred->tasklet);
	if (memchr_inv(deferred->buddy_token, 0, sizeof(deferred->buddy_token)))
		tasklet_hi_schedule(&deferred->free_buddy);
	if (memchr_inv(deferred->thread_token, 0,
		       sizeof(deferred->thread_token)))
		wake_up_process(deferred->thread);
}

static void rs_defer(u32 *slot, u32 token)
{
	struct rs_deferred *deferred = this_cpu_ptr(&rs_deferred);

	WRITE_ONCE(*slot, token);
	if (in_nmi())
		irq_work_queue(&deferred->kick);
	else
		rs_start_deferred(&deferred->kick);
}

/* In the handler; takes the token first, so that the harness may send more. */
static bool rs_handle(u32 kind, u32 *token_word, u32 *action_word,
		      const struct pt_regs *regs)
{
	u32 token = READ_ONCE(*token_word) ? xchg(token_word, 0) : 0;
	u32 action = READ_ONCE(*action_word);

	if (!token)
		return false;

	rs_probe(INJECT_ENTER, kind, token, regs ? regs->ip : 0);
	switch (action) {
	case RS_ACTION_READ_TARGET:
		rs_read_for(kind, token);
		break;
	case RS_ACTION_READ_SOFTIRQ:
		rs_defer(&this_cpu_ptr(&rs_deferred)->softirq_token[kind], token);
		break;
	case RS_ACTION_FREE_BUDDY:
		rs_defer(&this_cpu_ptr(&rs_deferred)->buddy_token[kind], token);
		break;
	case RS_ACTION_READ_THREAD:
	case RS_ACTION_FREE_BUDDY_THREAD:
	case RS_ACTION_FILL_FREE_LIST:
		this_cpu_write(rs_deferred.thread_action[kind], action);
		rs_defer(&this_cpu_ptr(&rs_deferred)->thread_token[kind], token);
		break;
	case RS_ACTION_FREE_OBJECT:
		if (!in_nmi())
			rs_free_object(kind, token);
		break;
	case RS_ACTION_WRITE_HEAD:
		rs_write_head(kind, token);
		break;
	case RS_ACTION_WRITE_STALE:
		rs_write_stale(kind, token);
		break;
	case RS_ACTION_WAIT_FOR_READER:
		rs_wait_for_reader();
		break;
	case RS_ACTION_LOOK_AGAIN:
		rs_look_again(kind, token);
		break;
	}
	rs_probe(INJECT_LEAVE, kind, token);
	return true;
}

void rs_call(struct rs_vcpu_box *box)
{
	rs_handle(RS_KIND_CALL, &box->call_token, &box->call_action, NULL);
}

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

static int __init rs_inject_init_cpu(unsigned int cpu)
{
	static const u8 lines[] __initconst = RS_X86_LINES;
	struct rs_deferred *deferred = per_cpu_ptr(&rs_deferred, cpu);
	struct rs_cpu *mine = per_cpu_ptr(&rs_cpus, cpu);
	int ret;

	if (!mine->box)
		return 0;

	tasklet_setup(&deferred->tasklet, rs_tasklet);
	tasklet_setup(&deferred->free_buddy, rs_buddy_tasklet);
	deferred->kick = IRQ_WORK_INIT_HARD(rs_start_deferred);
	deferred->object = kmalloc(64, GFP_KERNEL);
	if (!deferred->object)
		return -ENOMEM;
	deferred->thread = kthread_create_on_cpu(rs_thread, NULL, cpu,
						 "remapstorm/%u");
	if (IS_ERR(deferred->thread))
		return PTR_ERR(deferred->thread);
	sched_set_fifo(deferred->thread);
	wake_up_process(deferred->thread);

	BUILD_BUG_ON(ARRAY_SIZE(lines) != RS_MAX_VCPUS);
	ret = rs_request_line(lines[mine->vcpu], cpu, mine->box);
	if (ret)
		pr_err("no line %u for vCPU %u: %d\n", lines[mine->vcpu],
		       mine->vcpu, ret);
	return ret;
}

static int __init rs_inject_init(void)
{
	unsigned int cpu;
	int ret;

	if (!rs_mailbox)
		return 0;
	for_each_online_cpu(cpu) {
		ret = rs_inject_init_cpu(cpu);
		if (ret)
			return ret;
	}
	x86_platform_ipi_callback = rs_msi;
	return register_nmi_handler(NMI_LOCAL, rs_nmi, 0, "remapstorm");
}
device_initcall(rs_inject_init);
