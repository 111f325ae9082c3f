/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the seccomp guard share. Nobody else includes this. */
#ifndef MANTLET_SUPERVISOR_H
#define MANTLET_SUPERVISOR_H

#include <linux/seccomp.h>
#include <sys/resource.h>

#include "execwatch.h"
#include "filter.h"
#include "guard.h"
#include "ids.h"
#include "judge.h"
#include "net.h"
#include "walls.h"

struct guard {
	struct guard_config config;
	struct judge judge;
	struct execwatch watches;
	int proc, root;
	int listener; /* -1: not yet, or nobody is left under the filter */
	pid_t supervisor, child;
	bool wait_killable, landlock;
	struct sock_fprog program;
	struct rlimit files; /* as it was before us: the application gets that one */
	struct seccomp_notif *notif;
	size_t notif_size;
	struct seccomp_notif *held; /* asked while their thread group was busy */
	size_t held_count, held_space;
	struct groups_watch *groups;
	struct net *net; /* NULL: the policy leaves connect alone */
	uint64_t denied;
};

/* notify.c */

/* Does the notification still stand? Only then was what we read its task's. */
bool notif_valid(const struct guard *guard, const struct seccomp_notif *notif);

/* The call fails with -error. */
void notif_refuse(const struct guard *guard, const struct seccomp_notif *notif, int error);

/* The call was done for the task: its result, or -errno. False: nobody waits for it any more. */
bool notif_answer(const struct guard *guard, const struct seccomp_notif *notif, long result);

/* The kernel does the call. */
void notif_continue(const struct guard *guard, const struct seccomp_notif *notif);

/* Asks it again when another exec is over. */
void notif_hold(struct guard *guard, const struct seccomp_notif *notif);

/* One record with the task's description; counts a denial. The caller sets the event. */
void guard_report(struct guard *guard, const struct task_text *text, struct audit_record *record,
		  const struct verdict *verdict);

/* exec.c */
void exec_asked(struct guard *guard, const struct seccomp_notif *notif);
void exec_root_asked(struct guard *guard, const struct seccomp_notif *notif);
bool exec_reaped(struct guard *guard, pid_t pid, int status);

#endif
