/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include "supervisor.h"

#define GROUPS_MAX 65536 /* NGROUPS_MAX */
#define SYSCALL_STOP (SIGTRAP | 0x80)

static struct groups_watch *watch_of(const struct guard *guard, pid_t tid)
{
	struct groups_watch *watch = guard->groups;

	while (watch && watch->tid != tid)
		watch = watch->next;
	return watch;
}

bool groups_busy(const struct guard *guard, pid_t tgid)
{
	for (const struct groups_watch *watch = guard->groups; watch; watch = watch->next)
		if (watch->tgid == tgid)
			return true;
	return false;
}

static void watch_drop(struct guard *guard, struct groups_watch *watch)
{
	struct groups_watch **at = &guard->groups;

	while (*at != watch)
		at = &(*at)->next;
	*at = watch->next;
	creds_drop(&watch->before);
	free(watch);
}

void groups_close(struct guard *guard)
{
	while (guard->groups)
		watch_drop(guard, guard->groups);
}

/* Of a thread that asks again. Where no policy is about execs, another thread's may have put a new program in the place of
 * the one that was followed. */
static struct groups_watch *watch_again(struct guard *guard, const struct task *task)
{
	struct groups_watch *watch = watch_of(guard, task->tid);
	struct task_text text;

	if (!watch)
		return NULL;
	task_describe(task, &text);
	if (text.tracer == guard->supervisor)
		return watch;
	watch_drop(guard, watch);
	return NULL;
}

static int compare_groups(const void *a, const void *b)
{
	const gid_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Each group that was not there before, from the lowest on, as the kernel keeps them, until one is denied. */
static void judge_groups(image_ref image, const struct creds *before, const gid_t *group, size_t count,
			 struct ids_judged *out)
{
	for (size_t i = 0; i < count && !out->verdict.denied; i++) {
		struct verdict verdict;

		if (creds_grouped(before, group[i]))
			continue;
		verdict = verdict_id(image, IMAGE_GID, group[i]);
		if (verdict.denied || (verdict.reported && !out->verdict.reported))
			*out = (struct ids_judged){.verdict = verdict, .kind = IDENTITY_GROUP, .to = group[i]};
	}
}

/* 0; -errno: the kernel is going to refuse it with the same. */
static int judge_call(struct guard *guard, const struct seccomp_notif *notif, const struct task *task,
		      const struct creds *before, struct ids_judged *out)
{
	const uint32_t count = (uint32_t)notif->data.args[0];
	gid_t *group;
	int ret;

	if (before->foreign) {
		ids_unseen(guard, out);
		return 0;
	}
	if (!creds_have(before, CAP_SETGID))
		return -EPERM;
	if (count > GROUPS_MAX)
		return -EINVAL;
	group = malloc((count + 1) * sizeof(*group));
	if (!group)
		return -ENOMEM;
	ret = task_memory(task, notif->data.args[1], group, count * sizeof(*group));
	if (!ret) {
		qsort(group, count, sizeof(*group), compare_groups);
		judge_groups(guard->config.image, before, group, count, out);
	} else if (ret != -EFAULT) {
		ids_unseen(guard, out);
	}
	free(group);
	return ret == -EFAULT ? ret : 0;
}

/* Follows the thread from here. -errno: it cannot be. */
static int watch_begin(struct guard *guard, pid_t tid, pid_t tgid, struct creds *before)
{
	struct groups_watch *watch = malloc(sizeof(*watch));

	if (!watch)
		return -ENOMEM;
	if (ptrace(PTRACE_SEIZE, tid, NULL, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL) < 0) {
		free(watch);
		return -errno;
	}
	*watch = (struct groups_watch){.next = guard->groups,
				       .tid = tid,
				       .tgid = tgid,
				       .state = guard->wait_killable ? GROUPS_LEAVING : GROUPS_CALLED,
				       .before = *before};
	*before = (struct creds){0};
	guard->groups = watch;
	ptrace(PTRACE_INTERRUPT, tid, NULL, NULL);
	return 0;
}

static void let_go_on(struct guard *guard, const struct seccomp_notif *notif, const struct task *task, pid_t tgid,
		      struct creds *before, struct ids_judged *judged)
{
	struct groups_watch *watch = watch_of(guard, task->tid);

#ifdef MANTLET_BREACH_NO_COPIES /* for the tests, as the other BREACHes */
	notif_continue(guard, notif);
	return;
#endif
	if (watch) {
		watch->state = GROUPS_LEAVING;
		notif_continue(guard, notif);
		return;
	}
	/* in audit mode nobody is killed for it */
	if (verdict_flags(guard->config.image) & IMAGE_ENFORCE && watch_begin(guard, task->tid, tgid, before)) {
		if (!notif_valid(guard, notif))
			return;
		ids_unseen(guard, judged);
		ids_report(guard, task, judged);
		notif_refuse(guard, notif, EPERM);
		return;
	}
	watch = watch_of(guard, task->tid);
	if (!watch || watch->state == GROUPS_LEAVING)
		notif_continue(guard, notif);
}

void groups_asked(struct guard *guard, const struct seccomp_notif *notif)
{
	struct task task = {.proc = guard->proc, .tid = notif->pid};
	struct ids_judged judged = {0};
	struct creds before = {0};
	bool first = !watch_again(guard, &task);
	pid_t tgid = notif->pid ? task_group(&task) : 0;
	int ret = 0;

	/* execwatch.h says why nobody may be attached to meanwhile */
	if (tgid && first && execwatch_busy(&guard->watches, tgid)) {
		notif_hold(guard, notif);
		return;
	}
	if (!notif->pid || creds_read(&task, &before))
		ids_unseen(guard, &judged);
	else
		ret = judge_call(guard, notif, &task, &before, &judged);
	if (notif_valid(guard, notif)) {
		if (judged.verdict.reported && (first || judged.verdict.denied))
			ids_report(guard, &task, &judged);
		if (ret || judged.verdict.enforced)
			notif_refuse(guard, notif, ret ? -ret : EPERM);
		else
			let_go_on(guard, notif, &task, tgid, &before, &judged);
	}
	creds_drop(&before);
}

static void detach(struct guard *guard, struct groups_watch *watch, int signal)
{
	ptrace(PTRACE_DETACH, watch->tid, NULL, (long)signal);
	watch_drop(guard, watch);
}

/* The call is over, and the thread has not gone on yet. */
static void call_ended(struct guard *guard, struct groups_watch *watch, int signal)
{
	struct task task = {.proc = guard->proc, .tid = watch->tid};
	struct ids_judged judged = {0};
	struct creds after = {0};

	if (creds_read(&task, &after) || after.foreign)
		ids_unseen(guard, &judged);
	else
		judge_groups(guard->config.image, &watch->before, after.group, after.groups, &judged);
	creds_drop(&after);
	if (!judged.verdict.denied) {
		detach(guard, watch, signal);
		return;
	}
	judged.reason = "the list was changed while it was judged";
	ids_report(guard, &task, &judged);
	kill(watch->tid, SIGKILL);
	watch->state = GROUPS_KILLED;
}

/* On the way through the call once more. Anything but the next stop of it: let it ask again later. */
static void led_on(struct guard *guard, struct groups_watch *watch, int stop, int event)
{
	if (watch->state == GROUPS_CALLED && event == PTRACE_EVENT_STOP)
		watch->state = GROUPS_BEGUN;
	else if (watch->state == GROUPS_BEGUN && stop == SYSCALL_STOP)
		watch->state = GROUPS_ENTERED;
	else {
		detach(guard, watch, event || stop == SYSCALL_STOP ? 0 : stop);
		return;
	}
	ptrace(PTRACE_SYSCALL, watch->tid, NULL, 0L);
}

bool groups_reaped(struct guard *guard, pid_t pid, int status)
{
	struct groups_watch *watch = watch_of(guard, pid);
	int stop, event;

	if (!watch || WIFCONTINUED(status))
		return false;
	if (!WIFSTOPPED(status)) {
		watch_drop(guard, watch);
		return true;
	}
	stop = WSTOPSIG(status);
	event = status >> 16;
	if (watch->state == GROUPS_LEAVING)
		call_ended(guard, watch, event || stop == SYSCALL_STOP ? 0 : stop);
	else if (watch->state != GROUPS_KILLED)
		led_on(guard, watch, stop, event);
	return true;
}
