// SPDX-License-Identifier: GPL-2.0-only
/*
 * How a vmemmap entry is changed.
 *
 *  inplace		one store over the old entry, as in mainline on x86; what
 *			follows is unpredictable by arm64's architecture
 *  bbm-fault		break before make: clear, flush, set, under
 *			init_mm.page_table_lock with interrupts as they are; a
 *			fault on the range meanwhile takes the lock and retries
 *  bbm-fault-irqsafe	the same with interrupts off wherever the lock is held
 *  bbm-fault-ipi	bbm-fault, but flushes by IPI, as an x86 kernel would
 *  stop-machine	clear, flush, set under stop_machine(); no fault handler
 *  pause-nmi		the others spin in an NMI handler meanwhile
 *  pause-ipi		the others spin in an IPI handler meanwhile
 *  bbml2		no break: a block becomes a table as arm64's FEAT_BBM level
 *			2 lets it, a page another one that holds the same
 */
#define pr_fmt(fmt) "remapstorm: " fmt

#include <linux/init.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include "internal.h"
#include "lock.h"

#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "remapstorm."

static char *strategy_name = "inplace";
module_param_named(strategy, strategy_name, charp, 0);
MODULE_PARM_DESC(strategy, "How vmemmap entries are changed");

bool rs_by_ipi __ro_after_init;
module_param_named(by_ipi, rs_by_ipi, bool, 0);
MODULE_PARM_DESC(by_ipi, "Ask other CPUs by IPI, not by NMI");

static bool rollback_once;
module_param(rollback_once, bool, 0);
MODULE_PARM_DESC(rollback_once, "Put the first leaf PMD back instead of splitting it");

bool rs_pages_only __ro_after_init;
module_param_named(pages_only, rs_pages_only, bool, 0);
MODULE_PARM_DESC(pages_only, "The fault handler accepts a PTE only, not a leaf PMD");

bool rs_irqs_off __ro_after_init;
module_param_named(irqs_off, rs_irqs_off, bool, 0);
MODULE_PARM_DESC(irqs_off, "Take the lock with interrupts off");

bool rs_zone_lock __read_mostly;
module_param_named(zone_lock, rs_zone_lock, bool, 0);
MODULE_PARM_DESC(zone_lock, "Log who frees pages under zone->lock");

#define Y(id, number, name) [number] = name,
static const char *const strategy_names[] = { RS_STRATEGIES(Y) };
#undef Y

unsigned int rs_strategy __ro_after_init = RS_STRATEGY_INPLACE;
static bool rs_no_hvo __ro_after_init;
struct rs_tickets rs_tickets;

u64 rs_lock_task(void)
{
	return in_task() ? task_pid_nr(current) : 0;
}

/* stop_machine() sleeps, so it needs another lock between splits. */
static DEFINE_MUTEX(rs_stop_mutex);

static __always_inline void rs_update_locked(const struct rs_update *update,
					     unsigned long caller)
{
	if (rs_strategy == RS_STRATEGY_BBML2)
		rs_update_unbroken(update, caller);
	else if (rs_pauses(rs_strategy))
		rs_update_paused(update, caller);
	else
		rs_update_broken(update, caller);
}

noinline void vmemmap_update_pte(unsigned long addr, pte_t *pte, pte_t entry)
{
	const struct rs_update update = {
		.level = RS_LEVEL_PTE,
		.start = addr,
		.end = addr + PAGE_SIZE,
		.entry = pte,
		.value = pte_val(entry),
	};
	unsigned long flags;

	if (rs_strategy == RS_STRATEGY_INPLACE) {
		rs_update_inplace(&update);
	} else if (rs_strategy == RS_STRATEGY_STOP_MACHINE) {
		rs_update_stopped(&update);
	} else {
		flags = rs_lock(_RET_IP_);
		rs_update_locked(&update, _RET_IP_);
		rs_unlock(flags, _RET_IP_);
	}
}

/* Between vmemmap_lock_page_table() and vmemmap_unlock_page_table(). */
noinline int vmemmap_update_pmd(unsigned long start, pmd_t *pmd, pte_t *pgtable)
{
	bool rollback = rollback_once;
	struct rs_update update = {
		.level = RS_LEVEL_PMD,
		.start = start,
		.end = start + PMD_SIZE,
		.entry = pmd,
	};
	pmd_t entry;

	pmd_populate_kernel(&init_mm, &entry, pgtable);
	update.value = pmd_val(rollback ? READ_ONCE(*pmd) : entry);
	rollback_once = false;
	if (rs_strategy == RS_STRATEGY_INPLACE)
		rs_update_inplace(&update);
	else if (rs_strategy == RS_STRATEGY_STOP_MACHINE)
		rs_update_stopped(&update);
	else
		rs_update_locked(&update, _RET_IP_);
	return rollback ? -EAGAIN : 0;
}

unsigned long vmemmap_lock_page_table(void)
{
	if (rs_strategy == RS_STRATEGY_INPLACE)
		spin_lock(&init_mm.page_table_lock);
	else if (rs_strategy == RS_STRATEGY_STOP_MACHINE)
		mutex_lock(&rs_stop_mutex);
	else
		return rs_lock(_RET_IP_);
	return 0;
}

void vmemmap_unlock_page_table(unsigned long flags)
{
	if (rs_strategy == RS_STRATEGY_INPLACE)
		spin_unlock(&init_mm.page_table_lock);
	else if (rs_strategy == RS_STRATEGY_STOP_MACHINE)
		mutex_unlock(&rs_stop_mutex);
	else
		rs_unlock(flags, _RET_IP_);
}

/* Asked where huge pages are counted, and nothing is optimised if not. */
bool vmemmap_may_update(void)
{
	return !rs_no_hvo;
}

#define Y(id, number, name) " " name
/* After the mailbox, so that a refusal is heard; before hugetlb_init(). */
static int __init rs_choose_strategy(void)
{
	int i = match_string(strategy_names, ARRAY_SIZE(strategy_names),
			     strategy_name);

	if (i < 0)
		panic("remapstorm: no strategy '%s' in this kernel, only" RS_STRATEGIES(Y),
		      strategy_name);
	if (rs_lacks(i))
		panic("remapstorm: no strategy '%s' on this machine: %s",
		      strategy_name, rs_lacks(i));
	if (rs_mailbox)
		WRITE_ONCE(rs_mailbox->strategy, i);
	if (i == RS_STRATEGY_BBM_FAULT_IPI || i == RS_STRATEGY_PAUSE_IPI)
		rs_by_ipi = true;
	if (i == RS_STRATEGY_BBM_FAULT_IRQSAFE)
		rs_irqs_off = true;
	if (i != RS_STRATEGY_INPLACE && rs_ask_init())
		panic("remapstorm: no NMI handler for strategy '%s'",
		      strategy_name);
	rs_strategy = i;
	rs_no_hvo = !rs_allows_hvo(i);
	if (rs_no_hvo)
		pr_warn("no HVO: this CPU cannot do strategy '%s'\n",
			strategy_name);
	return 0;
}
#undef Y
postcore_initcall_sync(rs_choose_strategy);
