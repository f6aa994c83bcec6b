/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent: process 1 of the guest. Compiled against the kernel tree's nolibc, which the build puts in front of every
 * source file.
 */
#ifndef REMAPSTORM_AGENT_H
#define REMAPSTORM_AGENT_H

#include "remapstorm_abi.h"

#define MAX_WORKLOADS 32
#define NAME_BYTES 24

struct workload;

/* What a workload's loop may ask while it runs; lives in memory that all processes share. */
struct shared {
	unsigned int waiting;     /* processes at the start barrier */
	unsigned int go;          /* barrier is open */
	unsigned int closed;      /* workloads that end by themselves */
	unsigned int closed_left; /* of them, still running */
	unsigned int not_done;    /* workloads, and process 1 while it starts them */
	unsigned int failed;
	unsigned int ended[MAX_WORKLOADS];
};

struct kind {
	const char *name;
	int open_ended;
	/* Returns 0 or an errno; *count: how often it did its work. */
	int (*run)(const struct workload *workload, struct shared *shared, uint64_t *count);
};

struct workload {
	unsigned int index; /* line of the workload text */
	unsigned int vcpu;
	const struct kind *kind;
	unsigned long pages;
	unsigned long repeat;
	int error;  /* errno of a line that cannot be run */
	int closed; /* counted in shared.closed */
	int pid;
};

/* workloads.c */
const struct kind *find_kind(const char *name);
int finished(const struct shared *shared); /* an open-ended workload should end */

/* parse.c: at most MAX_WORKLOADS; a bad line comes out with its error set. Changes the text. */
unsigned int parse_workloads(char *text, struct workload *workloads);

/* bare_ARCH.c: doorbell and workload text under a kernel without the driver */
int bare_open(void); /* 0: there they are; then the others do something */
void bare_ring(unsigned int value);
void bare_rewind_text(void);
unsigned int bare_text_word(void);

/* host.c: the driver's /proc/remapstorm, or else those */
void host_open(void);
void host_ready(void);
void host_workload_text(char *text, unsigned int size); /* size at least RS_WORKLOAD_BYTES + 1 */
void host_work_begin(unsigned int index);
void host_work_end(unsigned int index, unsigned int status, uint64_t count);
void host_done(unsigned int failed);
void host_power_off(void);
int host_stop(void);
/* The host holds a vCPU now. */
int host_holds(void);
long host_read_target(unsigned long times); /* reads done, or negative errno */
int host_target_pfn(uint64_t *pfn);         /* 0 or errno */
int host_keep_buddy(void);                  /* 0 or errno */

#endif
