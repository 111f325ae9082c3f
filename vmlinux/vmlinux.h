/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The kernel's types that bpf/ reads: by hand, only the fields that are read, in any order. Offsets are
 * CO-RE relocations, resolved by name against the running kernel's BTF when the programs are loaded; a type
 * or a field that the kernel does not have fails the load (or bpf_core_field_exists()).
 *
 * To extend: look the type up in each kernel of the matrix,
 *
 *   bpftool btf dump file /sys/kernel/btf/vmlinux format c | sed -n '/^struct dentry {/,/^};/p'
 *
 * (for a kernel that does not run here: the same on its unpacked vmlinux) and copy the fields. Where two
 * kernels differ, give the other shape its own type with a ___suffix, which CO-RE ignores, and keep the
 * choice between them in bpf/gather.h.
 *
 * Constants and the types of the BPF interface itself come from the kernel's UAPI headers.
 */
#ifndef MANTLET_VMLINUX_H
#define MANTLET_VMLINUX_H

#include <asm-generic/errno-base.h>
#include <linux/bpf.h>
#include <linux/types.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef struct seqcount {
	unsigned int sequence;
} seqcount_t;

typedef struct seqcount_spinlock {
	seqcount_t seqcount;
} seqcount_spinlock_t;

struct hlist_bl_node {
	struct hlist_bl_node **pprev;
};

struct list_head {
	struct list_head *next;
};

struct super_block {
	unsigned long s_magic;
	unsigned long s_flags;
	__u32 s_time_gran; /* ns */
};

struct inode {
	unsigned short i_mode;
	unsigned int i_flags;
	struct super_block *i_sb;
	__s64 i_ctime_sec; /* from 6.11 */
	__u32 i_ctime_nsec;
};

struct timespec64 {
	__s64 tv_sec;
	long tv_nsec;
};

struct inode___ctime { /* until 6.5 */
	struct timespec64 i_ctime;
};

struct inode___hidden { /* 6.6 to 6.10 */
	struct timespec64 __i_ctime;
};

struct qstr {
	__u32 len;
	const unsigned char *name;
};

struct dentry {
	seqcount_spinlock_t d_seq;
	struct hlist_bl_node d_hash;
	struct dentry *d_parent;
	struct qstr d_name;
	struct inode *d_inode;
	struct super_block *d_sb;
	unsigned char d_iname[]; /* a name that fits: with its NUL in 32 bytes, from 6.14 in 40 */
};

union shortname_store {
	unsigned char string[0];
};

struct dentry___wrapped { /* the same from 6.14 */
	union shortname_store d_shortname;
};

struct vfsmount {
	struct dentry *mnt_root;
	struct super_block *mnt_sb;
};

struct mnt_namespace;

struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
	struct mnt_namespace *mnt_ns;
	struct list_head mnt_mounts; /* its children, by their mnt_child */
	struct list_head mnt_child;
	int mnt_group_id; /* of its peers; 0: it is not shared */
};

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

struct inode;

struct file {
	struct inode *f_inode;
	struct path f_path;
};

struct backing_file { /* from 6.7: what a stacked file system maps; its f_path is below */
	struct path user_path;
};

struct vm_area_struct {
	struct file *vm_file;
	unsigned long vm_flags;
};

struct fs_struct {
	struct path root;
};

struct mm_struct {
	struct file *exe_file;
};

struct signal_struct {
	struct list_head thread_head;
};

struct kernfs_node {
	const char *name;
	__u64 id;
};

struct cgroup;

struct cgroup_subsys_state {
	struct cgroup *cgroup;
	struct cgroup_subsys_state *parent;
};

struct cgroup_root {
	int hierarchy_id;
};

struct cgroup {
	struct cgroup_subsys_state self;
	struct kernfs_node *kn;
	struct cgroup_root *root;
};

struct css_set {
	struct cgroup *dfl_cgrp;
};

struct task_struct {
	int pid;
	int tgid;
	__u64 start_boottime;
	struct task_struct *group_leader;
	struct signal_struct *signal;
	struct list_head thread_node;
	struct css_set *cgroups;
	struct task_struct *real_parent;
	struct mm_struct *mm;
	struct fs_struct *fs;
	struct files_struct *files;
	const struct cred *cred;
	char comm[16];
};

typedef struct {
	__u32 val;
} kuid_t;

typedef struct {
	__u32 val;
} kgid_t;

/* 2 __u32, and since 6.3 one __u64: the same bytes on a little-endian machine */
typedef struct {
	__u64 val;
} kernel_cap_t;

struct group_info {
	int ngroups;
	kgid_t gid[];
};

struct uid_gid_extent {
	__u32 first, lower_first, count;
};

struct uid_gid_map {
	__u32 nr_extents;
	struct uid_gid_extent extent[5];
};

struct user_namespace {
	struct uid_gid_map uid_map, gid_map;
	int level;
};

struct cred {
	kuid_t uid, suid, euid, fsuid;
	kgid_t gid, sgid, egid, fsgid;
	unsigned int securebits;
	kernel_cap_t cap_permitted;
	struct user_namespace *user_ns;
	struct group_info *group_info;
};

struct kernel_siginfo;

enum lockdown_reason {
	LOCKDOWN_INTEGRITY_MAX,
};

enum kernel_load_data_id {
	LOADING_FIRMWARE,
};

enum kernel_read_file_id {
	READING_FIRMWARE,
};

struct linux_binprm {
	struct cred *cred;
	struct file *file;
	const char *filename;
	const char *interp;
	const char *fdpath;
};

typedef struct {
	int counter;
} atomic_t;

struct files_struct {
	atomic_t count;
};

struct sock_common {
	unsigned short skc_family;
};

struct sock {
	struct sock_common __sk_common;
	__u16 sk_type;
	__u16 sk_protocol;
};

struct socket {
	struct sock *sk;
};

struct sockaddr;

struct cmsghdr {
	__u64 cmsg_len;
	int cmsg_level;
	int cmsg_type;
};

struct msghdr {
	void *msg_name;
	int msg_namelen;
	void *msg_control;
	__u64 msg_controllen;
};

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
};

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

#pragma clang attribute pop

#endif
