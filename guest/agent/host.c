// SPDX-License-Identifier: Apache-2.0
#include "agent.h"

#include <linux/reboot.h>

static int driver = -1;
static const volatile struct rs_mailbox *mailbox;

void host_open(void)
{
	void *map;

	driver = open("/proc/remapstorm", O_RDONLY, 0);
	if (driver < 0) {
		if (bare_open())
			printf("agent: no /proc/remapstorm and no doorbell: the host cannot hear this guest\n");
		else
			printf("agent: no /proc/remapstorm: a bare doorbell, no probes\n");
		return;
	}
	map = mmap(NULL, RS_RING_OFFSET, PROT_READ, MAP_SHARED, driver, 0);
	if (map == MAP_FAILED)
		printf("agent: cannot map the mailbox: errno %d\n", errno);
	else
		mailbox = map;
}

static void ring(unsigned int operation, unsigned int operand)
{
	if (driver >= 0)
		ioctl(driver, RS_IOC_DOORBELL, (void *)(uintptr_t)RS_DOORBELL(operation, operand));
	else
		bare_ring(RS_DOORBELL(operation, operand));
}

void host_ready(void)
{
	ring(RS_OP_READY, 0);
}

void host_done(unsigned int failed)
{
	ring(RS_OP_DONE, failed);
}

void host_power_off(void)
{
	/* The driver rings RS_OP_POWEROFF when the kernel is about to. */
	if (driver < 0)
		ring(RS_OP_POWEROFF, 0);
	reboot(LINUX_REBOOT_CMD_POWER_OFF);
}

void host_workload_text(char *text, unsigned int size)
{
	unsigned int i = 0, word;

	if (mailbox) {
		while (i < RS_WORKLOAD_BYTES && i + 1 < size && mailbox->workload[i]) {
			text[i] = mailbox->workload[i];
			i++;
		}
	} else if (driver < 0) {
		bare_rewind_text();
		while (i < RS_WORKLOAD_BYTES && i + 4 < size) {
			word = bare_text_word();
			memcpy(text + i, &word, 4);
			i += 4;
			if (!(word >> 24))
				break;
		}
	}
	text[i] = 0;
}

void host_work_begin(unsigned int index)
{
	if (driver >= 0)
		ioctl(driver, RS_IOC_WORK_BEGIN, (void *)(uintptr_t)index);
}

void host_work_end(unsigned int index, unsigned int status, uint64_t count)
{
	struct rs_work_end end = { .index = index, .status = status, .count = count };

	if (driver >= 0)
		ioctl(driver, RS_IOC_WORK_END, &end);
	if (status)
		printf("agent: workload %u ended with status %u\n", index, status);
}

int host_stop(void)
{
	return mailbox && mailbox->stop;
}

int host_holds(void)
{
	return mailbox && mailbox->held;
}

long host_read_target(unsigned long times)
{
	int done;

	if (driver < 0)
		return -ENOSYS;
	done = ioctl(driver, RS_IOC_READ_TARGET, (void *)times);
	return done < 0 ? -errno : done;
}

int host_target_pfn(uint64_t *pfn)
{
	if (driver < 0)
		return ENOSYS;
	return ioctl(driver, RS_IOC_TARGET_PFN, pfn) < 0 ? errno : 0;
}

int host_keep_buddy(void)
{
	if (driver < 0)
		return ENOSYS;
	return ioctl(driver, RS_IOC_KEEP_BUDDY, NULL) < 0 ? errno : 0;
}
