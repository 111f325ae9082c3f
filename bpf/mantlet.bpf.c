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

#include "domain.h"
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
