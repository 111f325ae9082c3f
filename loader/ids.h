/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Identity in seccomp mode. setgroups() has its list behind a pointer, where others can change it after it was
 * judged. So the call is followed by ptrace to its end, and a thread that then has a group that it should not is
 * killed before its next instruction:
 *
 *   asked     SEIZE, INTERRUPT, the kernel goes on; the stop is when the thread is back from the call
 *   Where a signal still takes a notification back, so does the interrupt, and the call is led through once more:
 *   asked     SEIZE, INTERRUPT                     no answer
 *   stop      by the interrupt: run to the call    PTRACE_SYSCALL
 *   stop      at its entry: run to its end         PTRACE_SYSCALL
 *   asked     again: judged again, the kernel goes on
 *   stop      at its end: compared
 */
#ifndef MANTLET_IDS_H
#define MANTLET_IDS_H

#include <linux/seccomp.h>

#include "creds.h"
#include "policy/verdict.h"

struct guard;

struct ids_judged {
	struct verdict verdict;
	enum identity_kind kind;
	uint32_t from, to;
	const char *reason;
};

enum groups_state { GROUPS_CALLED, GROUPS_BEGUN, GROUPS_ENTERED, GROUPS_LEAVING, GROUPS_KILLED };

/* A thread within setgroups(). */
struct groups_watch {
	struct groups_watch *next;
	pid_t tid, tgid;
	enum groups_state state;
	struct creds before;
};

/* setuid and its like. */
void ids_asked(struct guard *guard, const struct seccomp_notif *notif);

/* groups.c: setgroups. A result of waitpid(): true if it was of such a thread. */
void groups_asked(struct guard *guard, const struct seccomp_notif *notif);
bool groups_reaped(struct guard *guard, pid_t pid, int status);

/* Is a thread of that group within it? Then none of them may execute: the one that does takes the leader's number, and the
 * leader is gone without a word to its tracer, so that a stop would be taken for the other's. */
bool groups_busy(const struct guard *guard, pid_t tgid);
void groups_close(struct guard *guard);

void ids_report(struct guard *guard, const struct task *task, const struct ids_judged *judged);
void ids_unseen(const struct guard *guard, struct ids_judged *out);

#endif
