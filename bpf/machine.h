/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What differs by the kind of machine. */
#ifndef MANTLET_BPF_MACHINE_H
#define MANTLET_BPF_MACHINE_H

/*
 * machine_barrier(): what is read or written before it is so before what is read or written after it, as far as it is the
 * processor that would change the order; read_barrier(): nor does the compiler. Where what is read first is the address
 * of what is read next, neither is needed.
 */
#ifdef __TARGET_ARCH_x86

/* It keeps reads in order, and writes. (A barrier to the compiler alone costs a task in no domain some stores.) */
#define machine_barrier() (void)0
#define read_barrier() asm volatile("" ::: "memory")

#else

/*
 * arm64 does not, BPF has no barrier (and no load-acquire before 6.15), and a call of a helper is none. An exchange is a
 * full one: the JIT makes SWPAL of it, or, on a processor without that, a loop to STLXR and a DMB ISH behind it. An
 * addition whose result is not used would be neither. The stack slot is nobody else's.
 */
static __always_inline void machine_barrier(void)
{
	volatile __u64 slot = 0;

	__sync_lock_test_and_set(&slot, 0);
	asm volatile("" ::: "memory");
}

#define read_barrier() machine_barrier()

#endif

#endif
