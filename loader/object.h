/* SPDX-License-Identifier: BSD-2-Clause */
/* The BPF programs as an object of libbpf, as this kernel takes them. */
#ifndef MANTLET_OBJECT_H
#define MANTLET_OBJECT_H

#include <stdbool.h>

struct mantlet_bpf;

/* What of this kernel decides, by what it says of itself: distributions carry features back, and a version tells little.
 * If it says nothing, it is taken for a new one: loading will tell what is wrong. */
struct object_kernel {
	bool old;       /* before 5.17: the programs are built without what it lacks (bpf/old.h) */
	bool setgroups; /* has a hook there, as since 6.0 */
	bool strays; /* io_uring has threads that no task makes, as before 5.12 and 5.10.162: they are in no domain */
};

struct object_kernel object_kernel(void);

#define OBJECT_UNCALLED 524 /* the kernel's ENOTSUPP, which no header of ours has */
#define OBJECT_STRAYS 525   /* see above */

/* Opened, not loaded; what the kernel has no hook for is left out. NULL, and errno: OBJECT_UNCALLED where no LSM program
 * is ever called, OBJECT_STRAYS where tasks would get out of their domain. */
struct mantlet_bpf *object_open(void);

#endif
