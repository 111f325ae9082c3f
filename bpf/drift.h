/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Is a file, which is executed or mapped to be, part of the image that the container was started with? It has a name, lies
 * on the container's root mount, and has been there before: on overlay in a lower layer, elsewhere unchanged since the
 * domain's start. What lies on a trusted mount need not have been there.
 *
 * In a private mount namespace mounts are not believed, as in gather.h: a file passes if the directories above it lead to
 * the container's root.
 */
#ifndef MANTLET_BPF_DRIFT_H
#define MANTLET_BPF_DRIFT_H

#include "report.h"

#define DRIFT_ASKED (IMAGE_DRIFT_AUDIT | IMAGE_DRIFT_DENY)

#define OVERLAY_MAGIC 0x794c7630
#define INODE_PRIVATE 0x200 /* S_PRIVATE: the kernel's own; shared anonymous memory is a file like that */
#define MOUNT_INTERNAL                                                                                               \
	((void *)-EINVAL)       /* MNT_NS_INTERNAL: the namespace of mounts that the kernel made for itself */
#define SUPER_INTERNAL 0x400000 /* SB_KERNMOUNT: and so are all mounts of that file system, e.g. memfd's */
#define MAP_EXEC 4              /* PROT_EXEC, and VM_EXEC */
#define SECOND 1000000000ull

/* When its content, name or owner was changed last: nobody can set that but with the clock. */
static __always_inline __u64 drift_changed(struct inode *inode, _Bool known)
{
	struct inode___ctime *old = (void *)inode;
	struct inode___hidden *hidden = (void *)inode;

	if (bpf_core_field_exists(old->i_ctime))
		return path_load(known, old, i_ctime.tv_sec) * SECOND + path_load(known, old, i_ctime.tv_nsec);
	if (bpf_core_field_exists(hidden->__i_ctime))
		return path_load(known, hidden, __i_ctime.tv_sec) * SECOND +
		       path_load(known, hidden, __i_ctime.tv_nsec);
	/* from 6.13 on, the top bit says that the time was asked for */
	return path_load(known, inode, i_ctime_sec) * SECOND + (path_load(known, inode, i_ctime_nsec) & 0x7fffffff);
}

/* Was it written or made in the upper layer? That pointer stands behind the inode in struct ovl_inode, which is the overlay
 * module's. */
static __always_inline _Bool drift_upper(struct inode *inode)
{
	void *upper = inode;

	return bpf_probe_read_kernel(&upper, sizeof(upper), (void *)inode + bpf_core_type_size(struct inode)) ||
	       upper;
}

/* A time is rounded down to what the file system can hold. A change in the tick of the start is after it. */
static __always_inline _Bool drift_in_image(struct inode *inode, const struct domain *domain, _Bool known)
{
	struct super_block *sb = path_load(known, inode, i_sb);

	if (path_load(known, sb, s_magic) == OVERLAY_MAGIC)
		return !drift_upper(inode);
	return drift_changed(inode, known) + path_load(known, sb, s_time_gran) <= domain->start;
}

enum drift_mount { DRIFT_FOREIGN, DRIFT_ROOT, DRIFT_TRUSTED };

/* On which mount a file lies that is not on the root mount. Not inline: it is seldom asked. */
static __attribute__((noinline)) int drift_mount(const struct domain *domain, struct vfsmount *mnt,
						 struct dentry *dentry)
{
	struct decide_walk walk = {};
	_Bool believed;

	if (!domain_image(domain, &walk.image) || !verdict_mount_begin(&walk.image, &walk.verdict))
		return DRIFT_FOREIGN;
	path_begin(&walk.path, mnt, dentry, domain);
	believed = walk.path.mnt == mnt;
	if (believed)
		walk.path.dentry = walk.path.top; /* only the mount's own place is asked about */
	if (decide_rest(&walk, domain->zero) != PATH_WHOLE)
		return DRIFT_FOREIGN;
	if (!believed)
		return DRIFT_ROOT;
	return verdict_mount_end(&walk.verdict) ? DRIFT_TRUSTED : DRIFT_FOREIGN;
}

static __always_inline _Bool drift_is(struct vfsmount *mnt, struct dentry *dentry, struct inode *inode,
				      const struct domain *domain, _Bool known)
{
	int mount = DRIFT_ROOT;

	if (path_deleted(dentry, known))
		return 1;
	if ((__u64)mnt != domain->root.mount)
		mount = drift_mount(domain, mnt, dentry);
	if (mount != DRIFT_ROOT)
		return mount != DRIFT_TRUSTED;
	return !drift_in_image(inode, domain, known);
}

/* Of an exec that its path allows. The inode is the dentry's: of overlay, and not of what is below it. */
static __always_inline void drift_exec(const struct domain *domain, const struct path *path, struct decision *d)
{
	if (!(d->flags & DRIFT_ASKED) || d->verdict.denied)
		return;
	if (drift_is(path->mnt, path->dentry, path->dentry->d_inode, domain, 1))
		d->verdict = verdict_drifted(d->flags);
}

/* Anonymous memory may be executed: programs that compile while they run do that. What is a device, too. */
static __always_inline _Bool drift_concerns(struct inode *inode, _Bool known)
{
	return (path_load(known, inode, i_mode) & 0170000) == 0100000 &&
	       !(path_load(known, inode, i_flags) & INODE_PRIVATE);
}

/* What the policy asks for. Not inline: for its stack. */
static __attribute__((noinline)) int drift_asked(const struct domain *domain, struct decision *d)
{
	struct image_view image;

	return decide_image(&domain->policy, RULE_EXEC, &image, d);
}

/* Of a mapping: reports, and tells what the hook is to return. */
static __always_inline int drift_map(const struct domain *domain, const struct path *path, _Bool known)
{
	struct vfsmount *mnt = path_load(known, path, mnt);
	struct dentry *dentry = path_load(known, path, dentry);
	struct inode *inode = path_load(known, dentry, d_inode);
	struct decision decision = {};

	if (!drift_asked(domain, &decision))
		return -EACCES;
	if (!(decision.flags & DRIFT_ASKED) || !drift_concerns(inode, known) ||
	    !drift_is(mnt, dentry, inode, domain, known))
		return 0;
	decision.verdict = verdict_drifted(decision.flags);
	report_map(path, domain, &decision);
	return decision.verdict.enforced ? -EACCES : 0;
}

/*
 * What a mapping is of. A stacked file system puts the file below in place of its own; from 6.7 on that has the path below,
 * on a mount of the stacked one's own, and the other behind it. (FMODE_BACKING, which tells the same, is not the same bit
 * in all kernels.)
 */
static __always_inline const struct path *drift_mapped(struct file *file)
{
	struct backing_file *backing = (void *)file;
	struct vfsmount *mnt = BPF_CORE_READ(file, f_path.mnt);

	if (bpf_core_field_exists(backing->user_path) && path_namespace(mnt) == MOUNT_INTERNAL &&
	    !(BPF_CORE_READ(mnt, mnt_sb, s_flags) & SUPER_INTERNAL))
		return &backing->user_path;
	return &file->f_path;
}

#endif
