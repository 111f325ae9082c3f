/* SPDX-License-Identifier: BSD-2-Clause */
/* execve and execveat, as the supervisor answers them. */
#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>

#include "supervisor.h"

#ifndef AT_EXECVE_CHECK
#define AT_EXECVE_CHECK 0x10000 /* 6.14: everything but the exec itself */
#endif
#define EXEC_FLAGS (AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW | AT_EXECVE_CHECK)

/* 0, or the error that the call is to fail with; *seen: false if that is ours and not the task's own. */
static int call_read(const struct task *task, const struct seccomp_data *data, struct exec_call *call, bool *seen)
{
	bool at = data->nr == SCMP_SYS(execveat);
	int ret;

	*seen = true;
	call->path[0] = 0;
	call->dirfd = at ? (int)data->args[0] : AT_FDCWD;
	call->flags = at ? (int)data->args[4] : 0;
	if (call->flags & ~EXEC_FLAGS)
		return -EINVAL;
	ret = task_string(task, data->args[at ? 1 : 0], call->path, sizeof(call->path));
	*seen = !ret || ret == -EFAULT || ret == -ENAMETOOLONG;
	if (ret)
		call->path[0] = 0;
	return ret;
}

static void exec_report(struct guard *guard, const struct task *task, const struct exec_call *call,
			const struct judgement *judgement)
{
	char name[PATH_MAX + 32];
	struct task_text text;

	task_describe(task, &text);
	exec_call_name(call, name, sizeof(name));
	for (unsigned int i = 0; i < judgement->told_count; i++) {
		const struct exec_finding *file = &judgement->told[i];
		struct audit_record record = {
			.event = AUDIT_EXEC,
			.path = file->interpreter ? name : file->path,
			.interpreter = file->interpreter ? file->path : NULL,
			.reason = file->reason,
		};

		guard_report(guard, &text, &record, &file->verdict);
	}
}

static void identity_report(struct guard *guard, const struct task *task, const struct judgement *judgement)
{
	struct audit_record record = {
		.event = AUDIT_IDENTITY,
		.kind = judgement->kind,
		.from = judgement->from,
		.to = judgement->to,
		.path = judgement->file.path,
	};
	struct task_text text;

	task_describe(task, &text);
	guard_report(guard, &text, &record, &judgement->identity);
}

static void deny_unresolved(const struct guard *guard, struct judgement *judgement, const char *reason)
{
	judgement->file.verdict = verdict_of(guard->config.image, VERDICT_UNRESOLVED(RULE_EXEC));
	judgement->file.reason = reason;
	judgement_tell(judgement, &judgement->file);
}

/* Nobody may attach to it: in enforce mode there is then no safe way to let it go on. */
static void deny_unwatched(const struct guard *guard, const struct task *task, struct judgement *judgement, int err)
{
	struct task_text text;

	task_describe(task, &text);
	deny_unresolved(guard, judgement, judgement->reason_text);
	if (text.tracer)
		snprintf(judgement->reason_text, sizeof(judgement->reason_text),
			 "pid %d traces it, so its exec cannot be checked: attach the tracer after the exec",
			 text.tracer);
	else
		snprintf(judgement->reason_text, sizeof(judgement->reason_text),
			 "its exec cannot be checked (%s): give the container SYS_PTRACE", strerror(-err));
}

/* Refuses, or where that is not meant says that it would. True: refused. */
static bool exec_refused(struct guard *guard, const struct seccomp_notif *notif, const struct task *task,
			 const struct exec_call *call, const struct judgement *judgement)
{
	if (judgement->file.verdict.denied || judgement->identity.enforced)
		exec_report(guard, task, call, judgement);
	if (judgement->file.verdict.enforced) {
		notif_refuse(guard, notif, EACCES);
		return true;
	}
	if (judgement->identity.denied)
		identity_report(guard, task, judgement);
	if (judgement->identity.enforced)
		notif_refuse(guard, notif, EPERM);
	return judgement->identity.enforced;
}

static void exec_continue(struct guard *guard, const struct seccomp_notif *notif, const struct task *task, pid_t tgid,
			  const struct exec_call *call, struct judgement *judgement)
{
#ifdef MANTLET_BREACH_NO_EXEC_CHECK /* for the tests: a boundary that is none, to see that they would tell   \
				     */
	(void)task, (void)tgid, (void)call, (void)judgement;
	notif_continue(guard, notif);
	return;
#endif
	int ret = watch_attach(&guard->watches, task, tgid, call, judgement);

	if (ret) {
		if (ret == -ESRCH || !notif_valid(guard, notif))
			return;
		/* what is to be let go although it was denied need not be checked */
		if (!judgement->file.verdict.denied || verdict_flags(guard->config.image) & IMAGE_ENFORCE) {
			deny_unwatched(guard, task, judgement, ret);
			if (exec_refused(guard, notif, task, call, judgement))
				return;
		}
		notif_continue(guard, notif);
		return;
	}
	if (judgement->file.verdict.reported && !judgement->file.verdict.denied)
		exec_report(guard, task, call, judgement);
	/* Where a signal cannot take the call back any more, the stop is set up first: the task then never
	 * runs on after a failed exec, still attached. Elsewhere that stop would itself take it back. */
	if (guard->wait_killable)
		watch_interrupt(task->tid);
	notif_continue(guard, notif);
	if (!guard->wait_killable)
		watch_interrupt(task->tid);
}

static void exec_judged(struct guard *guard, const struct seccomp_notif *notif, const struct task *task, pid_t tgid,
			const struct exec_call *call, struct judgement *judgement)
{
	if (!notif_valid(guard, notif))
		return;
	if (judgement->error)
		notif_refuse(guard, notif, -judgement->error);
	else if (!exec_refused(guard, notif, task, call, judgement))
		exec_continue(guard, notif, task, tgid, call, judgement);
}

/* A call that gives a task another root or other mounts. */
void exec_root_asked(struct guard *guard, const struct seccomp_notif *notif)
{
	guard->judge.apart = true;
	notif_continue(guard, notif);
}

void exec_asked(struct guard *guard, const struct seccomp_notif *notif)
{
	struct task task = {.proc = guard->proc, .tid = notif->pid};
	struct judgement judgement;
	struct exec_call call;
	pid_t tgid;
	bool seen;
	int ret;

	judgement_begin(&judgement);
	if (!notif->pid) {
		call.path[0] = 0;
		deny_unresolved(guard, &judgement, "the task is in a pid namespace that cannot be seen");
		if (!exec_refused(guard, notif, &task, &call, &judgement))
			notif_continue(guard, notif);
		return;
	}
	tgid = task_group(&task);
	if (tgid && (execwatch_busy(&guard->watches, tgid) || groups_busy(guard, tgid))) {
		notif_hold(guard, notif);
		return;
	}
	ret = call_read(&task, &notif->data, &call, &seen);
	if (!ret)
		judge_exec(&guard->judge, &task, &call, &judgement);
	else if (seen)
		judgement.error = ret;
	else
		deny_unresolved(guard, &judgement, "the task may not be looked at: give the container SYS_PTRACE");
	exec_judged(guard, notif, &task, tgid, &call, &judgement);
	judgement_drop(&judgement);
}

bool exec_reaped(struct guard *guard, pid_t pid, int status)
{
	struct watch_finding finding;
	enum watch_result result = watch_event(&guard->watches, pid, status, &finding);
	struct audit_record record = {.path = finding.path};

	if (result == WATCH_CHANGED) {
		record.reason = finding.reason;
		guard_report(guard, &finding.text, &record, &finding.verdict);
	}
	return result != WATCH_FOREIGN;
}
