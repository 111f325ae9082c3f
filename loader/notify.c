/* SPDX-License-Identifier: BSD-2-Clause */
/* How the supervisor answers. The lowest file of the seccomp guard: the guarded calls call it, it calls none. */
#include <errno.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include "supervisor.h"

bool notif_valid(const struct guard *guard, const struct seccomp_notif *notif)
{
	return ioctl(guard->listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &notif->id) == 0;
}

/* ENOENT: the task died or was interrupted; nobody waits for the answer. */
static bool notif_send(const struct guard *guard, const struct seccomp_notif *notif, long result, __u32 flags)
{
	struct seccomp_notif_resp resp = {.id = notif->id, .flags = flags};
	int ret;

	if (result < 0)
		resp.error = (int)result;
	else
		resp.val = result;
	do
		ret = ioctl(guard->listener, SECCOMP_IOCTL_NOTIF_SEND, &resp);
	while (ret < 0 && errno == EINTR);
	return ret == 0;
}

void notif_refuse(const struct guard *guard, const struct seccomp_notif *notif, int error)
{
	notif_send(guard, notif, -error, 0);
}

bool notif_answer(const struct guard *guard, const struct seccomp_notif *notif, long result)
{
	return notif_send(guard, notif, result, 0);
}

void notif_continue(const struct guard *guard, const struct seccomp_notif *notif)
{
	notif_send(guard, notif, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE);
}

void notif_hold(struct guard *guard, const struct seccomp_notif *notif)
{
	if (guard->held_count == guard->held_space) {
		size_t space = guard->held_space ? 2 * guard->held_space : 16;
		struct seccomp_notif *grown = realloc(guard->held, space * sizeof(*grown));

		if (!grown) {
			notif_refuse(guard, notif, ENOMEM);
			return;
		}
		guard->held = grown;
		guard->held_space = space;
	}
	guard->held[guard->held_count++] = *notif;
}

void guard_report(struct guard *guard, const struct task_text *text, struct audit_record *record,
		  const struct verdict *verdict)
{
	record->seq = ++*guard->config.seq;
	record->rule = verdict->rule;
	record->enforced = verdict->enforced;
	task_record(text, record);
	guard->denied += verdict->denied;
	audit_write(guard->config.audit, guard->config.origin, record);
}
