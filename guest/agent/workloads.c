// SPDX-License-Identifier: Apache-2.0
/* Documented in README.md. */
#include "agent.h"

#define KPAGEFLAGS_ENTRIES 64 /* as many as one vmemmap page describes */
#define READS_PER_CALL 128    /* a few milliseconds where kernel mode is slow */
#define BETWEEN_LOOKS_MS 5    /* a small part of a hold */
#define HUGE_PAGE (2UL << 20)
#define MAP_HUGE_PAGES 0x40000

int finished(const struct shared *shared)
{
	const volatile struct shared *now = shared;

	return host_stop() || (now->closed && !now->closed_left);
}

/* Returns 0, an errno, or ENOMEM when the kernel found fewer pages than asked. */
static int set_pool(const char *path, unsigned long pages)
{
	char text[24] = { 0 };
	const char *digits = u64toa(pages);
	int fd = open(path, O_RDWR, 0);
	int error = 0;

	if (fd < 0)
		return errno;
	if (write(fd, digits, strlen(digits)) < 0 || lseek(fd, 0, SEEK_SET) < 0 ||
	    read(fd, text, sizeof(text) - 1) < 0)
		error = errno;
	else if ((unsigned long)atol(text) != pages)
		error = ENOMEM;
	close(fd);
	return error;
}

static int set_hugepages(unsigned long pages)
{
	return set_pool("/proc/sys/vm/nr_hugepages", pages);
}

static int run_hugetlb_cycle(const struct workload *workload, struct shared *shared, uint64_t *count)
{
	int error = 0;

	(void)shared;
	while (!error && *count < workload->repeat && !host_stop()) {
		error = set_hugepages(workload->pages);
		if (!error)
			error = set_hugepages(0);
		if (!error)
			++*count;
	}
	return error;
}

static int run_hugetlb_grow(const struct workload *workload, struct shared *shared, uint64_t *count)
{
	int error = set_hugepages(workload->pages);

	(void)shared;
	if (!error)
		++*count;
	return error;
}

static int run_hugetlb_grow_by_buddy(const struct workload *workload, struct shared *shared, uint64_t *count)
{
	int error = host_keep_buddy();

	return error ? error : run_hugetlb_grow(workload, shared, count);
}

/* Pages beyond the pool, which need no lock of the pool: several vCPUs can do this at the same time. */
static int run_hugetlb_surplus(const struct workload *workload, struct shared *shared, uint64_t *count)
{
	int error = set_pool("/proc/sys/vm/nr_overcommit_hugepages", RS_MAX_VCPUS * workload->pages);

	(void)shared;
	while (!error && *count < workload->repeat && !host_stop()) {
		unsigned long i, size = workload->pages * HUGE_PAGE;
		volatile char *map = mmap(NULL, size, PROT_READ | PROT_WRITE,
					  MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGE_PAGES, -1, 0);

		if (map == MAP_FAILED)
			return errno;
		for (i = 0; i < size; i += HUGE_PAGE)
			map[i] = 1;
		if (munmap((void *)map, size) < 0)
			error = errno;
		++*count;
	}
	return error;
}

static int run_hugetlb_surplus_by_buddy(const struct workload *workload, struct shared *shared, uint64_t *count)
{
	int error = host_keep_buddy();

	return error ? error : run_hugetlb_surplus(workload, shared, count);
}

static int run_read_target(const struct workload *workload, struct shared *shared, uint64_t *count)
{
	long done;

	(void)workload;
	while (!finished(shared)) {
		done = host_read_target(READS_PER_CALL);
		if (done < 0)
			return (int)-done;
		*count += (uint64_t)done;
	}
	return 0;
}

/* Where there is no hold it runs nothing that others could notice. */
static int run_read_target_in_holds(const struct workload *workload, struct shared *shared, uint64_t *count)
{
	(void)workload;
	while (!finished(shared)) {
		long done;

		if (!host_holds()) {
			msleep(BETWEEN_LOOKS_MS);
			continue;
		}
		done = host_read_target(1);
		if (done < 0)
			return (int)-done;
		*count += (uint64_t)done;
	}
	return 0;
}

static int run_kpageflags(const struct workload *workload, struct shared *shared, uint64_t *count)
{
	uint64_t flags[KPAGEFLAGS_ENTRIES], pfn;
	int fd = open("/proc/kpageflags", O_RDONLY, 0);
	int error = 0;

	(void)workload;
	if (fd < 0)
		return errno;
	while (!error && !finished(shared)) {
		error = host_target_pfn(&pfn);
		if (error == EAGAIN) { /* no window yet */
			error = 0;
			sched_yield();
			continue;
		}
		if (error)
			break;
		if (lseek(fd, (off_t)(pfn * sizeof(flags[0])), SEEK_SET) < 0 ||
		    read(fd, flags, sizeof(flags)) <= 0)
			error = errno ? errno : EIO;
		else
			++*count;
	}
	close(fd);
	return error;
}

static int run_spin(const struct workload *workload, struct shared *shared, uint64_t *count)
{
	(void)workload;
	while (!finished(shared))
		++*count;
	return 0;
}

static const struct kind kinds[] = {
	{ "hugetlb-cycle", 0, run_hugetlb_cycle },
	{ "hugetlb-grow", 0, run_hugetlb_grow },
	{ "hugetlb-grow-by-buddy", 0, run_hugetlb_grow_by_buddy },
	{ "hugetlb-surplus", 0, run_hugetlb_surplus },
	{ "hugetlb-surplus-by-buddy", 0, run_hugetlb_surplus_by_buddy },
	{ "read-target", 1, run_read_target },
	{ "read-target-in-holds", 1, run_read_target_in_holds },
	{ "kpageflags", 1, run_kpageflags },
	{ "spin", 1, run_spin },
};

const struct kind *find_kind(const char *name)
{
	unsigned int i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(kinds[i].name, name))
			return &kinds[i];
	return NULL;
}
