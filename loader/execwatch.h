/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Execs that were allowed and are on their way. What was judged lies in memory that others can rewrite until
 * the kernel has read it, so each such exec is held by ptrace to its end:
 *
 *   watch_attach()   SEIZE                        or the exec is refused
 *   (the supervisor lets the kernel go on)
 *   watch_end()      EVENT_EXEC: is it what was judged? detach, or kill before its first instruction
 *                    another stop: the exec failed, detach
 *                    death: forget it
 *
 * One at a time in a thread group: attaching to a thread waits in the kernel while another thread of its
 * group is within exec, and that one may be waiting for us to reap a third.
 */
#ifndef MANTLET_EXECWATCH_H
#define MANTLET_EXECWATCH_H

#include "judge.h"

struct watch {
	pid_t tid, tgid;
	bool killed; /* only its death is awaited */
	struct file_id named, program;
	int named_fd, program_fd; /* keep the inodes from being used again while we compare */
	bool script, unjudged, remembered;
	bool report_only; /* was to be refused and is not, in audit mode: nothing to compare any more */
	struct exec_call call;
};

struct execwatch {
	const struct judge *judge;
	int proc;
	struct watch **watch;
	size_t count, space, max;
};

/* The name under which the kernel says it executed. */
void exec_call_name(const struct exec_call *call, char *name, size_t size);

enum watch_result {
	WATCH_FOREIGN, /* not our business */
	WATCH_GOING,   /* ours, and not over */
	WATCH_ENDED,   /* over: the group may exec again */
	WATCH_CHANGED, /* over: what runs is not what was judged */
};

/* What the supervisor has to report of a changed exec. */
struct watch_finding {
	struct task_text text;
	struct verdict verdict;
	char path[PATH_MAX];
	const char *reason;
};

int execwatch_open(struct execwatch *watches, const struct judge *judge, int proc);
void execwatch_close(struct execwatch *watches);

/* May an exec of this group begin now? */
bool execwatch_busy(const struct execwatch *watches, pid_t tgid);

/* Attaches. Takes the files of the judgement if it succeeds. -errno: why not. */
int watch_attach(struct execwatch *watches, const struct task *task, pid_t tgid, const struct exec_call *call,
		 struct judgement *judgement);

/* Makes it stop when it is back from the call, should the exec fail. */
void watch_interrupt(pid_t tid);

/* A result of waitpid(). finding is filled on WATCH_CHANGED. */
enum watch_result watch_event(struct execwatch *watches, pid_t pid, int status, struct watch_finding *finding);

#endif
