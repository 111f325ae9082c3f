/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a task in a domain may not do, whatever its capabilities and whatever its policy says (in audit mode too): undo
 * the enforcement, end those who guard, or have something run outside of its domain. SECURITY.md tells what holds.
 *
 * None of the hooks is on the way of an open, a read or a write. They do not look at the verdict of a program before
 * them: the kernel asks no further when one refused, and the place of it in ctx moved when hooks got more arguments.
 */
#ifndef MANTLET_BPF_PROTECT_H
#define MANTLET_BPF_PROTECT_H

#include "domain.h"
#include "gather.h"
#include "report.h"

/* <linux/magic.h> has them, with much else that does not go together with vmlinux.h. */
#define BPF_FS_MAGIC 0xcafe4a11
#define BINFMTFS_MAGIC 0x42494e4d
#define CGROUP_SUPER_MAGIC 0x27e0eb /* cgroup v1; v2 has no release_agent */

#define TRACE_ATTACH 0x02     /* PTRACE_MODE_ATTACH: also opening /proc/PID/mem, process_vm_writev, pidfd_getfd */
#define MOUNT_STEPS_PLAIN 128 /* see path_walk_each() */

static __always_inline int protect_refuse(enum event_attempt attempt)
{
	report_attempt(attempt);
	return -EPERM;
}

/* Refuses it to every task in a domain. */
static __always_inline int protect(enum event_attempt attempt)
{
	return domain_slot(bpf_get_current_pid_tgid()) ? protect_refuse(attempt) : 0;
}

/* The guardian, if that is what the task belongs to: as a process, since a signal or a limit reaches all threads. */
static __always_inline struct guardian *guardian_of(struct task_struct *task)
{
	__u32 zero = 0;
	struct guardian *found = bpf_map_lookup_elem(&guardian, &zero);

	if (!found || !found->tgid || found->tgid != (__u32)task->tgid ||
	    found->start != BPF_CORE_READ(task, group_leader, start_boottime))
		return 0;
	return found;
}

/* The current process is it. */
static __always_inline void guardian_set(__u64 signals)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct guardian *own;
	__u32 zero = 0;

	own = bpf_map_lookup_elem(&guardian, &zero);
	if (!own)
		return;
	own->start = BPF_CORE_READ(task, group_leader, start_boottime);
	own->signals = signals;
	own->tgid = bpf_get_current_pid_tgid() >> 32;
}

static __always_inline int protect_guardian(struct task_struct *task)
{
	return guardian_of(task) ? protect(ATTEMPT_LIMIT) : 0;
}

static __always_inline int protect_from_signal(struct task_struct *task, int sig)
{
	struct guardian *guardian = guardian_of(task);

	if (!guardian || sig < 1 || guardian->signals >> ((sig - 1) & 63) & 1) /* 0 asks whether it is there */
		return 0;
	return protect(ATTEMPT_SIGNAL);
}

/* Looking at a task outside (ps does) is one thing, writing into it another: it would be the hand that does what the
 * domain may not. */
static __always_inline int protect_from_trace(struct task_struct *task, unsigned int mode)
{
	__u32 own = domain_slot(bpf_get_current_pid_tgid());

	if (!own)
		return 0;
	if (guardian_of(task) || (mode & TRACE_ATTACH && domain_slot(task->pid) != own))
		return protect_refuse(ATTEMPT_TRACE);
	return 0;
}

static __always_inline int protect_pins(struct super_block *sb)
{
	return BPF_CORE_READ(sb, s_magic) == BPF_FS_MAGIC ? protect(ATTEMPT_PINS) : 0;
}

/* File systems that have the kernel run programs of one's choice, outside of every domain. */
static __always_inline int protect_helpers(struct super_block *sb)
{
	unsigned long magic = BPF_CORE_READ(sb, s_magic);

	return magic == BINFMTFS_MAGIC || magic == CGROUP_SUPER_MAGIC ? protect(ATTEMPT_MOUNT) : 0;
}

/* ctx of mounts_step(): down a tree of mounts and up again, as the kernel's next_mnt() goes. */
struct mounts_walk {
	struct mount *top, *at;
	struct mnt_namespace *home; /* of the domain's root */
	__u64 up;                   /* all below `at` were seen */
	__u64 end;                  /* enum mounts_end */
};

enum mounts_end { MOUNTS_GOING, MOUNTS_FREE, MOUNTS_PINS };

/* Pins end with the last mount of their file system. A copy in a namespace of the task's own counts for nothing,
 * unless taking it away is handed on to where it was copied from. */
static __always_inline _Bool mounts_hold_pins(const struct mounts_walk *walk)
{
	struct mount *at = walk->at;

	return BPF_CORE_READ(at, mnt.mnt_sb, s_magic) == BPF_FS_MAGIC &&
	       (BPF_CORE_READ(at, mnt_ns) == walk->home || BPF_CORE_READ(at, mnt_parent, mnt_group_id));
}

static __always_inline struct mount *mount_of_child(struct list_head *child)
{
	return (void *)child - bpf_core_field_offset(struct mount, mnt_child);
}

static __always_inline struct list_head *mount_children(struct mount *mount)
{
	return (void *)mount + bpf_core_field_offset(struct mount, mnt_mounts);
}

static __always_inline int mounts_down(struct mounts_walk *walk)
{
	struct mount *at = walk->at;
	struct list_head *next = BPF_CORE_READ(at, mnt_mounts.next);

	if (mounts_hold_pins(walk))
		walk->end = MOUNTS_PINS;
	if (next == mount_children(at))
		walk->up = 1;
	else
		walk->at = mount_of_child(next);
	return 0;
}

static __always_inline int mounts_up(struct mounts_walk *walk)
{
	struct mount *at = walk->at, *parent = BPF_CORE_READ(at, mnt_parent);
	struct list_head *next = BPF_CORE_READ(at, mnt_child.next);

	if (at == walk->top) {
		walk->end = MOUNTS_FREE;
	} else if (next == mount_children(parent)) {
		walk->at = parent;
	} else {
		walk->at = mount_of_child(next);
		walk->up = 0;
	}
	return 0;
}

static long mounts_step(__u32 i, void *ctx)
{
	struct mounts_walk *walk = ctx;

	if (walk->up)
		mounts_up(walk);
	else
		mounts_down(walk);
	return walk->end != MOUNTS_GOING;
}

/* What is unmounted takes along what is mounted below it. */
static __always_inline int protect_mounts(struct vfsmount *mnt)
{
	struct mounts_walk walk = {};
	struct domain *domain;
	int err;

	domain = domain_current(&err);
	if (!domain)
		return err;
	walk.up = domain->zero; /* not a constant: see decide.h */
	walk.end = domain->zero;
	walk.top = walk.at = path_mount(mnt);
	walk.home = path_namespace((void *)domain->root.mount);
	path_walk_each(mounts_step, &walk, MOUNT_STEPS_PLAIN);
	return walk.end == MOUNTS_FREE ? 0 : protect_refuse(ATTEMPT_PINS);
}

#define SYSCTL_NAME 32

/* Settings that name a program which the kernel starts outside of every domain; and the switch that takes away the
 * calls by which LSM programs are reached. */
static const char sysctl_kept[][SYSCTL_NAME] = {
	"kernel/core_pattern", "kernel/modprobe", "kernel/hotplug", "kernel/poweroff_cmd", "kernel/ftrace_enabled",
};

static __always_inline _Bool sysctl_undoes(const char *name)
{
	for (unsigned int i = 0; i < sizeof(sysctl_kept) / SYSCTL_NAME; i++) {
		int at = 0;

		while (at < SYSCTL_NAME - 1 && name[at] == sysctl_kept[i][at])
			at++;
		if (at == SYSCTL_NAME - 1)
			return 1;
	}
	return 0;
}

/* The hooks. */

/* Attached nowhere: who guards calls it (BPF_PROG_TEST_RUN), with the signals that it takes. */
SEC("raw_tp")
int guard_enter(struct bpf_raw_tracepoint_args *ctx)
{
	guardian_set(ctx->args[0]);
	return 0;
}

SEC("lsm/bpf")
int BPF_PROG(protect_bpf)
{
	return protect(ATTEMPT_BPF);
}

SEC("lsm/task_kill")
int BPF_PROG(protect_kill, struct task_struct *task, struct kernel_siginfo *info, int sig)
{
	return protect_from_signal(task, sig);
}

/* Whoever set it up is not known here, and those who guard have no files that signal. */
SEC("lsm/file_send_sigiotask")
int BPF_PROG(protect_sigio, struct task_struct *task)
{
	return guardian_of(task) ? -EPERM : 0;
}

SEC("lsm/ptrace_access_check")
int BPF_PROG(protect_trace, struct task_struct *task, unsigned int mode)
{
	return protect_from_trace(task, mode);
}

SEC("lsm/task_setrlimit")
int BPF_PROG(protect_limit, struct task_struct *task)
{
	return protect_guardian(task);
}

SEC("lsm/task_setscheduler")
int BPF_PROG(protect_scheduler, struct task_struct *task)
{
	return protect_guardian(task);
}

SEC("lsm/task_setnice")
int BPF_PROG(protect_nice, struct task_struct *task)
{
	return protect_guardian(task);
}

SEC("lsm/inode_unlink")
int BPF_PROG(protect_unlink, struct inode *dir)
{
	return protect_pins(dir->i_sb);
}

SEC("lsm/inode_rmdir")
int BPF_PROG(protect_rmdir, struct inode *dir)
{
	return protect_pins(dir->i_sb);
}

SEC("lsm/inode_rename")
int BPF_PROG(protect_rename, struct inode *dir)
{
	return protect_pins(dir->i_sb);
}

SEC("lsm/sb_umount")
int BPF_PROG(protect_umount, struct vfsmount *mnt)
{
	return protect_mounts(mnt);
}

SEC("lsm/sb_mount")
int BPF_PROG(protect_mount, const char *source, const struct path *path)
{
	return protect_pins(path->dentry->d_sb);
}

SEC("lsm/move_mount")
int BPF_PROG(protect_move, const struct path *from, const struct path *to)
{
	return protect_pins(from->dentry->d_sb) ?: protect_pins(to->dentry->d_sb);
}

SEC("lsm/sb_kern_mount")
int BPF_PROG(protect_filesystem, struct super_block *sb)
{
	return protect_helpers(sb);
}

/* Writing to kernel memory in one of the kernel's own ways: /dev/mem, ports, MSRs, debugfs, kexec, unsigned modules. */
SEC("lsm/locked_down")
int BPF_PROG(protect_kernel, enum lockdown_reason what)
{
	return what < bpf_core_enum_value(enum lockdown_reason, LOCKDOWN_INTEGRITY_MAX) ? protect(ATTEMPT_KERNEL) : 0;
}

/* Modules, kernels to kexec, policies of IMA. Firmware is asked for by drivers, whoever opened the device. */
SEC("lsm/kernel_load_data")
int BPF_PROG(protect_load, enum kernel_load_data_id id)
{
	return id != bpf_core_enum_value(enum kernel_load_data_id, LOADING_FIRMWARE) ? protect(ATTEMPT_KERNEL) : 0;
}

SEC("lsm/kernel_read_file")
int BPF_PROG(protect_read, struct file *file, enum kernel_read_file_id id)
{
	return id != bpf_core_enum_value(enum kernel_read_file_id, READING_FIRMWARE) ? protect(ATTEMPT_KERNEL) : 0;
}

/* Attached to the root of all cgroups. 1: go on, 0: EPERM. */
SEC("cgroup/sysctl")
int protect_sysctl(struct bpf_sysctl *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	char name[SYSCTL_NAME] = {};

	if (!ctx->write || !domain_slot(BPF_CORE_READ(task, pid)))
		return 1;
	bpf_sysctl_get_name(ctx, name, sizeof(name), 0);
	if (!sysctl_undoes(name))
		return 1;
	report_attempt(ATTEMPT_SETTING);
	return 0;
}

#endif
