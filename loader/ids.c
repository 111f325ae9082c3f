/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Changes of uid and gid. Their ids are in the registers, so that the kernel may be left to do what was judged. What
 * the policy allows to everybody the filter lets pass (front.c); of the rest only those count that really change.
 */
#include <errno.h>
#include <linux/capability.h>
#include <seccomp.h>
#include <string.h>

#include "supervisor.h"

#define KEEP ((uint32_t)-1)

struct change {
	const uint32_t *old;
	uint32_t ids[CREDS_IDS]; /* as the call would leave them */
	const uint32_t *args;
	bool capable;
};

static bool may_take(const struct change *change, uint32_t id, unsigned int among)
{
	for (unsigned int i = 0; i < among; i++)
		if (change->old[i] == id)
			return true;
	return change->capable || id == KEEP;
}

/* Each is what the kernel does (kernel/sys.c). False: it refuses, or changes nothing, by itself. */

static bool set_one(struct change *change)
{
	const uint32_t id = change->args[0];

	if (id == KEEP || !(change->capable || id == change->old[CREDS_REAL] || id == change->old[CREDS_SAVED]))
		return false;
	if (change->capable)
		change->ids[CREDS_REAL] = change->ids[CREDS_SAVED] = id;
	change->ids[CREDS_EFFECTIVE] = id;
	return true;
}

static bool set_two(struct change *change)
{
	const uint32_t real = change->args[0], effective = change->args[1];

	if (!may_take(change, real, CREDS_SAVED) || !may_take(change, effective, CREDS_FS))
		return false;
	if (real != KEEP)
		change->ids[CREDS_REAL] = real;
	if (effective != KEEP)
		change->ids[CREDS_EFFECTIVE] = effective;
	if (real != KEEP || (effective != KEEP && effective != change->old[CREDS_REAL]))
		change->ids[CREDS_SAVED] = change->ids[CREDS_EFFECTIVE];
	return true;
}

static bool set_three(struct change *change)
{
	for (unsigned int i = 0; i < CREDS_FS; i++) {
		if (!may_take(change, change->args[i], CREDS_FS))
			return false;
		if (change->args[i] != KEEP)
			change->ids[i] = change->args[i];
	}
	return true;
}

static bool set_fs(struct change *change)
{
	if (change->args[0] == KEEP || !may_take(change, change->args[0], CREDS_IDS))
		return false;
	change->ids[CREDS_FS] = change->args[0];
	return true;
}

static const struct changer {
	int nr;
	bool gid, fs;
	bool (*set)(struct change *change);
} changers[] = {
	{SCMP_SYS(setuid), false, false, set_one},      {SCMP_SYS(setgid), true, false, set_one},
	{SCMP_SYS(setreuid), false, false, set_two},    {SCMP_SYS(setregid), true, false, set_two},
	{SCMP_SYS(setresuid), false, false, set_three}, {SCMP_SYS(setresgid), true, false, set_three},
	{SCMP_SYS(setfsuid), false, true, set_fs},      {SCMP_SYS(setfsgid), true, true, set_fs},
};

static const struct changer *changer_of(int nr)
{
	for (size_t i = 0; i < sizeof(changers) / sizeof(changers[0]); i++)
		if (changers[i].nr == nr)
			return &changers[i];
	return NULL;
}

void ids_report(struct guard *guard, const struct task *task, const struct ids_judged *judged)
{
	struct audit_record record = {
		.event = AUDIT_IDENTITY,
		.kind = judged->kind,
		.from = judged->from,
		.to = judged->to,
		.reason = judged->reason,
	};
	struct task_text text;

	task_describe(task, &text);
	guard_report(guard, &text, &record, &judged->verdict);
}

/* The first that is denied; else the first that is to be told. */
static void judge_change(image_ref image, const struct change *change, bool gid, struct ids_judged *out)
{
	for (int i = 0; i < CREDS_IDS && !out->verdict.denied; i++) {
		struct verdict verdict;

		if (change->ids[i] == change->old[i])
			continue;
		verdict = verdict_id(image, gid ? IMAGE_GID : IMAGE_UID, change->ids[i]);
		if (verdict.denied || (verdict.reported && !out->verdict.reported))
			*out = (struct ids_judged){.verdict = verdict,
						   .kind = gid ? IDENTITY_GID : IDENTITY_UID,
						   .from = change->old[i],
						   .to = change->ids[i]};
	}
}

void ids_unseen(const struct guard *guard, struct ids_judged *out)
{
	*out = (struct ids_judged){.verdict = verdict_of(guard->config.image, VERDICT_UNRESOLVED(RULE_IDENTITY)),
				   .kind = IDENTITY_UID,
				   .reason = "the task may not be looked at: give the container SYS_PTRACE"};
}

static void change_judge(struct guard *guard, const struct seccomp_notif *notif, const struct task *task,
			 struct ids_judged *out)
{
	const struct changer *changer = changer_of(notif->data.nr);
	const uint32_t args[] = {(uint32_t)notif->data.args[0], (uint32_t)notif->data.args[1],
				 (uint32_t)notif->data.args[2]};
	struct change change = {.args = args};
	struct creds creds;

	if (!notif->pid || !changer || creds_read(task, &creds)) {
		ids_unseen(guard, out);
		return;
	}
	if (creds.foreign) {
		creds_drop(&creds);
		ids_unseen(guard, out);
		return;
	}
	change.old = changer->gid ? creds.gid : creds.uid;
	change.capable = creds_have(&creds, changer->gid ? CAP_SETGID : CAP_SETUID);
	memcpy(change.ids, change.old, sizeof(change.ids));
	if (changer->set(&change)) {
		if (!changer->fs)
			change.ids[CREDS_FS] = change.ids[CREDS_EFFECTIVE];
		judge_change(guard->config.image, &change, changer->gid, out);
	}
	creds_drop(&creds);
}

void ids_asked(struct guard *guard, const struct seccomp_notif *notif)
{
	struct task task = {.proc = guard->proc, .tid = notif->pid};
	struct ids_judged judged = {0};

	change_judge(guard, notif, &task, &judged);
	if (!notif_valid(guard, notif))
		return;
	if (judged.verdict.reported)
		ids_report(guard, &task, &judged);
	if (!judged.verdict.enforced)
		notif_continue(guard, notif);
	else if (notif->data.nr == SCMP_SYS(setfsuid) || notif->data.nr == SCMP_SYS(setfsgid))
		notif_answer(guard, notif, judged.from); /* these never fail: they tell what was before */
	else
		notif_refuse(guard, notif, EPERM);
}
