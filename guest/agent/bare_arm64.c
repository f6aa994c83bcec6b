// SPDX-License-Identifier: Apache-2.0
/*
 * Two pages where nothing is, through /dev/mem, for which the kernel needs CONFIG_DEVMEM. In assembly: KVM is told address
 * and size of an access only if the instruction does nothing else, and a compiler may have a store move its pointer, too.
 */
#include "agent.h"

#define PAGE 4096

static void *doorbell, *text;

static void store(void *address, unsigned int value)
{
	__asm__ volatile("str %w0, [%1]" : : "r"(value), "r"(address) : "memory");
}

static unsigned int load(const void *address)
{
	unsigned int value;

	__asm__ volatile("ldr %w0, [%1]" : "=r"(value) : "r"(address) : "memory");
	return value;
}

static void *map_page(int memory, unsigned long long address)
{
	void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, memory, (off_t)address);

	return page == MAP_FAILED ? NULL : page;
}

int bare_open(void)
{
	int memory = open("/dev/mem", O_RDWR | O_SYNC, 0);

	if (memory < 0)
		return 1;
	doorbell = map_page(memory, RS_DOORBELL_GPA);
	text = map_page(memory, RS_WORKLOAD_GPA);
	close(memory);
	return !doorbell || !text;
}

void bare_ring(unsigned int value)
{
	if (doorbell)
		store(doorbell, value);
}

void bare_rewind_text(void)
{
	if (text)
		store(text, 0);
}

unsigned int bare_text_word(void)
{
	return text ? load(text) : 0;
}
