/* SPDX-License-Identifier: BSD-2-Clause */
#include "execwatch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "resolve.h"
#include "setid.h"

#define FDS_PER_WATCH 2UL
#define FDS_SPARE 64UL /* for one judgement and what the rest of the program holds */

int execwatch_open(struct execwatch *watches, const struct judge *judge, int proc)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return -errno;
	*watches = (struct execwatch){.judge = judge, .proc = proc};
	watches->max = limit.rlim_cur > 2 * FDS_SPARE ? (limit.rlim_cur - FDS_SPARE) / FDS_PER_WATCH : 1;
	return 0;
}

static void watch_free(struct watch *watch)
{
	if (watch->program_fd >= 0 && watch->program_fd != watch->named_fd)
		close(watch->program_fd);
	if (watch->named_fd >= 0)
		close(watch->named_fd);
	free(watch);
}

void execwatch_close(struct execwatch *watches)
{
	for (size_t i = 0; i < watches->count; i++)
		watch_free(watches->watch[i]);
	free(watches->watch);
	watches->watch = NULL;
	watches->count = 0;
}

bool execwatch_busy(const struct execwatch *watches, pid_t tgid)
{
	for (size_t i = 0; i < watches->count; i++)
		if (watches->watch[i]->tgid == tgid)
			return true;
	return watches->count >= watches->max;
}

static struct watch *watch_find(const struct execwatch *watches, pid_t pid, bool by_group)
{
	for (size_t i = 0; i < watches->count; i++)
		if ((by_group ? watches->watch[i]->tgid : watches->watch[i]->tid) == pid)
			return watches->watch[i];
	return NULL;
}

static void watch_drop(struct execwatch *watches, struct watch *watch)
{
	for (size_t i = 0; i < watches->count; i++)
		if (watches->watch[i] == watch)
			watches->watch[i] = watches->watch[--watches->count];
	watch_free(watch);
}

static int room_for_one(struct execwatch *watches)
{
	size_t space = watches->space ? 2 * watches->space : 16;
	struct watch **grown;

	if (watches->count < watches->space)
		return 0;
	grown = realloc(watches->watch, space * sizeof(struct watch *));
	if (!grown)
		return -ENOMEM;
	watches->watch = grown;
	watches->space = space;
	return 0;
}

int watch_attach(struct execwatch *watches, const struct task *task, pid_t tgid, const struct exec_call *call,
		 struct judgement *judgement)
{
	struct watch *watch = malloc(sizeof(*watch));

	if (!watch || room_for_one(watches)) {
		free(watch);
		return -ENOMEM;
	}
	/* EXITKILL: whoever kills the supervisor at this moment must not thereby have the exec unchecked */
	if (ptrace(PTRACE_SEIZE, task->tid, NULL, PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL) < 0) {
		free(watch);
		return -errno;
	}
	*watch = (struct watch){
		.tid = task->tid,
		.tgid = tgid,
		.named = judgement->named_id,
		.program = judgement->program_id,
		.named_fd = judgement->named,
		.program_fd = judgement->program,
		.script = judgement->script,
		.unjudged = judgement->unjudged,
		.remembered = judgement->remembered,
		.report_only =
			judgement->file.verdict.denied && !(verdict_flags(watches->judge->image) & IMAGE_ENFORCE),
		.call = *call,
	};
	judgement->named = judgement->program = -1;
	watches->watch[watches->count++] = watch;
	return 0;
}

void watch_interrupt(pid_t tid)
{
	ptrace(PTRACE_INTERRUPT, tid, NULL, NULL);
}

/* The name under which the kernel says it executed. */
void exec_call_name(const struct exec_call *call, char *name, size_t size)
{
	if (call->path[0] == '/' || call->dirfd == AT_FDCWD)
		snprintf(name, size, "%s", call->path);
	else
		snprintf(name, size, call->path[0] ? "/dev/fd/%d/%s" : "/dev/fd/%d", call->dirfd, call->path);
}

static const char changed[] = "the path was changed while it was judged";
static const char hidden[] =
	"the program may not be looked at after the exec: give the container SYS_PTRACE and DAC_OVERRIDE";

/* The name is in the new program's memory. Another process of the same user could write there in the meantime, and hide
 * that a script was executed and not its interpreter: which that user may run on the script anyway. */
static const char *execfn_check(const struct task *task, const struct exec_call *call, bool *gained)
{
	char expected[PATH_MAX + 32], found[PATH_MAX + 32];

	exec_call_name(call, expected, sizeof(expected));
	switch (task_executed(task, found, sizeof(found), gained)) {
	case 0:
		return strcmp(expected, found) ? changed : NULL;
	case -EACCES:
	case -EPERM:
		return hidden;
	default:
		return changed;
	}
}

/* Does what the call names, looked up now, still be the file that was judged? After the exec the task's
 * descriptors are its own, so this catches one that a dup2() swapped. */
static bool named_same(const struct task *task, const struct watch *watch)
{
	struct file_id id;
	int fd = resolve_path(task, watch->call.dirfd, watch->call.path, watch->call.flags);
	bool same = fd >= 0 && file_identify(fd, "", AT_EMPTY_PATH, &id) == 0 && file_unchanged(&id, &watch->named);

	if (fd >= 0)
		close(fd);
	return same;
}

/* Not the file that was judged. That may have an honest cause: it was replaced on its way (an upgrade), or
 * it is for a helper that the kernel knows (binfmt_misc). So everything is judged again as it is now. */
static bool allowed_afresh(const struct execwatch *watches, const struct task *task, const struct watch *watch,
			   int exe, const struct file_id *exe_id)
{
	struct judgement again;
	struct verdict verdict;
	char path[PATH_MAX];
	bool allowed;

	judgement_begin(&again);
	judge_exec(watches->judge, task, &watch->call, &again);
	allowed = again.error == 0 && !again.unjudged && !judgement_refuses(&again);
	if (allowed && !file_same(&again.program_id, exe_id)) {
		judge_file(watches->judge, task, exe, path, &verdict);
		allowed = again.foreign && !verdict.enforced;
	}
	/* what it gave the task already has, so whether it gained cannot be told any more */
	if (allowed && watches->judge->identity && setid_gives(task, exe, exe_id)) {
		judge_forget(watches->judge, exe_id);
		allowed = false;
	}
	judgement_drop(&again);
	return allowed;
}

/* NULL: it runs what was judged. */
static const char *exec_compare(const struct execwatch *watches, const struct task *task, const struct watch *watch)
{
	bool gained = false, same, allowed;
	const char *reason;
	struct file_id id;
	int exe;

	if (task_identify(task, "exe", &id))
		return hidden;
	reason = execfn_check(task, &watch->call, &gained);
	if (reason)
		return reason;
	same = file_unchanged(&id, &watch->program) && !watch->unjudged && !(watch->remembered && gained) &&
	       (!watch->script || named_same(task, watch));
	if (same)
		return NULL;
	exe = task_open(task, "exe", O_PATH);
	allowed = exe >= 0 && allowed_afresh(watches, task, watch, exe, &id);
	if (exe >= 0)
		close(exe);
	return allowed ? NULL : changed;
}

static const char *exec_check(const struct execwatch *watches, const struct task *task, const struct watch *watch,
			      struct watch_finding *finding)
{
	const char *reason = exec_compare(watches, task, watch);
	int exe;

	finding->path[0] = 0;
	finding->verdict.denied = false;
	if (!reason)
		return NULL;
	exe = task_open(task, "exe", O_PATH);
	if (exe >= 0) {
		judge_file(watches->judge, task, exe, finding->path, &finding->verdict);
		close(exe);
	}
	if (!finding->verdict.denied)
		finding->verdict = verdict_of(watches->judge->image, VERDICT_UNRESOLVED(RULE_EXEC));
	return reason;
}

static void detach(pid_t pid, int signal)
{
	ptrace(PTRACE_DETACH, pid, NULL, (long)signal);
}

/* The task has its new program and has not run an instruction of it. */
static enum watch_result exec_event(struct execwatch *watches, struct watch *watch, pid_t pid,
				    struct watch_finding *finding)
{
	struct task task = {.proc = watches->proc, .tid = pid};
	unsigned long former;

	watch->tid = pid; /* a thread that executes takes its leader's number */
	finding->reason = watch->report_only ? NULL : exec_check(watches, &task, watch, finding);
	if (!finding->reason) {
		detach(pid, 0);
		watch_drop(watches, watch);
		return WATCH_ENDED;
	}
	/* killed by another while we looked: what we saw of it means nothing */
	if (ptrace(PTRACE_GETEVENTMSG, pid, NULL, &former) < 0 && errno == ESRCH) {
		watch->killed = true;
		return WATCH_GOING;
	}
	task_describe(&task, &finding->text);
	if (finding->verdict.enforced) {
		kill(pid, SIGKILL);
		watch->killed = true;
		return WATCH_CHANGED;
	}
	detach(pid, 0);
	watch_drop(watches, watch);
	return WATCH_CHANGED;
}

/* A stop that no watch explains: it is attached to us, so it is to be let go, but not into a program. */
static enum watch_result stray_stop(pid_t pid, int event)
{
	if (event == PTRACE_EVENT_EXEC)
		kill(pid, SIGKILL);
	else
		detach(pid, 0);
	return WATCH_GOING;
}

enum watch_result watch_event(struct execwatch *watches, pid_t pid, int status, struct watch_finding *finding)
{
	int event = WIFSTOPPED(status) ? status >> 16 : 0;
	struct watch *watch = watch_find(watches, pid, event == PTRACE_EVENT_EXEC);
	unsigned long former;

	if (!watch)
		return event ? stray_stop(pid, event) : WATCH_FOREIGN;
	if (WIFCONTINUED(status))
		return WATCH_FOREIGN;
	if (!WIFSTOPPED(status)) {
		watch_drop(watches, watch);
		return WATCH_ENDED;
	}
	if (watch->killed)
		return WATCH_GOING;
	if (event == PTRACE_EVENT_EXEC) {
		if (ptrace(PTRACE_GETEVENTMSG, pid, NULL, &former) == 0 && former != (unsigned long)watch->tid)
			return stray_stop(pid, event);
		return exec_event(watches, watch, pid, finding);
	}
	/* The exec failed. A stop by a signal hands that signal on; a group stop goes on being one. */
	detach(pid, event ? 0 : WSTOPSIG(status));
	watch_drop(watches, watch);
	return WATCH_ENDED;
}
