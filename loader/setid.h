/* SPDX-License-Identifier: BSD-2-Clause */
/* What a program gives who executes it: an identity by its set-id bits, capabilities by its file capabilities. */
#ifndef MANTLET_SETID_H
#define MANTLET_SETID_H

#include "task.h"

struct setid_gain {
	bool uid, gid, capabilities; /* gained */
	uint32_t from_uid, to_uid, from_gid, to_gid;
};

/* Does the file give anything to anyone? Most give nothing, and only of the others a task need be asked. */
bool setid_gives(const struct task *task, int fd, const struct file_id *id);

/* What the task would gain by executing it now. -errno: it cannot be told. */
int setid_gain(const struct task *task, int fd, const struct file_id *id, struct setid_gain *gain);

#endif
