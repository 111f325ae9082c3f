/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What kernels before 5.17 lack. An instruction or a kind of call that a kernel does not know fails the load even where it
 * is never reached, so the programs are built twice, and the loader takes what fits: with MANTLET_OLD they run from 5.10 on.
 */
#ifndef MANTLET_BPF_OLD_H
#define MANTLET_BPF_OLD_H

#ifdef MANTLET_OLD

/* No bpf_loop before 5.17: see path_walk_each(). */
#define HAS_LOOP 0

/* No pointers as arguments of functions that are verified once before 5.13. */
#define VERIFIED_ONCE static __attribute__((noinline))

/* No pointer to the current task that the verifier follows before 5.11. */
#define task_current() ((struct task_struct *)bpf_get_current_task())
#define task_read(from, ...) BPF_CORE_READ(from, __VA_ARGS__)

/* No addition that gives back what was there before 5.12: whoever reads the events numbers them. */
static __always_inline __u64 count_next(__u64 *count)
{
	__sync_fetch_and_add(count, 1);
	return 0;
}

#else

#define HAS_LOOP 1

/* A function that is not static: the verifier goes through it once, whatever its arguments are, and not anew for each state
 * in which it is called. */
#define VERIFIED_ONCE __attribute__((noinline))

#define task_current() bpf_get_current_task_btf()

/* task_read(task, mm, exe_file): by plain loads. Also of what comes from there. */
#define task_read(from, ...) ___arrow(from, __VA_ARGS__)

/* Counts up, and tells the new count, which nobody else gets. */
static __always_inline __u64 count_next(__u64 *count)
{
	return __sync_fetch_and_add(count, 1) + 1;
}

#endif

#endif
