/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * The contract between guest and host. Plain C, included by the kernel patch series, the agent and the harness; the build
 * copies it into the kernel tree, so there is one text. Change anything here: raise RS_ABI_VERSION.
 *
 * The host owns one region of guest-physical memory outside RAM (base address on the kernel command line as
 * remapstorm.mailbox=GPA): a struct rs_mailbox, then RS_MAX_VCPUS rings. Every value the guest writes there is hostile to the
 * host until checked.
 */
#ifndef REMAPSTORM_ABI_H
#define REMAPSTORM_ABI_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdint.h>
#ifndef __cplusplus
#include <stddef.h>
#endif
typedef uint64_t __rs_u64;
typedef uint32_t __rs_u32;
typedef uint16_t __rs_u16;
#endif
#ifdef __KERNEL__
typedef __u64 __rs_u64;
typedef __u32 __rs_u32;
typedef __u16 __rs_u16;
#endif

#define RS_ABI_MAGIC 0x4d524f5453504d52ULL /* "RMPSTORM" in memory order */
#define RS_ABI_VERSION 7u
#define RS_MAX_VCPUS 8u
#define RS_RING_ENTRIES 1024u /* per vCPU; a power of two */
#define RS_WORKLOAD_BYTES 4096u

/* Where the host puts the region by default (x86: below the IOAPIC, above any RAM we give; arm64: below the GIC). */
#define RS_MAILBOX_GPA 0xd0000000ULL

/* ---- doorbell -------------------------------------------------------------------------------------------------------
 * x86: a 32-bit OUT to RS_DOORBELL_PORT. arm64: a 32-bit store to RS_DOORBELL_GPA. One VM exit each.
 * Value: operation in bits 0-7, operand in bits 8-31.
 */
#define RS_DOORBELL_PORT 0x5250
#define RS_DOORBELL_GPA 0xcf000000ULL
#define RS_DOORBELL(op, operand) ((__rs_u32)(op) | ((__rs_u32)(operand) << 8))
#define RS_DOORBELL_OP(value) ((value)&0xffu)
#define RS_DOORBELL_OPERAND(value) ((value) >> 8)

#define RS_OP_PROBE 1u    /* an armed probe logged an entry; operand: low 24 bits of its sequence number */
#define RS_OP_READY 2u    /* agent is up, nothing runs yet; workloads are read after this returns: the snapshot point */
#define RS_OP_DONE 3u     /* every workload ended; operand: number of workloads that failed. The final doorbell */
#define RS_OP_DRAIN 4u    /* this vCPU's ring is full; host must advance ring_tail before the guest goes on */
#define RS_OP_PANIC 5u    /* from the panic notifier; the text is on the console */
#define RS_OP_POWEROFF 6u /* machine power-off; does not return */
/* arm64: this vCPU is in the handler of a private interrupt, whose line the host lowers before the guest goes on; operand:
 * RS_KIND_*. */
#define RS_OP_LOWER 7u

/* For kernels without CONFIG_REMAPSTORM. x86: a 32-bit IN from RS_WORKLOAD_PORT yields the next four bytes of the workload
 * text, NUL padded; an OUT of any value to it rewinds. arm64: the same by a 32-bit load from and a store to RS_WORKLOAD_GPA,
 * in a page of its own. */
#define RS_WORKLOAD_PORT 0x5254
#define RS_WORKLOAD_GPA 0xcf001000ULL

/* ---- test interrupts ------------------------------------------------------------------------------------------------
 * x86: an MSI with this fixed vector (the kernel's X86_PLATFORM_IPI_VECTOR), or an edge on the vCPU's own ISA line, which the
 * guest routes to it; listed by vCPU.
 * arm64: private interrupts, which KVM has as levels only: raise that of the vCPU, and lower it at RS_OP_LOWER. The one of
 * RS_KIND_NMI is a pseudo-NMI, and there only with irqchip.gicv3_pseudo_nmi=1. RS_KIND_MSI is the vCPU's own shared
 * interrupt, an edge. The guest finds them in the device tree: a node with RS_ARM64_COMPATIBLE whose "interrupts" are the
 * line (level), the NMI (level), then, if there are any, the shared ones (edge) by vCPU. Numbers are those of a device tree:
 * a private interrupt has INTID 16 more, a shared one 32 more.
 */
#define RS_X86_MSI_VECTOR 0xf7
#define RS_X86_LINES { 5, 6, 7, 9, 10, 11, 12, 15 }
#define RS_ARM64_COMPATIBLE "remapstorm,test-interrupts"
#define RS_ARM64_LINE_PPI 9
#define RS_ARM64_NMI_PPI 8
#define RS_ARM64_FIRST_SPI 16 /* of vCPU 0 */

/* ---- probes ---------------------------------------------------------------------------------------------------------
 * X(ID, number, "name", "arg0", "arg1", "arg2", "arg3"). Numbers below 128; never reused.
 */
#define RS_PROBES(X)                                                                                                     \
	X(REMAP_BEGIN, 1, "remap.begin", "start", "end", "restore", "strategy")                                          \
	X(REMAP_END, 2, "remap.end", "start", "end", "restore", "result")                                                \
	/* break: the entry is invalid and flushed everywhere; make: the same, just before the new entry is stored (BBM */  \
	/* strategies). inplace fires both around its one store so that one scenario runs against every strategy. */        \
	/* level: 1 PTE, 2 PMD. addr: vmemmap address that the entry maps. */                                               \
	X(BBM_BREAK, 3, "bbm.break", "addr", "entry_va", "old_entry", "level")                                           \
	X(BBM_MAKE, 4, "bbm.make", "addr", "entry_va", "new_entry", "level")                                             \
	X(FLUSH_BEGIN, 5, "flush.begin", "start", "end", "cpus", "-")                                                    \
	X(FLUSH_END, 6, "flush.end", "start", "end", "cpus", "-")                                                        \
	/* window: the entry was absent and is there again. cleared_at: the counter (as rs_entry.tsc, raw) read directly */  \
	/* before the store that cleared it; set_at: directly after the store that set it. inplace logs none: no such */     \
	/* window exists. A window of bbm.break and bbm.make is shorter by the flush, and holds the probes themselves */     \
	X(BBM_WINDOW, 7, "bbm.window", "addr", "cleared_at", "set_at", "level")                                          \
	/* lock: address of the lock word; lock_id: RS_LOCK_*; caller: return address of whoever asked, or the faulting */  \
	/* instruction; task: number of the task at task level, else 0. got: just after it was taken; drop: just before */  \
	/* it is released. The lock word is not zero while it is taken */                                                   \
	X(LOCK_WANT, 8, "lock.want", "lock", "lock_id", "caller", "task")                                                \
	X(LOCK_GOT, 9, "lock.got", "lock", "lock_id", "caller", "task")                                                  \
	X(LOCK_DROP, 10, "lock.drop", "lock", "lock_id", "caller", "task")                                               \
	/* Another vCPU was asked to do something and has not done it for long. word: of that vCPU, zero when it has; */    \
	/* what: RS_ASK_*, with RS_ASK_BY_IPI if interrupts must be on to answer */                                                                                                \
	X(ANSWER_WANT, 11, "answer.want", "word", "what", "caller", "vcpu")                                              \
	X(ANSWER_GOT, 12, "answer.got", "word", "what", "caller", "vcpu")                                                \
	/* begin: before the others are asked to stand still; end: after they were let go */                                \
	X(PAUSE_BEGIN, 13, "pause.begin", "cpus", "-", "-", "-")                                                         \
	X(PAUSE_END, 14, "pause.end", "cpus", "-", "-", "-")                                                             \
	/* An entry is about to be changed, whatever the strategy. The host keeps it silent where nobody waits for it */      \
	X(UPDATE_BEGIN, 15, "update.begin", "addr", "entry_va", "level", "-")                                            \
	/* A kernel translation fault on the vmemmap, taken by the strategy's handler. ip: of the faulting instruction */   \
	X(FAULT_ENTER, 16, "fault.enter", "addr", "ip", "error_code", "-")                                               \
	X(FAULT_DONE, 17, "fault.done", "addr", "ip", "handled", "-")                                                    \
	/* The test interrupt's handler. kind: RS_KIND_*; token: what the host wrote for this injection */                  \
	X(INJECT_ENTER, 24, "inject.enter", "kind", "token", "ip", "-")                                                  \
	X(INJECT_READ, 25, "inject.read", "kind", "token", "addr", "value")                                              \
	X(INJECT_LEAVE, 26, "inject.leave", "kind", "token", "-", "-")                                                   \
	/* A test wrote to a struct page: bit number `bit` of the word at addr is set. inject.read of the same addr tells the */ \
	/* word as it is then. */                                                                                           \
	X(INJECT_WRITE, 27, "inject.write", "kind", "token", "addr", "bit")                                              \
	X(HOLD_BEGIN, 32, "hold.begin", "token", "-", "-", "-")                                                          \
	X(HOLD_END, 33, "hold.end", "token", "spins", "-", "-")                                                          \
	/* From the agent. index: line of the workload text, from 0 */                                                      \
	X(WORK_BEGIN, 40, "work.begin", "index", "-", "-", "-")                                                          \
	X(WORK_END, 41, "work.end", "index", "status", "count", "-")

enum rs_probe {
#define X(id, number, name, a0, a1, a2, a3) RS_PROBE_##id = number,
	RS_PROBES(X)
#undef X
	RS_PROBE_LIMIT = 128
};

#define RS_LEVEL_PTE 1u
#define RS_LEVEL_PMD 2u
#define RS_LOCK_INIT_MM_PAGE_TABLE 1u /* init_mm.page_table_lock */
#define RS_LOCK_ZONE 2u               /* zone->lock, where pages are freed; logged with remapstorm.zone_lock=1 only */
#define RS_ASK_FLUSH 1u /* flush the TLB */
#define RS_ASK_PAUSE 2u /* spin until let go */
#define RS_ASK_BY_IPI 0x10u
#define RS_KIND_LINE 1u
#define RS_KIND_MSI 2u
#define RS_KIND_NMI 3u
#define RS_KIND_CALL 4u /* no interrupt: the code at a probe does it, where it stands */

/* Context word of a ring entry: what the vCPU was doing when the probe fired. */
#define RS_CTX_TASK 0u
#define RS_CTX_SOFTIRQ 1u
#define RS_CTX_HARDIRQ 2u
#define RS_CTX_NMI 3u
#define RS_CTX_LEVEL(context) ((context)&0x3u)
#define RS_CTX_IRQS_OFF 0x4u
#define RS_CTX_PREEMPT_OFF 0x8u
#define RS_CTX_IN_WINDOW 0x10u /* this vCPU is between break and make */

/* What the test interrupt's handler does. */
#define RS_ACTION_NONE 0u        /* only log that it ran */
#define RS_ACTION_READ_TARGET 1u /* read the struct page at rs_mailbox.target from the handler itself */
#define RS_ACTION_READ_SOFTIRQ 2u
#define RS_ACTION_READ_THREAD 3u /* wake the SCHED_FIFO kthread of this vCPU, which reads it */
#define RS_ACTION_FREE_OBJECT 4u /* kfree() a slab object, which has nothing to do with hugetlb; once for each vCPU */
/* A softirq frees the buddy of the huge page that the target describes, of which RS_IOC_KEEP_BUDDY took care; once. */
#define RS_ACTION_FREE_BUDDY 5u
#define RS_ACTION_FREE_BUDDY_THREAD 6u /* the same by the SCHED_FIFO kthread of this vCPU */
/* That kthread frees pages until the next one freed on this vCPU takes zone->lock; inject.read tells how many are missing
 * (1). */
#define RS_ACTION_FILL_FREE_LIST 7u
#define RS_ACTION_WRITE_HEAD 8u  /* sets bit RS_WRITTEN_BIT of the private word of the struct page at rs_mailbox.target */
/* The same as soon as another page is mapped there, through this vCPU's translation of the old one. */
#define RS_ACTION_WRITE_STALE 9u
#define RS_ACTION_LOOK_AGAIN 10u /* reads the word that was written to; inject.read with addr 0: none was */
#define RS_ACTION_WAIT_FOR_READER 11u /* until a CPU with WRITE_STALE reads, at most 100 ms */
/* copies the struct page at rs_mailbox.target by copy_from_kernel_nofault(), whose loads have a fixup; warns if it failed */
#define RS_ACTION_COPY_TARGET 12u
#define RS_WRITTEN_BIT 40u       /* hugetlb, whose flags stand in that word, does not use it */

/* ---- rings ----------------------------------------------------------------------------------------------------------
 * One writer (that vCPU, in any context, NMI included), one reader (the host). sequence starts at 1 and is stored last; entry
 * of sequence s stands at index (s - 1) % RS_RING_ENTRIES. The writer never overtakes: it rings RS_OP_DRAIN first.
 * Interrupts are off from reservation to publication, so only an NMI can come between them: entries of an NMI that never
 * returns then stand behind one that is never published.
 */
struct rs_entry {
	__rs_u64 sequence;
	__rs_u64 tsc; /* x86: RDTSC; arm64: CNTVCT_EL0 */
	__rs_u64 pc;  /* where in the kernel the probe stands */
	__rs_u16 probe;
	__rs_u16 vcpu;
	__rs_u32 context; /* RS_CTX_* */
	__rs_u64 args[4];
};

struct rs_vcpu_box {
	/* host -> guest */
	__rs_u64 ring_tail;    /* sequence of the last entry the host has consumed */
	__rs_u32 hold;         /* non-zero: spin at the probe with interrupts as they are (soft hold); value is the token */
	/* Written by the host before each injection of that kind. The handler takes it with an exchange against 0 as its first
	 * act; a host that finds its last token still here knows that the guest has not taken that interrupt yet (a second one
	 * would coalesce). 0 in the handler: not ours. */
	__rs_u32 line_token;
	__rs_u32 msi_token;
	__rs_u32 nmi_token;
	__rs_u32 line_action;  /* RS_ACTION_* */
	__rs_u32 msi_action;
	__rs_u32 nmi_action;
	__rs_u32 call_token; /* taken at the end of the probe that this vCPU stands at */
	__rs_u32 call_action;
	__rs_u32 reserved[5];
	/* guest -> host */
	__rs_u64 ring_head;    /* sequence of the last entry reserved */
	__rs_u64 reserved_guest[7];
};

struct rs_mailbox {
	/* host -> guest, set before the vCPUs run */
	__rs_u64 magic;
	__rs_u32 version;
	__rs_u32 vcpus;
	__rs_u32 ring_entries;
	__rs_u32 ring_offset;  /* from the start of the mailbox to ring 0; rings follow each other */
	__rs_u64 armed[2];     /* bit per probe number: ring the doorbell when it fires */
	__rs_u32 stop;         /* non-zero: open-ended workloads end */
	__rs_u32 workload_bytes;
	/* Bit per probe number: logs nothing, rings nothing, and runs no instruction but the test of its bit. For who steps
	 * through an update. May be written while the guest runs. ANSWER_WANT silent: that wait logs neither of its probes. */
	__rs_u64 quiet[2];
	__rs_u32 held;         /* bit per vCPU: it is not run, or spins at a probe, by the host's will */
	__rs_u32 reserved_word;
	__rs_u64 reserved[6];
	/* guest -> host */
	__rs_u64 target;       /* vmemmap address of the newest window or remap (also after it), 0 before the first */
	__rs_u32 guest_version;
	__rs_u32 strategy;     /* index into RS_STRATEGIES that the kernel chose */
	__rs_u64 reserved_guest[6];
	struct rs_vcpu_box vcpu[RS_MAX_VCPUS];
	char workload[RS_WORKLOAD_BYTES]; /* one workload a line, see guest/agent/README.md */
};

/* ---- /proc/remapstorm: what the agent asks of the driver -------------------------------------------------------------
 * mmap (read-only, shared, offset 0, RS_RING_OFFSET bytes): struct rs_mailbox. ioctl: below; errors as errno.
 */
#define RS_IOC_DOORBELL 0x5201u    /* argument: an RS_DOORBELL() value; only READY and DONE are let through */
#define RS_IOC_WORK_BEGIN 0x5202u  /* argument: index */
#define RS_IOC_WORK_END 0x5203u    /* argument: pointer to struct rs_work_end */
#define RS_IOC_READ_TARGET 0x5204u /* argument: how many reads (1 to 65536); ends early on stop or a signal; returns reads done */
#define RS_IOC_TARGET_PFN 0x5205u  /* argument: pointer to a u64: number of the page that the target struct page describes */
/* Allocates 2 MiB whose buddy is free, so that the next huge page is likely to be that buddy. EEXIST: done before. */
#define RS_IOC_KEEP_BUDDY 0x5206u

struct rs_work_end {
	__rs_u64 index;
	__rs_u64 status; /* 0: as asked; 1-127: errno; 128 + n: ended by signal n */
	__rs_u64 count;
};

#define RS_RING_BYTES (RS_RING_ENTRIES * sizeof(struct rs_entry))
#define RS_RING_OFFSET 8192u
#define RS_MAILBOX_BYTES (RS_RING_OFFSET + RS_MAX_VCPUS * RS_RING_BYTES)

/* Y(ID, number, "name"). inplace is a single store over the old entry; on arm64 that is what the architecture calls
 * unpredictable. bbml2 is arm64's alone (FEAT_BBM level 2), bbm-fault-ipi that of architectures which flush by IPI: each is
 * refused by name where it does not exist. */
#define RS_STRATEGIES(Y)                             \
	Y(INPLACE, 0, "inplace")                     \
	Y(BBM_FAULT, 1, "bbm-fault")                 \
	Y(BBM_FAULT_IRQSAFE, 2, "bbm-fault-irqsafe") \
	Y(BBM_FAULT_IPI, 3, "bbm-fault-ipi")         \
	Y(STOP_MACHINE, 4, "stop-machine")           \
	Y(PAUSE_NMI, 5, "pause-nmi")                 \
	Y(PAUSE_IPI, 6, "pause-ipi")                 \
	Y(BBML2, 7, "bbml2")
#define RS_X86_64_LACKS "bbml2"
#define RS_ARM64_LACKS "bbm-fault-ipi"

enum rs_strategy_number {
#define Y(id, number, name) RS_STRATEGY_##id = number,
	RS_STRATEGIES(Y)
#undef Y
	RS_STRATEGY_LIMIT
};

#endif /* REMAPSTORM_ABI_H */
