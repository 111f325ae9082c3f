/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guard enforces one policy on one domain: the command that `mantlet run` starts and all that comes of it.
 * There is one kind per mode (lsm.c, seccomp.c); run.c drives either the same way:
 *
 *   parent                          child
 *   open()                                                   everything that can fail early
 *   fork() ------------------------ enter(guard, sock)       the last thing before execvp()
 *   adopt(guard, child, sock)                                the child is in the domain from here on
 *   loop: fd() or later() readable -> dispatch()
 *         each waitpid() result -> reaped(), true if it was the guard's own business
 *   close()
 *
 * sock is a SOCK_SEQPACKET pair, one end each, for what the two halves have to tell each other.
 */
#ifndef MANTLET_GUARD_H
#define MANTLET_GUARD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "audit.h"
#include "demands.h"
#include "fault.h"
#include "policy/verdict.h"

struct guard_config {
	image_ref image;                   /* checked; outlives the guard */
	struct audit *audit;               /* outlives the guard */
	const struct audit_origin *origin; /* for its records; domain is filled in before adopt() */
	uint64_t *seq;                     /* the domain's last sequence number; the guard counts it up */
	unsigned int demands;              /* enum demand: what is to be enforced; the rest of the image is not */
};

struct guard; /* each mode's own */

struct guard_mode {
	const char *name;
	unsigned int meets; /* enum demand: what it can enforce */
	/* Which of those that are asked it cannot enforce on this machine, and why. NULL: all can be. */
	unsigned int (*lacks)(unsigned int asked, struct fault *why);
	int (*open)(const struct guard_config *config, struct guard **out, struct fault *fault);
	int (*enter)(struct guard *guard, int sock, struct fault *fault);
	int (*adopt)(struct guard *guard, pid_t child, int sock, struct fault *fault);
	int (*fd)(const struct guard *guard);
	/* One more, for what it put off; or -1. NULL: it puts nothing off. Not the same one, since a descriptor that
	 * stands for others is woken up on any processor, and this one on its caller's. */
	int (*later)(const struct guard *guard);
	/* ready: what poll() said of fd(); 0 if only later() is readable, or at the end */
	void (*dispatch)(struct guard *guard, short ready);
	bool (*reaped)(struct guard *guard, pid_t pid, int status);
	/* What enforces that here, once it is open: see struct audit_enforcer. */
	const char *(*enforcer)(const struct guard *guard, enum demand demand);
	uint64_t (*denied)(const struct guard *guard); /* denials so far (would-be denials in audit mode too) */
	void (*close)(struct guard *guard);
};

extern const struct guard_mode guard_lsm, guard_seccomp;

#endif
