/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The hooks. Each honours the verdict of a program before it, gathers, decides, reports, returns.
 *
 * None of them sleeps. A program of this type was skipped, and so allowed, when it was already running on
 * the same CPU, until 6.2 and 6.1.54: the kernel counts that as recursion_misses, and the loader reports it.
 */
#include "vmlinux/vmlinux.h"

#include <bpf/bpf_helpers.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#include "cgroup.h"
#include "connect.h"
#include "domain.h"
#include "drift.h"
#include "identity.h"
#include "protect.h" /* has hooks of its own, by which no domain gets past these */
#include "report.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* Runs for a script, and again for its interpreter, and again for the interpreter's: each is judged. */
SEC("lsm/bprm_check_security")
int BPF_PROG(exec_check, struct linux_binprm *bprm, int ret)
{
	struct decision decision = {};
	struct domain *domain;
	int err;

	if (ret)
		return ret;
	domain = exec_domain(bprm, &err);
	if (!domain)
		return err;
	decide_exec(domain, exec_path(bprm), &decision);
	decide_script(bprm, &decision);
	drift_exec(domain, exec_path(bprm), &decision);
	if (decision.verdict.reported)
		report_exec(bprm, domain, &decision);
	return decision.verdict.enforced ? -EACCES : 0;
}

/* Attached only where some policy looks at drift: every exec maps several times. */
SEC("lsm/mmap_file")
int BPF_PROG(map_check, struct file *file, unsigned long reqprot, unsigned long prot, unsigned long flags, int ret)
{
	struct domain *domain;
	int err;

	if (ret)
		return ret;
	if (!file || !(prot & MAP_EXEC))
		return 0;
	domain = domain_current(&err);
	return domain ? drift_map(domain, &file->f_path, 1) : err;
}

/* The same, for what was mapped not to be executed. */
SEC("lsm/file_mprotect")
int BPF_PROG(remap_check, struct vm_area_struct *vma, unsigned long reqprot, unsigned long prot, int ret)
{
	struct domain *domain;
	struct file *file;
	int err;

	if (ret)
		return ret;
	if (!(prot & MAP_EXEC) || vma->vm_flags & MAP_EXEC)
		return 0;
	file = BPF_CORE_READ(vma, vm_file);
	if (!file)
		return 0;
	domain = domain_current(&err);
	return domain ? drift_map(domain, drift_mapped(file), 0) : err;
}

/* Threads and processes alike, before they run for the first time. */
SEC("tp_btf/task_newtask")
int BPF_PROG(fork_inherit, struct task_struct *task, unsigned long clone_flags)
{
	domain_inherit(task->pid);
	if (clone_flags & CLONE_INTO_CGROUP)
		task_made_in(task);
	return 0;
}

/* The next four are for hosts: `mantlet run` does without. A cgroup was made. */
SEC("tp_btf/cgroup_mkdir")
int BPF_PROG(container_birth, struct cgroup *cgroup, const char *path)
{
	__u32 first = 0;
	struct host *host = bpf_map_lookup_elem(&hosts, &first);

	if (host && host->live && cgroup_is_v2(cgroup))
		cgroup_born(cgroup, host);
	return 0;
}

SEC("tp_btf/cgroup_rmdir")
int BPF_PROG(container_death, struct cgroup *cgroup, const char *path)
{
	if (cgroup_is_v2(cgroup))
		cgroup_died(cgroup);
	return 0;
}

/* Tasks were moved. */
SEC("tp_btf/cgroup_attach_task")
int BPF_PROG(container_enter, struct cgroup *cgroup, const char *path, struct task_struct *task, _Bool threadgroup)
{
	__u32 slot = cgroup_is_v2(cgroup) ? cgroup_slot(cgroup) : 0;

	if (slot && threadgroup)
		threads_enter(task, slot | TASK_ENTERING);
	else if (slot)
		task_enters(task->pid, slot | TASK_ENTERING);
	return 0;
}

/* Who reads the iterator puts all tasks of a container's cgroup into the domain that are in none, and gets of each
 * task that is in one: its slot, and TASK_FOUND. */
SEC("iter/task")
int container_sweep(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	__u32 first = 0, slot, found = 0;
	struct host *host = bpf_map_lookup_elem(&hosts, &first);

	if (!task || !host)
		return 0;
	if (task->pid == 1)
		host->root = (__u64)BPF_CORE_READ(task, fs, root.dentry);
	slot = cgroup_slot(BPF_CORE_READ(task, cgroups, dfl_cgrp));
	if (slot && !domain_raw(task->pid)) {
		task_found(task, slot, host);
		found = TASK_FOUND;
	}
	slot = domain_raw(task->pid) | found;
	if (slot)
		bpf_seq_write(ctx->meta->seq, &slot, sizeof(slot));
	return 0;
}

/* Attached nowhere: who is to be in a domain calls it (BPF_PROG_TEST_RUN), with the slot as argument. */
SEC("raw_tp")
int domain_enter(struct bpf_raw_tracepoint_args *ctx)
{
	domain_set(bpf_get_current_pid_tgid(), ctx->args[0]);
	return 0;
}

/* Sockets that no address rule can judge are refused when they are made. */
SEC("lsm/socket_create")
int BPF_PROG(socket_check, int family, int type, int protocol, int kern, int ret)
{
	struct socket_asked asked = {.family = family, .type = type, .protocol = protocol};
	struct domain *domain;
	int err;

	if (ret)
		return ret;
	if (kern || verdict_socket(family, type, protocol) != SOCKET_DOOR)
		return 0;
	domain = domain_current(&err);
	return domain ? connect_judge(domain, &asked) : err;
}

/* Not inline, for its stack. */
static __attribute__((noinline)) int connect_full(const struct domain *domain, struct socket *sock,
						  struct sockaddr *address, int addrlen)
{
	struct socket_asked asked = {.name = address, .len = addrlen};

	if (!socket_gather(&asked, sock))
		return -EACCES;
	address_head(&asked.head, address);
	return connect_judge(domain, &asked);
}

SEC("lsm/socket_connect")
int BPF_PROG(connect_check, struct socket *sock, struct sockaddr *address, int addrlen, int ret)
{
	struct address_head head;
	struct domain *domain;
	struct sock *sk;
	int err;

	if (ret)
		return ret;
	domain = domain_current(&err);
	if (!domain)
		return err;
	address_head(&head, address);
	sk = sock->sk;
	if (sk && head.family == FAMILY_INET && addrlen >= ADDRESS_INET &&
	    connect_silent(domain, sk, head.port, head.ipv4))
		return 0;
	return connect_full(domain, sock, address, addrlen);
}

/* Not inline, for its stack. */
static __attribute__((noinline)) int send_full(const struct domain *domain, struct socket *sock, struct msghdr *msg)
{
	struct socket_asked asked = {.name = msg->msg_name, .len = msg->msg_namelen, .sends = 1};

	if (!socket_gather(&asked, sock))
		return 0; /* nothing is sent by what is closed */
	if (!asked.name && !msg->msg_controllen &&
	    verdict_socket(asked.family, asked.type, asked.protocol) != SOCKET_DOOR)
		return 0;
	asked.routed = msg->msg_controllen && message_routed(msg);
	if (asked.name && bpf_probe_read_kernel(&asked.head, sizeof(asked.head), asked.name))
		asked.len = 0;
	return connect_judge(domain, &asked);
}

/* Every way to send, named or not: a socket may come from outside of the domain. */
SEC("lsm/socket_sendmsg")
int BPF_PROG(send_check, struct socket *sock, struct msghdr *msg, int size, int ret)
{
	struct domain *domain;
	int err;

	if (ret)
		return ret;
	domain = domain_current(&err);
	return domain ? send_full(domain, sock, msg) : err;
}

SEC("lsm/socket_setsockopt")
int BPF_PROG(option_check, struct socket *sock, int level, int option, int ret)
{
	struct socket_asked asked = {.routed = 1};
	struct domain *domain;
	int err;

	if (ret)
		return ret;
	if (!verdict_reroutes(level, option) || !socket_gather(&asked, sock))
		return 0;
	domain = domain_current(&err);
	return domain ? connect_judge(domain, &asked) : err;
}

SEC("lsm/task_fix_setuid")
int BPF_PROG(uid_check, struct cred *new, const struct cred *old, int flags, int ret)
{
	struct domain *domain;
	int err;

	if (ret)
		return ret;
	domain = domain_current(&err);
	if (!domain)
		return err;
	return identity_silent(domain, IMAGE_UID, new, old, flags) ? 0 : identity_uids(domain, new, old);
}

SEC("lsm/task_fix_setgid")
int BPF_PROG(gid_check, struct cred *new, const struct cred *old, int flags, int ret)
{
	struct domain *domain;
	int err;

	if (ret)
		return ret;
	domain = domain_current(&err);
	if (!domain)
		return err;
	return identity_silent(domain, IMAGE_GID, new, old, flags) ? 0 : identity_gids(domain, new, old);
}

/* Since 6.0. */
SEC("lsm/task_fix_setgroups")
int BPF_PROG(groups_check, struct cred *new, const struct cred *old, int ret)
{
	struct domain *domain;
	int err;

	if (ret)
		return ret;
	domain = domain_current(&err);
	return domain ? identity_groups(domain, new, old) : err;
}

/* Once in an exec, after the capability module has said what the new program's identity is (it is always the first),
 * and before there is no way back. */
SEC("lsm/bprm_creds_from_file")
int BPF_PROG(setid_check, struct linux_binprm *bprm, const struct file *file, int ret)
{
	struct domain *domain;
	int err;

	if (ret)
		return ret;
	domain = domain_current(&err);
	return domain ? identity_exec(domain, bprm->cred, &file->f_path) : err;
}

/* Is there a policy that is enforced? Asked by a MicroEnforcer that wants to know whether it is needed. */
SEC("lsm/task_prctl")
int BPF_PROG(standdown_answer, int option, unsigned long arg2, unsigned long arg3, unsigned long arg4,
	     unsigned long arg5, int ret)
{
	int err, answer = -STANDDOWN_ERRNO;
	struct domain *domain;
	struct image_view image;

	if (ret || option != STANDDOWN_OPTION)
		return ret;
	domain = domain_current(&err);
	if (!domain || domain->policy == OPEN_POLICY)
		return err;
	barrier_var(answer); /* no arithmetic of flags: the verifier has to see the range (6.12) */
	return !domain_image(domain, &image) || verdict_flags(&image) & IMAGE_ENFORCE ? answer : 0;
}
