// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a test interrupt's handler does to a struct page, or what touches some
 * struct page by the way. Any context but where said.
 */
#include <linux/mm.h>
#include <linux/sched/clock.h>
#include <linux/uaccess.h>
#include "internal.h"
#include "touch.h"

#define RS_BUDDY_ORDER	(PMD_SHIFT - PAGE_SHIFT)
#define RS_MOST_BUDDIES	16	/* 32 MiB */
#define RS_STALE_MS	1000	/* longest wait for a change */
#define RS_WAIT_MS	100	/* longest wait for a reader */
#define RS_FRESH_NS	10000	/* it reads right now */

/* 2 MiB beside a huge page, to be freed by a softirq or a thread. */
static struct page *rs_buddy;

/* Where a test wrote last. */
static unsigned long *rs_written;
static u64 rs_stale_read;	/* when rs_write_stale() last read */

void rs_read_for(u32 kind, u32 token)
{
	const unsigned long *target = rs_target();

	if (!target)
		return;
	rs_probe(INJECT_READ, kind, token, (u64)target, READ_ONCE(*target));
}

/*
 * As tracers and /proc/kcore do: a fault of these loads has somewhere to go, so
 * that they may fail. Of memory that is there they never do. (The loads of
 * copy_to_user() on arm64 have nowhere to go.)
 */
void rs_copy_for(u32 kind, u32 token)
{
	const unsigned long *target = rs_target();
	unsigned long flags = 0;
	long ret;

	if (!target)
		return;
	ret = copy_from_kernel_nofault(&flags, target, sizeof(flags));
	rs_probe(INJECT_READ, kind, token, (u64)target, flags);
	WARN(ret, "remapstorm: a copy of a struct page in use failed: %ld\n", ret);
}

/*
 * Free single pages until this CPU's list of them is so full that the next one
 * to be freed takes zone->lock. Logs how many are missing to that.
 */
void rs_fill_free_list(u32 kind, u32 token)
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

void rs_write_head(u32 kind, u32 token)
{
	struct page *head = (struct page *)rs_target();

	if (head)
		rs_write_to(head, kind, token);
}

/*
 * The same as soon as another page is mapped there, through the translation
 * that this CPU still has of the old one: read until then, so that it has it.
 */
void rs_write_stale(u32 kind, u32 token)
{
	struct page *head = (struct page *)rs_target();
	bool page;
	pte_t *pte = head ? rs_leaf((unsigned long)head, &page) : NULL;
	unsigned long pfn;
	u64 until;

	if (!pte || !page)
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
void rs_wait_for_reader(void)
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
void rs_look_again(u32 kind, u32 token)
{
	const unsigned long *written = READ_ONCE(rs_written);

	rs_probe(INJECT_READ, kind, token, (u64)written,
		 written ? READ_ONCE(*written) : 0);
}

/* Looks at the struct page of the other half: can the two be merged? */
void rs_free_buddy(u32 kind, u32 token)
{
	struct page *page = xchg(&rs_buddy, NULL);

	if (!page)
		return;
	__free_pages(page, RS_BUDDY_ORDER);
	rs_probe(INJECT_READ, kind, token,
		 (u64)pfn_to_page(page_to_pfn(page) ^ (1UL << RS_BUDDY_ORDER)));
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
