/* SPDX-License-Identifier: BSD-2-Clause */
/* Who a task is, and doing one call in its name. */
#ifndef MANTLET_CREDS_H
#define MANTLET_CREDS_H

#include "task.h"

enum creds_id { CREDS_REAL, CREDS_EFFECTIVE, CREDS_SAVED, CREDS_FS, CREDS_IDS };

struct creds {
	uid_t uid[CREDS_IDS];
	gid_t gid[CREDS_IDS];
	gid_t *group; /* ascending, as the kernel keeps them */
	size_t groups;
	uint64_t effective; /* capabilities; in its own user namespace */
	bool foreign;       /* which is not ours: then they are worth nothing here, and its ids mean others to it */
	bool unsure;        /* we may not look which it is */
};

/* -errno: it may not be looked at, or is gone. Else creds_drop() takes it. */
int creds_read(const struct task *task, struct creds *out);
void creds_drop(struct creds *creds);

bool creds_have(const struct creds *creds, int capability);
bool creds_grouped(const struct creds *creds, gid_t group);

/* From here to creds_leave() the supervisor is the other, as far as the kernel asks who calls: real and effective
 * ids, groups, capabilities in effect. The saved uid stays its own, which is its way back. Never for INET. */
int creds_enter(const struct creds *own, const struct creds *other);
void creds_leave(const struct creds *own, const struct creds *other);

#endif
