// SPDX-License-Identifier: GPL-2.0-only
/*
 * Test interrupts: the harness raises one, and its handler touches the struct
 * page whose mapping is being changed, from the context that it asked for, or
 * does what touches some struct page by the way.
 */
#define pr_fmt(fmt) "remapstorm: " fmt

#include <linux/init.h>
#include <linux/interrupt.h>
#include <linux/irq_work.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include "internal.h"
#include "touch.h"

#define RS_KINDS	(RS_KIND_CALL + 1)

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
bool rs_handle(u32 kind, u32 *token_word, u32 *action_word,
		      struct pt_regs *regs)
{
	u32 token = READ_ONCE(*token_word) ? xchg(token_word, 0) : 0;
	u32 action = READ_ONCE(*action_word);

	if (!token)
		return false;

	rs_probe(INJECT_ENTER, kind, token, regs ? instruction_pointer(regs) : 0);
	switch (action) {
	case RS_ACTION_READ_TARGET:
		rs_read_for(kind, token);
		break;
	case RS_ACTION_COPY_TARGET:
		rs_copy_for(kind, token);
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

static int __init rs_inject_init_cpu(unsigned int cpu)
{
	struct rs_deferred *deferred = per_cpu_ptr(&rs_deferred, cpu);
	struct rs_cpu *mine = per_cpu_ptr(&rs_cpus, cpu);

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

	return rs_inject_arch_cpu(cpu);
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
	return rs_inject_arch();
}
device_initcall(rs_inject_init);
