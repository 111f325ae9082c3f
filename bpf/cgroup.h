/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How a container becomes a domain, without anybody's help: when its cgroup is made, its path is held against the
 * automaton of all policies' "match", and what enters it (or a cgroup below) is in the domain from then on. Whoever
 * made the maps may be slow, stopped or dead meanwhile.
 *
 * What enters first is the container engine's runtime, not the container. It is let do its work: it is `entering`
 * until it executes something that is not itself, and is judged from that exec on. A program of the container cannot
 * be in that state, since it came by such an exec.
 */
#ifndef MANTLET_BPF_CGROUP_H
#define MANTLET_BPF_CGROUP_H

#include "decide.h"
#include "domain.h"

/* Cgroups above one another that are looked through. What lies deeper is in a domain that refuses everything. */
#define CGROUP_DEPTH 64
#define CLONE_INTO_CGROUP 0x200000000ull
#define THREADS_PLAIN 256      /* see path_walk_each() */
#define CGROUP_STEPS_PLAIN 480 /* the same; what Kubernetes makes has paths of up to 200 bytes */

/* The first hierarchy is that of cgroup v2. */
static __always_inline _Bool cgroup_is_v2(struct cgroup *cgroup)
{
	return !BPF_CORE_READ(cgroup, root, hierarchy_id);
}

static __always_inline struct cgroup *cgroup_above(struct cgroup *cgroup)
{
	struct cgroup_subsys_state *parent = BPF_CORE_READ(cgroup, self.parent);

	return parent ? BPF_CORE_READ(parent, cgroup) : 0;
}

/* Where the mark of a cgroup that is not in `cgroups` stands. */
static __always_inline __u8 *unlisted_mark(__u64 id)
{
	__u32 page = id / UNLISTED_PAGE % UNLISTED_PAGES;
	struct unlisted_page *marks = bpf_map_lookup_elem(&unlisted, &page);

	return marks ? &marks->mark[id % UNLISTED_PAGE] : 0;
}

/* The slot + 1 of the domain that a cgroup itself makes; 0: none. */
static __always_inline __u32 cgroup_own_slot(__u64 id)
{
	__u32 *slot = bpf_map_lookup_elem(&cgroups, &id);
	__u8 *mark;

	if (slot)
		return *slot + 1;
	mark = unlisted_mark(id);
	return mark && *mark ? CLOSED_SLOT + 1 : 0;
}

/* The slot + 1 of the domain that a cgroup lies in; 0: none. */
static __always_inline __u32 cgroup_slot(struct cgroup *cgroup)
{
	for (int i = 0; i < CGROUP_DEPTH; i++) {
		__u32 slot;

		if (!cgroup)
			return 0;
		slot = cgroup_own_slot(BPF_CORE_READ(cgroup, kn, id));
		if (slot)
			return slot;
		cgroup = cgroup_above(cgroup);
	}
	return cgroup ? CLOSED_SLOT + 1 : 0;
}

/* ctx of cgroup_step(), which is decide_step() over the names of cgroups; see there for what stands where. */
struct cgroup_walk {
	struct cgroup *cgroup;
	struct verdict_walk verdict;
	__u32 pad, left;
	struct image_view image;
	__u64 whole;
	char name[8 + EVENT_NAME];
};

_Static_assert(__builtin_offsetof(struct cgroup_walk, left) % 8 == 4, "see decide.h");

/* Not inline, for loop_again(). */
static __attribute__((noinline)) long cgroup_step(__u32 i, void *ctx)
{
	struct cgroup_walk *walk = ctx;
	struct image_view image = image_afresh(&walk->image);
	const char *byte = walk->name + DECIDE_NAME;
	struct cgroup *cgroup = walk->cgroup, *above;
	long size;

	if (walk->left) {
		walk->left--;
		asm("%0 += %1" : "+r"(byte) : "r"((__u64)walk->left & 0xff));
		return !verdict_exec_step(&image, &walk->verdict, *byte);
	}
	above = cgroup_above(cgroup);
	if (!above) {
		walk->whole = 1;
		return 1;
	}
	size = bpf_probe_read_kernel_str(walk->name + DECIDE_NAME + 1, EVENT_NAME, BPF_CORE_READ(cgroup, kn, name));
	if (size < 2 || size > EVENT_NAME)
		return 1;
	walk->left = size;
	walk->cgroup = above;
	return 0;
}

/* The place in `classes` that an image of patterns and a rule of it lead to. */
static __always_inline __u32 class_place(image_ref image, __u32 rule)
{
	return (image_head(image, IMAGE_FLAGS)->w[IMAGE_GENERATION] & 1 ? POLICY_SLOTS : 0) + RULE_INDEX(rule);
}

/* Is it a container's cgroup? Then *policy is the one for it. Not inline: for its stack. */
static __attribute__((noinline)) int cgroup_class(struct cgroup *cgroup, __u32 *policy)
{
	__u32 class = CLASS_POLICY, first = 0;
	struct cgroup_walk walk = {.cgroup = cgroup};
	struct host *host = bpf_map_lookup_elem(&hosts, &first);
	struct verdict verdict;
	__u64 *found;

	if (!host || !policy || !image_open(&walk.image, bpf_map_lookup_elem(&policies, &class)))
		return 0;
	walk.left = host->zero;
	walk.name[DECIDE_NAME] = '/';
	if (!verdict_exec_begin(&walk.image, &walk.verdict))
		return 0;
	path_walk_each(cgroup_step, &walk, CGROUP_STEPS_PLAIN);
	verdict = verdict_exec_end(&walk.image, &walk.verdict);
	if (!walk.whole || RULE_LIST(verdict.rule) != RULE_ALLOW)
		return 0;
	class = class_place(&walk.image, verdict.rule);
	found = bpf_map_lookup_elem(&classes, &class);
	if (found)
		*policy = *found;
	return !!found;
}

/* Now, by the clock with which files are stamped, or earlier. That clock is behind by up to a tick, and by more when the
 * processor that moves it is not let run; the helper that reads it is not for programs of these types (5.16). */
#define CLOCK_BEHIND 50000000

static __always_inline __u64 clock_of_files(const struct host *host)
{
	return bpf_ktime_get_ns() + host->clock - CLOCK_BEHIND;
}

/* A slot for a container that begins now; what cannot be had is CLOSED_SLOT. */
static __always_inline __u32 slot_begin(struct host *host, __u32 policy)
{
	struct domain *domain;
	struct domain_counts *of;
	__u32 slot;

	if (bpf_map_pop_elem(&slots, &slot))
		return CLOSED_SLOT;
	domain = bpf_map_lookup_elem(&domains, &slot);
	of = bpf_map_lookup_elem(&counts, &slot);
	if (!domain || !of)
		return CLOSED_SLOT;
	*of = (struct domain_counts){};
	*domain = (struct domain){.slot = slot, .policy = policy, .start = clock_of_files(host)};
	return slot;
}

/* The cgroup of a domain. Whoever sees the domain's id finds it in the map. */
static __always_inline void slot_give(__u32 slot, __u64 id)
{
	struct domain *domain = slot == CLOSED_SLOT ? 0 : bpf_map_lookup_elem(&domains, &slot);

	if (domain)
		*(volatile __u64 *)&domain->id = id;
}

/* A cgroup was made: a domain, if some policy is for it. One inside of a container is the container's own. Nobody can
 * enter it before this ends, and no two are made at the same time (cgroup_mutex). */
static __always_inline void cgroup_born(struct cgroup *cgroup, struct host *host)
{
	__u64 id = BPF_CORE_READ(cgroup, kn, id);
	__u32 slot, policy;
	__u8 *mark;
	long err;

	if (cgroup_slot(cgroup) || domain_raw(bpf_get_current_pid_tgid()) || !cgroup_class(cgroup, &policy))
		return;
	slot = slot_begin(host, policy);
	if (slot == CLOSED_SLOT)
		__sync_fetch_and_add(&host->closed, 1);
	err = bpf_map_update_elem(&cgroups, &id, &slot, BPF_NOEXIST);
	if (!err)
		slot_give(slot, id);
	else if (slot != CLOSED_SLOT)
		bpf_map_push_elem(&slots, &slot, 0);
	mark = unlisted_mark(id);
	if (err && err != -EEXIST && mark) { /* the loader found it first: it has a slot */
		*mark = 1;
		__sync_fetch_and_add(&host->unlisted, 1);
	}
	__sync_fetch_and_add(&host->births, 1);
}

/* A cgroup was removed: no living task is in it, and none can enter. Its slot is the loader's to give away again: tasks
 * of its domain may live elsewhere. */
static __always_inline void cgroup_died(struct cgroup *cgroup)
{
	__u64 id = BPF_CORE_READ(cgroup, kn, id);

	bpf_map_delete_elem(&cgroups, &id);
}

/* Into a domain, unless it is in one. */
static __always_inline void task_enters(__u32 pid, __u32 entry)
{
	__u16 *own = domain_entry(pid);

	if (own && !*own)
		*own = entry;
}

/* A task was made in another cgroup than its parent's: no move will be told. */
static __always_inline void task_made_in(struct task_struct *task)
{
	__u32 slot = cgroup_slot(BPF_CORE_READ(task, cgroups, dfl_cgrp));

	if (slot)
		task_enters(task->pid, slot | TASK_ENTERING);
}

struct thread_walk {
	struct list_head *node, *head;
	__u32 entry;
};

static long thread_step(__u32 i, void *ctx)
{
	struct thread_walk *walk = ctx;
	struct list_head *node = walk->node;
	struct task_struct *task = (void *)node - bpf_core_field_offset(struct task_struct, thread_node);

	if (node == walk->head)
		return 1;
	task_enters(BPF_CORE_READ(task, pid), walk->entry);
	walk->node = BPF_CORE_READ(node, next);
	return 0;
}

/* All threads of a process: nobody makes one while they move (cgroup_threadgroup_rwsem). */
static __always_inline void threads_enter(struct task_struct *task, __u32 entry)
{
	struct list_head *head = &task->signal->thread_head;
	struct thread_walk walk = {.node = BPF_CORE_READ(head, next), .head = head, .entry = entry};

	path_walk_each(thread_step, &walk, THREADS_PLAIN);
}

/* What the runtime executes of its own: itself again, or a copy that no mount of its namespace has. */
static __always_inline _Bool exec_is_runtime(struct linux_binprm *bprm, const struct host *host)
{
	struct task_struct *task = task_current();
	struct vfsmount *root = BPF_CORE_READ(task, fs, root.mnt);

	if ((__u64)BPF_CORE_READ(task, fs, root.dentry) != host->root)
		return 0;
	return path_namespace(BPF_CORE_READ(exec_path(bprm), mnt)) != path_namespace(root) ||
	       BPF_CORE_READ(bprm, file, f_inode) == BPF_CORE_READ(task, mm, exe_file, f_inode);
}

/* Is this exec the one with which an entering task begins? Not inline: it is seldom asked. */
static __attribute__((noinline)) int exec_begins(struct linux_binprm *bprm)
{
	__u32 first = 0;
	struct host *host = bpf_map_lookup_elem(&hosts, &first);

	return host && !exec_is_runtime(bprm, host);
}

/* domain_current(), before an exec is judged. */
static __always_inline struct domain *exec_domain(struct linux_binprm *bprm, int *err)
{
	__u16 *own = domain_entry(bpf_get_current_pid_tgid());

	__u32 entry = own ? *own : 0;

	if (unlikely(entry & TASK_ENTERING) && exec_begins(bprm))
		*own = entry &= ~TASK_ENTERING;
	return domain_by(entry, err);
}

/* When a task was started, by the clock of files, or a little earlier. */
static __always_inline __u64 task_start(struct task_struct *task, const struct host *host)
{
	__u64 age = bpf_ktime_get_boot_ns() - BPF_CORE_READ(task, group_leader, start_boottime);

	return clock_of_files(host) - age;
}

/* A task that was there before its domain: it is the container's, whatever it runs. */
static __always_inline void task_found(struct task_struct *task, __u32 entry, const struct host *host)
{
	struct domain *domain = domain_at(entry);
	__u64 start = task_start(task, host);

	task_enters(task->pid, entry);
	if (!domain)
		return;
	if (!domain->start || start < domain->start)
		domain->start = start;
	if (domain->root.dentry)
		return;
	domain->root.mount = (__u64)BPF_CORE_READ(task, fs, root.mnt);
	machine_barrier();
	domain->root.dentry = (__u64)BPF_CORE_READ(task, fs, root.dentry);
}

#endif
