/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What this machine can do, and why not more. A mode works if a verdict of it was seen to be enforced just
 * now; the checks tell why one was not. Nothing that is missing is an error here.
 */
#ifndef MANTLET_PROBE_H
#define MANTLET_PROBE_H

#include <stdbool.h>

#include "fault.h"

/* 0: the mode works here, proven by a canary. -errno: the fault says what is missing, and what to do. */
int probe_lsm(struct fault *fault);
int probe_seccomp(struct fault *fault);

enum probe_status {
	PROBE_OK,
	PROBE_LACKS,
	PROBE_UNKNOWN, /* could not be tried */
	PROBE_STATUSES,
};

struct probe_finding {
	enum probe_status status;
	char found[1024]; /* in words, what there is or is not */
	char remedy[256]; /* what to do about it; empty: nothing */
};

/* One prerequisite: what is tried is one thing, and what is missing has one remedy. */
struct probe_check {
	const char *name;
	bool required; /* else the mode is only weaker, or slower, without */
	void (*check)(struct probe_finding *finding);
};

/* Each ends with a check that has no name. */
extern const struct probe_check probe_lsm_checks[], probe_seccomp_checks[];

/* Fills a finding: probe_found(finding, PROBE_LACKS, "mount /proc", "%s is not mounted", path). */
__attribute__((format(printf, 4, 5))) void probe_found(struct probe_finding *finding, enum probe_status status,
						       const char *remedy, const char *format, ...);

/* The live canaries, the last check of each mode. */
int probe_lsm_canary(struct fault *fault);
int probe_seccomp_canary(struct fault *fault);

#endif
