// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the agent in user space asks of the driver, and what the harness must
 * hear of the machine's end.
 */
#include <linux/console.h>
#include <linux/fs.h>
#include <linux/init.h>
#include <linux/memblock.h>
#include <linux/memory.h>
#include <linux/mm.h>
#include <linux/panic_notifier.h>
#include <linux/proc_fs.h>
#include <linux/reboot.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>
#include <linux/workqueue.h>
#include "internal.h"

#define RS_FLUSH_MS	1000	/* without progress */

/* Address that rs_mailbox.target names, if a struct page can be there. */
const unsigned long *rs_target(void)
{
	u64 target = READ_ONCE(rs_mailbox->target);
	u64 first = (u64)pfn_to_page(0);
	u64 end = (u64)pfn_to_page(ALIGN(max_pfn, PAGES_PER_SECTION));

	if (target < first || target >= end || target % sizeof(struct page))
		return NULL;
	return (const unsigned long *)target;
}

static long rs_read_target(unsigned long count)
{
	const unsigned long *target;
	unsigned long i;

	if (!count || count > 65536)
		return -EINVAL;
	for (i = 0; i < count; i++) {
		if (READ_ONCE(rs_mailbox->stop) || signal_pending(current))
			break;
		/* The newest window may be on another page by now. */
		target = rs_target();
		if (target)
			(void)READ_ONCE(*target);
		cond_resched();
	}
	return i;
}

static long rs_work_end(void __user *argument)
{
	struct rs_work_end end;

	if (copy_from_user(&end, argument, sizeof(end)))
		return -EFAULT;
	rs_probe(WORK_END, end.index, end.status, end.count);
	return 0;
}

static long rs_target_pfn(u64 __user *argument)
{
	const unsigned long *target = rs_target();

	if (!target)
		return -EAGAIN;
	return put_user((u64)page_to_pfn((struct page *)target), argument);
}

static long rs_ioctl(struct file *file, unsigned int request, unsigned long arg)
{
	switch (request) {
	case RS_IOC_DOORBELL:
		if (RS_DOORBELL_OP(arg) != RS_OP_READY &&
		    RS_DOORBELL_OP(arg) != RS_OP_DONE)
			return -EINVAL;
		/*
		 * The harness stops us at the last bell: what hugetlb left to a
		 * kworker must be done, and what the kernel said must be out.
		 */
		if (RS_DOORBELL_OP(arg) == RS_OP_DONE) {
			__flush_workqueue(system_percpu_wq);
			pr_flush(RS_FLUSH_MS, true);
		}
		rs_doorbell(RS_DOORBELL_OP(arg), RS_DOORBELL_OPERAND((u32)arg));
		return 0;
	case RS_IOC_WORK_BEGIN:
		rs_probe(WORK_BEGIN, arg);
		return 0;
	case RS_IOC_WORK_END:
		return rs_work_end((void __user *)arg);
	case RS_IOC_READ_TARGET:
		return rs_read_target(arg);
	case RS_IOC_TARGET_PFN:
		return rs_target_pfn((u64 __user *)arg);
	case RS_IOC_KEEP_BUDDY:
		return rs_keep_buddy();
	default:
		return -ENOTTY;
	}
}

static int rs_mmap(struct file *file, struct vm_area_struct *vma)
{
	unsigned long size = vma->vm_end - vma->vm_start;

	if (vma->vm_pgoff || size > RS_RING_OFFSET || vma->vm_flags & VM_WRITE)
		return -EINVAL;
	vm_flags_clear(vma, VM_MAYWRITE);
	return remap_pfn_range(vma, vma->vm_start, rs_mailbox_gpa >> PAGE_SHIFT,
			       size, vma->vm_page_prot);
}

static const struct proc_ops rs_proc_ops = {
	.proc_ioctl	= rs_ioctl,
	.proc_mmap	= rs_mmap,
};

/*
 * Last in the chain. The message may still wait for a console lock whose
 * owner has been stopped; the harness stops us as soon as the bell rings.
 */
static int rs_panic(struct notifier_block *block, unsigned long event, void *data)
{
	console_flush_on_panic(CONSOLE_FLUSH_PENDING);
	rs_doorbell(RS_OP_PANIC, 0);
	return NOTIFY_DONE;
}

static struct notifier_block rs_panic_block = {
	.notifier_call	= rs_panic,
	.priority	= INT_MIN,
};

static int rs_power_off(struct sys_off_data *data)
{
	rs_doorbell(RS_OP_POWEROFF, 0);
	return NOTIFY_DONE;
}

void __init rs_control_init(void)
{
	atomic_notifier_chain_register(&panic_notifier_list, &rs_panic_block);
}

static int __init rs_proc_init(void)
{
	if (!rs_mailbox)
		return 0;
	if (!proc_create("remapstorm", 0600, NULL, &rs_proc_ops))
		return -ENOMEM;
	return PTR_ERR_OR_ZERO(register_sys_off_handler(SYS_OFF_MODE_POWER_OFF,
							SYS_OFF_PRIO_FIRMWARE,
							rs_power_off, NULL));
}
device_initcall(rs_proc_init);
