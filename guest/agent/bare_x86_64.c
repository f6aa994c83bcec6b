// SPDX-License-Identifier: Apache-2.0
/* Ports, for which the kernel needs CONFIG_X86_IOPL_IOPERM. */
#include "agent.h"

static void out(unsigned int value, unsigned short port)
{
	__asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static unsigned int in(unsigned short port)
{
	unsigned int value;

	__asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port) : "memory");
	return value;
}

int bare_open(void)
{
	return my_syscall3(__NR_ioperm, RS_DOORBELL_PORT, 8, 1) < 0;
}

void bare_ring(unsigned int value)
{
	out(value, RS_DOORBELL_PORT);
}

void bare_rewind_text(void)
{
	out(0, RS_WORKLOAD_PORT);
}

unsigned int bare_text_word(void)
{
	return in(RS_WORKLOAD_PORT);
}
