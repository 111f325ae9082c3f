/* SPDX-License-Identifier: BSD-2-Clause */
/* One daemon at a time on a host. */
#ifndef MANTLET_LOCK_H
#define MANTLET_LOCK_H

#include <sys/types.h>

#include "fault.h"

#define RUN_DIRECTORY "/run/mantlet"

/* Takes the lock, and writes our pid in it; it ends with this process. -EBUSY: the fault says who has it. The
 * descriptor. */
int lock_take(struct fault *fault);

/* Waits for it, at most so long. */
int lock_wait(int seconds, struct fault *fault);

/* Who has it; 0: nobody. */
pid_t lock_holder(void);

#endif
