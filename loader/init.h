/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The duties of a container's first process towards the command it started: hand on signals, reap orphans,
 * and end when the command ends, taking along what it left behind, as a container's end does.
 */
#ifndef MANTLET_INIT_H
#define MANTLET_INIT_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "fault.h"

#define INIT_ACTIONS 4

struct init {
	pid_t child;
	int signals;       /* signalfd */
	int proc;          /* /proc as it was at the start: the command may mount over it */
	uint64_t original; /* the mask and the actions to give back to the child */
	struct sigaction actions[INIT_ACTIONS];
};

/* Before the fork: takes over the signals and the orphans. */
int init_open(struct init *init, struct fault *fault);

/* The signals that are handed on, each as 1 << (number - 1): none of them does anything to us. */
uint64_t init_taken(void);

/* In the child, before exec. */
void init_release(const struct init *init);

/* init->signals is readable: hands on what is not ours. SIGCHLD has no other effect than to wake up. */
void init_signals(struct init *init);

/* The command stopped: as a job of a shell that waits for us, we stop, too. */
void init_stopped(const struct init *init, int status);

/* The command ended: ends and reaps everything else that came of it. False: some of it could not be ended. */
bool init_finish(const struct init *init);

#endif
