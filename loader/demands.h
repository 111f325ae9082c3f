/* SPDX-License-Identifier: BSD-2-Clause */
/* What a policy asks for, held against what a mode can enforce. */
#ifndef MANTLET_DEMANDS_H
#define MANTLET_DEMANDS_H

#include "cli.h"

enum demand {
	DEMAND_EXEC = 1 << 0,
	DEMAND_DRIFT = 1 << 1,
	DEMAND_CONNECT = 1 << 2,
	DEMAND_IDENTITY = 1 << 3,
	DEMAND_SETID = 1 << 4,
	DEMAND_LOG_ALL = 1 << 5,
	DEMAND_GROUPS = 1 << 6, /* of identity.gid: supplementary groups */
};
#define DEMANDS 6

/* What the policy restricts or wants told, as enum demand. A section that refuses nothing asks for nothing. */
unsigned int demands_of(const struct policy *policy);

/* What a policy calls it. */
const char *demand_name(enum demand demand);

/* What a mode offers. */
struct demands_offer {
	const char *mode;
	unsigned int met;   /* what it can enforce */
	unsigned int lacks; /* of those: what it cannot enforce here, because of what `why` says */
	struct fault why;
};

/* May the policy run with this offer? If not: -ENOTSUP, with the first place that asks for more. With
 * "on_unenforceable": "warn" it may, and each such place is said on standard error. */
int demands_check(const struct policy_source *source, const struct demands_offer *offer, struct fault *fault);

#endif
