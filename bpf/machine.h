/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What differs by the kind of machine. */
#ifndef MANTLET_BPF_MACHINE_H
#define MANTLET_BPF_MACHINE_H

/*
 * read_barrier(): what is read before it is read before what is read after it. For sequence counts: where the order
 * is that of an address that was read first, no barrier is needed.
 */
#ifdef __TARGET_ARCH_x86

/* The processor keeps the order of reads. */
#define read_barrier() asm volatile("" ::: "memory")

#else

/*
 * arm64 does not, BPF has no barrier (and no load-acquire before 6.15), and a call of a helper is none. An exchange is a
 * full one: the JIT makes SWPAL of it, or, on a processor without that, a loop to STLXR and a DMB ISH behind it. An
 * addition whose result is not used would be neither. The stack slot is nobody else's.
 */
static __always_inline void read_barrier(void)
{
	volatile __u64 slot = 0;

	__sync_lock_test_and_set(&slot, 0);
	asm volatile("" ::: "memory");
}

#endif

#endif
