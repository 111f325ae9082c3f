/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which domain a task is in, and how one gets into it. */
#ifndef MANTLET_BPF_DOMAIN_H
#define MANTLET_BPF_DOMAIN_H

#include "maps.h"

/* Maps of task storage, of all tools together, that are looked through. */
#define STORAGES 16

/*
 * Has the current task a domain that bpf_task_storage_get() did not find? Until 6.2 it finds nothing while
 * another task, preempted on this CPU, is inside of task storage (bpf_task_storage_trylock()).
 */
static __always_inline _Bool domain_hidden(struct task_struct *task)
{
	struct hlist_node *node = BPF_CORE_READ(task, bpf_storage, list.first);

	for (int i = 0; i < STORAGES && node; i++) {
		struct bpf_local_storage_elem *elem =
			(void *)node - bpf_core_field_offset(struct bpf_local_storage_elem, snode);

		if ((void *)BPF_CORE_READ(elem, sdata.smap) == (void *)&domains)
			return 1;
		node = BPF_CORE_READ(node, next);
	}
	return 0;
}

/* The current task's domain, or NULL: none, then *err is what to return, mostly 0. The root is taken here, before
 * the first program or child of the domain could have changed it. */
static __always_inline struct domain *domain_current(int *err)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct domain *domain;

	*err = 0;
	if (!task->bpf_storage) /* nearly everyone */
		return 0;
	domain = bpf_task_storage_get(&domains, task, 0, 0);
	if (!domain) {
		*err = domain_hidden(task) ? -EAGAIN : 0;
		return 0;
	}
	if (!domain->root.dentry) {
		domain->root.mount = (__u64)BPF_CORE_READ(task, fs, root.mnt);
		domain->root.dentry = (__u64)BPF_CORE_READ(task, fs, root.dentry);
	}
	return domain;
}

#endif
