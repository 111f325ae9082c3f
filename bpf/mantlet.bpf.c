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

#include "connect.h"
#include "domain.h"
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
	domain = domain_current(&err);
	if (!domain)
		return err;
	decide_exec(domain, exec_path(bprm), &decision);
	if (decision.verdict.reported)
		report_exec(bprm, domain, &decision);
	return decision.verdict.enforced ? -EACCES : 0;
}

/* Threads and processes alike, before they run for the first time. */
SEC("tp_btf/task_newtask")
int BPF_PROG(fork_inherit, struct task_struct *task, unsigned long clone_flags)
{
	domain_inherit(task->pid);
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

SEC("lsm/socket_connect")
int BPF_PROG(connect_check, struct socket *sock, struct sockaddr *address, int addrlen, int ret)
{
	struct socket_asked asked = {.name = address, .len = addrlen};
	struct domain *domain;
	int err;

	if (ret)
		return ret;
	domain = domain_current(&err);
	if (!domain)
		return err;
	return socket_gather(&asked, sock) ? connect_judge(domain, &asked) : -EACCES;
}

/* Every way to send, named or not: a socket may come from outside of the domain. */
SEC("lsm/socket_sendmsg")
int BPF_PROG(send_check, struct socket *sock, struct msghdr *msg, int size, int ret)
{
	struct socket_asked asked = {.name = msg->msg_name, .len = msg->msg_namelen, .sends = 1};
	struct domain *domain;
	int err;

	if (ret)
		return ret;
	if (!socket_gather(&asked, sock))
		return 0; /* nothing is sent by what is closed */
	if (!asked.name && verdict_socket(asked.family, asked.type, asked.protocol) != SOCKET_DOOR)
		return 0;
	domain = domain_current(&err);
	return domain ? connect_judge(domain, &asked) : err;
}
