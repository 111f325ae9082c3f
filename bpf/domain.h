/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which domain a task is in, and how one gets into it.
 *
 * It stands in an array, by the task's number, which no two living tasks share: to look there is a handful of
 * instructions, whether the task is in a domain or not, and to put something there cannot fail. (Task storage is
 * slower at both by an order of magnitude, finds nothing while another task is preempted inside of it, until 6.2, and
 * is not there before 5.11.) A number that was used before is overwritten before its new owner runs: task_newtask is
 * passed by every task that is made, threads and io_uring's workers too. An exec by a thread gives it its leader's
 * number, and so the domain that it had.
 */
#ifndef MANTLET_BPF_DOMAIN_H
#define MANTLET_BPF_DOMAIN_H

#include "machine.h"
#include "maps.h"

/* Where the domain of the task with that number stands. */
static __always_inline __u16 *domain_entry(__u32 pid)
{
	__u32 page = pid / TASKS_PAGE;
	struct tasks_page *tasks_page = bpf_map_lookup_elem(&tasks, &page);

	return tasks_page ? &tasks_page->domain[pid % TASKS_PAGE] : 0;
}

/* What stands there: the slot + 1, and TASK_ENTERING; 0: in no domain. */
static __always_inline __u32 domain_raw(__u32 pid)
{
	__u16 *entry = domain_entry(pid);

	return entry ? *entry : 0;
}

/* Is the task judged? */
static __always_inline _Bool domain_judged(__u32 entry)
{
	barrier_var(entry); /* or what is made of it is made by arithmetic, which 6.12 does not follow */
	return entry - 1 < TASK_ENTERING - 1;
}

/* The slot of a task + 1; 0: in no domain, or not yet. */
static __always_inline __u32 domain_slot(__u32 pid)
{
	__u32 entry = domain_raw(pid);

	entry = domain_judged(entry) ? entry : 0;
	barrier_var(entry); /* as above */
	return entry;
}

static __always_inline struct domain *domain_in(__u32 slot)
{
	return bpf_map_lookup_elem(&domains, &slot);
}

/* By what stands in `tasks`. */
static __always_inline struct domain *domain_at(__u32 entry)
{
	return domain_in((entry & ~TASK_ENTERING) - 1);
}

/* Of any task; NULL: none. */
static __always_inline struct domain *domain_of(struct task_struct *task)
{
	__u32 entry = domain_slot(task->pid);

	return entry ? domain_at(entry) : 0;
}

/* The root and the user namespace are taken before the first program or child of the domain could have changed
 * them. Who knows the namespace by its address knows it to be there: a task of the domain is in it, or in one below. */
static __attribute__((noinline)) int domain_root_taken(struct domain *domain)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct user_namespace *ns;

	if (!domain)
		return 0;
	ns = BPF_CORE_READ(task, cred, user_ns);
	domain->user_ns = BPF_CORE_READ(ns, level) ? (__u64)ns : 0;
	domain->root.mount = (__u64)BPF_CORE_READ(task, fs, root.mnt);
	machine_barrier(); /* who sees the dentry sees them all */
	domain->root.dentry = (__u64)BPF_CORE_READ(task, fs, root.dentry);
	return 0;
}

static __always_inline void domain_take_root(struct domain *domain)
{
	if (!domain->root.dentry)
		domain_root_taken(domain);
	else
		machine_barrier();
}

/* The current task's domain by what stands in `tasks`, or NULL: none, then *err is what to return. */
static __always_inline struct domain *domain_by(__u32 raw, int *err)
{
	struct domain *domain;

	*err = 0;
	if (!domain_judged(raw))
		return 0;
	domain = domain_in(raw - 1);
	if (domain)
		domain_take_root(domain);
	else
		*err = -EPERM; /* no such slot: cannot be */
	return domain;
}

static __always_inline struct domain *domain_current(int *err)
{
	return domain_by(domain_raw(bpf_get_current_pid_tgid()), err);
}

/* Puts a task, current or not yet born, into a domain. */
static __always_inline void domain_set(__u32 pid, __u32 slot)
{
	__u16 *entry = domain_entry(pid);

	if (entry)
		*entry = slot + 1;
}

/* Whoever looks whether any task is left in a domain has to know whether one was made meanwhile. */
static __always_inline void domain_count_fork(__u32 entry)
{
	__u32 slot = (entry & ~TASK_ENTERING) - 1;
	struct domain_counts *of = bpf_map_lookup_elem(&counts, &slot);

	if (of)
		__sync_fetch_and_add(&of->forks, 1);
}

/* A task was made by the current one. What belongs to no domain must lose what its number had before. */
static __always_inline void domain_inherit(__u32 child)
{
	__u32 own = domain_raw(bpf_get_current_pid_tgid());
	__u16 *entry = domain_entry(child);
	struct domain *domain;

	if (own)
		domain_count_fork(own);
	if (!entry || *entry == own)
		return;
	if (own && !(own & TASK_ENTERING) && (domain = domain_at(own)))
		domain_take_root(domain);
	*entry = own;
}

#endif
