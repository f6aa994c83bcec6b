// SPDX-License-Identifier: Apache-2.0
#include "agent.h"

#define SETTLE_MS 200 /* several timer ticks and a grace period */

static int pin_to(unsigned int vcpu)
{
	unsigned long mask = 1UL << vcpu;

	return my_syscall3(__NR_sched_setaffinity, 0, sizeof(mask), &mask) < 0 ? EINVAL : 0;
}

/*
 * The last one to be done rings, before it exits: taking a process down costs
 * tens of milliseconds where kernel mode is slow, and tests nothing.
 */
static void done(struct shared *shared)
{
	if (!__atomic_sub_fetch(&shared->not_done, 1, __ATOMIC_SEQ_CST))
		host_done(shared->failed);
}

static void end(const struct workload *workload, unsigned int status, uint64_t count, unsigned int slot,
		struct shared *shared)
{
	host_work_end(workload->index, status, count);
	shared->ended[slot] = 1;
	if (status)
		__atomic_add_fetch(&shared->failed, 1, __ATOMIC_SEQ_CST);
	if (workload->closed)
		__atomic_sub_fetch(&shared->closed_left, 1, __ATOMIC_SEQ_CST);
	done(shared);
}

/* In the child. Everybody starts together, so that no workload has run alone. */
static int run_child(const struct workload *workload, unsigned int slot, struct shared *shared)
{
	uint64_t count = 0;
	int status = pin_to(workload->vcpu);

	__atomic_add_fetch(&shared->waiting, 1, __ATOMIC_SEQ_CST);
	while (!__atomic_load_n(&shared->go, __ATOMIC_SEQ_CST))
		sched_yield();

	host_work_begin(workload->index);
	if (!status)
		status = workload->kind->run(workload, shared, &count);
	end(workload, (unsigned int)status, count, slot, shared);
	return 0;
}

/* Returns how many processes were started. */
static unsigned int start(struct workload *workloads, unsigned int found, struct shared *shared)
{
	unsigned int i, started = 0;

	for (i = 0; i < found; i++) {
		shared->not_done++;
		workloads[i].closed = !workloads[i].error && !workloads[i].kind->open_ended;
		shared->closed += (unsigned int)workloads[i].closed;
		shared->closed_left += (unsigned int)workloads[i].closed;
	}
	for (i = 0; i < found; i++) {
		struct workload *workload = &workloads[i];

		if (!workload->error) {
			workload->pid = fork();
			if (workload->pid == 0)
				exit(run_child(workload, i, shared));
			if (workload->pid > 0) {
				started++;
				continue;
			}
			workload->error = errno;
		}
		workload->pid = 0;
		host_work_begin(workload->index);
		end(workload, (unsigned int)workload->error, 0, i, shared);
	}
	return started;
}

/* If this process was one of ours and did not come to its end, ends it. */
static void reap(struct workload *workloads, unsigned int found, struct shared *shared, int pid, int status)
{
	unsigned int i;

	for (i = 0; i < found; i++)
		if (workloads[i].pid == pid && !shared->ended[i])
			end(&workloads[i], 128u + (unsigned int)WTERMSIG(status), 0, i, shared);
}

static void run_all(char *text, struct shared *shared)
{
	static struct workload workloads[MAX_WORKLOADS];
	unsigned int found = parse_workloads(text, workloads);
	unsigned int started;
	int pid, status;

	shared->not_done = 1;
	started = start(workloads, found, shared);
	while (__atomic_load_n(&shared->waiting, __ATOMIC_SEQ_CST) < started)
		sched_yield();
	/*
	 * Starting them left memory to RCU. Its callbacks free objects that have
	 * nothing to do with hugetlb, and in a window of a whole PMD that is
	 * enough for a fault. What a scenario injects should be what happens.
	 */
	msleep(SETTLE_MS);
	__atomic_store_n(&shared->go, 1, __ATOMIC_SEQ_CST);
	done(shared);

	while (started && (pid = waitpid(-1, &status, 0)) > 0) {
		started--;
		reap(workloads, found, shared, pid, status);
	}
}

int main(void)
{
	static char text[RS_WORKLOAD_BYTES + 4];
	struct shared *shared;

	mount("proc", "/proc", "proc", 0, NULL);
	host_open();
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED) {
		printf("agent: no shared memory: errno %d\n", errno);
		return 1; /* the kernel panics without process 1, and that is heard */
	}
	/* Everything is in place and nothing has run: the host may take its snapshot here. */
	host_ready();
	host_workload_text(text, sizeof(text));
	run_all(text, shared);
	host_power_off();
	for (;;)
		sleep(60);
}
