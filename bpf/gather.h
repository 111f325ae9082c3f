/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the hooks read from the kernel: every CO-RE read and every difference between kernels is here.
 *
 * A path is walked from the file up to the container's root, dentry by dentry and mount by mount. No string
 * is made, so there is no length to cut it at and no scratch that two tasks could share. What the walk leans
 * on, and who could lie to it:
 *
 * - The root is the domain's, not the task's: chroot changes nothing.
 * - Mounts are believed in the mount namespace of the root only. Where a task has made one of its own
 *   (unshare, a detached mount, a lazy unmount), it may have bound anything over anything; there, the walk
 *   sees past all mounts and follows the directories of the file system itself. It gets to the root only in
 *   the root's own file system.
 * - A directory can be moved while it is walked. Name and parent of one dentry are read under its sequence
 *   count, as the kernel's own lockless walk does. Two moves can still make a path of two halves that never
 *   stood together, but only of links that the mover was allowed to make one by one.
 */
#ifndef MANTLET_BPF_GATHER_H
#define MANTLET_BPF_GATHER_H

#include "machine.h"
#include "maps.h"
#include "old.h"

/* Steps (bytes, components and mounts) until a walk gives up, which denies: 16 times the longest path that can
 * be named in one call. */
#define PATH_STEPS 65536
#define PATH_STEPS_PLAIN 100 /* see path_walk_each(); the time to verify grows with the square */
#define PATH_NAMES_PLAIN 10  /* the same, of a walk that takes a component a step */

struct path_walk {
	struct dentry *dentry;
	struct vfsmount *mnt;
	struct dentry *top; /* where mnt ends */
	const struct domain *domain;
	__u64 end; /* enum path_end */
};

static __always_inline struct mount *path_mount(struct vfsmount *mnt)
{
	return (void *)mnt - bpf_core_field_offset(struct mount, mnt);
}

static __always_inline struct dentry *path_top(struct vfsmount *mnt)
{
	return BPF_CORE_READ(mnt, mnt_root);
}

static __always_inline struct mnt_namespace *path_namespace(struct vfsmount *mnt)
{
	return BPF_CORE_READ(path_mount(mnt), mnt_ns);
}

/* Where mounts are not believed, the walk is told that it is on the root's mount, which ends at the root:
 * so it never crosses one. (Values, not branches: the verifier follows each combination of branches.) */
static __always_inline void path_begin(struct path_walk *walk, struct vfsmount *mnt, struct dentry *dentry,
				       const struct domain *domain)
{
	struct vfsmount *root = (void *)domain->root.mount;
	_Bool believed = 0;

	if (mnt != root) {
		struct mnt_namespace *ns = path_namespace(mnt); /* NULL if unmounted; the root may be, too */

		believed = ns && ns == path_namespace(root);
	}
	walk->domain = domain;
	walk->dentry = dentry;
	walk->mnt = believed ? mnt : root;
	walk->top = believed ? path_top(mnt) : (void *)domain->root.dentry;
	walk->end = PATH_GOING;
}

static __always_inline _Bool path_at_root(const struct path_walk *walk)
{
	const struct domain_root *root = &walk->domain->root;

	return !(((__u64)walk->dentry ^ root->dentry) | ((__u64)walk->mnt ^ root->mount));
}

static __always_inline int path_cross(struct path_walk *walk)
{
	struct mount *mount = path_mount(walk->mnt);
	struct mount *parent = BPF_CORE_READ(mount, mnt_parent);

	if (parent == mount) {
		walk->end = PATH_OUTSIDE;
		return 0;
	}
	walk->dentry = BPF_CORE_READ(mount, mnt_mountpoint);
	walk->mnt = (void *)parent + bpf_core_field_offset(struct mount, mnt);
	walk->top = path_top(walk->mnt);
	return 0;
}

/* A name and its parent that were valid together, or 0: again. */
static __always_inline int path_name(struct path_walk *walk, char *name)
{
	struct dentry *dentry = walk->dentry;
	unsigned int seq = BPF_CORE_READ(dentry, d_seq.seqcount.sequence);
	struct dentry *parent;
	long size;

	read_barrier();
	parent = BPF_CORE_READ(dentry, d_parent);
	size = bpf_probe_read_kernel_str(name, EVENT_NAME, BPF_CORE_READ(dentry, d_name.name));
	read_barrier();
	if (!parent || size < 2 || size > EVENT_NAME || seq & 1 ||
	    seq != BPF_CORE_READ(dentry, d_seq.seqcount.sequence))
		return 0;
	if (parent == dentry)
		walk->end = PATH_OUTSIDE;
	walk->dentry = parent;
	return size - 1;
}

/* One step up. The length of the component that was put into name[EVENT_NAME]; 0: none in this step. */
static __always_inline int path_step(struct path_walk *walk, char *name)
{
	if (path_at_root(walk)) {
		walk->end = PATH_WHOLE;
		return 0;
	}
	if (walk->dentry == walk->top)
		return path_cross(walk);
	return path_name(walk, name);
}

/* Calls step(i, ctx) until it returns 1. Before 5.17 there is no bpf_loop: what is left is a loop of as many
 * steps as the verifier can follow, so longer paths are denied there. */
#define path_walk_each(step, ctx, plain_steps)                                                                       \
	do {                                                                                                         \
		if (HAS_LOOP)                                                                                        \
			bpf_loop(PATH_STEPS, step, ctx, 0);                                                          \
		else                                                                                                 \
			for (int i_ = 0; i_ < (plain_steps) && !step(i_, ctx); i_++)                                 \
				loop_again(i_);                                                                      \
	} while (0)

/*
 * Reads a field: by a plain load where the verifier knows what kind of pointer it is (`known`, a constant), which is many
 * times cheaper; else by a call.
 */
#define path_load(known, from, field) ((known) ? (from)->field : BPF_CORE_READ(from, field))

/* A file whose name was removed, or that was made without one: unhashed, and no root. */
static __always_inline _Bool path_deleted(const struct dentry *dentry, _Bool known)
{
	return !path_load(known, dentry, d_hash.pprev) && path_load(known, dentry, d_parent) != dentry;
}

/*
 * A name that stands in the dentry itself, and is so read many times cheaper than by path_name(): the verifier knows
 * what kind of pointer this is, and lets plain loads follow it.
 *
 *   path_short_begin(dentry, &name) and for each word path_short_word(&name, k) and path_short_end(dentry, &name)
 *
 * Where one of them is 0, anything out of the ordinary was met, and path_step() is to be asked. A name that fits with its
 * NUL into the room of the dentry stands there (__d_alloc(), __d_move()), whatever it was called before.
 */
#define PATH_WORDS 4 /* of eight bytes */

struct path_short {
	struct dentry *parent;
	const volatile __u64 *words;
	unsigned int seq;
	int len; /* without the NUL */
};

static __always_inline unsigned int path_sequence(const struct dentry *dentry)
{
	return *(const volatile unsigned int *)&dentry->d_seq.seqcount.sequence;
}

/* Is there room for that many words in this kernel's dentries? Known when the program is loaded. */
static __always_inline _Bool path_short_room(const struct dentry *dentry)
{
	const struct dentry___wrapped *wrapped = (const void *)dentry;

	return (bpf_core_field_exists(dentry->d_iname) ? bpf_core_field_size(dentry->d_iname)
						       : bpf_core_field_size(wrapped->d_shortname)) >= 8 * PATH_WORDS;
}

static __always_inline _Bool path_short_begin(const struct dentry *dentry, struct path_short *name)
{
	const void *begin = dentry;

	if (!path_short_room(dentry))
		return 0;
	name->seq = path_sequence(dentry);
	read_barrier();
	name->parent = dentry->d_parent;
	name->len = dentry->d_name.len;
	name->words = begin + (bpf_core_field_exists(dentry->d_iname)
				       ? bpf_core_field_offset(dentry->d_iname)
				       : bpf_core_field_offset(struct dentry___wrapped, d_shortname));
	return !(name->seq & 1) && name->len - 1u < 8 * PATH_WORDS - 1 && name->parent != dentry;
}

/* Eight bytes of it, the last one at the top; 0: it is not as long. */
static __always_inline __u64 path_short_word(const struct path_short *name, int k)
{
	int bytes = name->len - 8 * k;

	if (bytes <= 0)
		return 0;
	return bytes < 8 ? name->words[k] << (64 - 8 * bytes) : name->words[k];
}

static __always_inline _Bool path_short_end(const struct dentry *dentry, const struct path_short *name)
{
	read_barrier();
	return name->seq == path_sequence(dentry);
}

/* bprm->interp begins as the same pointer as bprm->filename; a script's or binfmt_misc's interpreter gets a
 * string of its own (bprm_change_interp(), every kernel since 2.6). */
static __always_inline _Bool exec_is_interpreter(struct linux_binprm *bprm)
{
	return bprm->interp != bprm->filename;
}

/* A script that was named by a descriptor is opened again by its interpreter, by that descriptor's number; whoever shares
 * the table of descriptors can put another script there until the exec has a table of its own (begin_new_exec()). Nobody
 * can come to share it meanwhile: that takes a clone by the one who executes. Until 5.10 it has its own from the start. */
static __always_inline _Bool exec_swappable(struct linux_binprm *bprm)
{
	return bprm->fdpath && exec_is_interpreter(bprm) && task_read(task_current(), files, count.counter) > 1;
}

static __always_inline const struct path *exec_path(struct linux_binprm *bprm)
{
	return &bprm->file->f_path;
}

/* The program that the current task runs. */
static __always_inline const struct path *task_exe(void)
{
	return &BPF_CORE_READ(task_current(), mm, exe_file)->f_path;
}

#endif
