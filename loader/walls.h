/* SPDX-License-Identifier: BSD-2-Clause */
/* Mode seccomp's own walls: what keeps the application's hands off the supervisor, and off who shares the container. */
#ifndef MANTLET_WALLS_H
#define MANTLET_WALLS_H

#include <stdbool.h>
#include <sys/types.h>

#include "filter.h"

/*
 * The calls by which the supervisor could be ended or starved, as far as their arguments tell that it is meant. What they
 * do not tell (a signal to every process; a descriptor of /proc where the kernel has no other way) ends it, and the
 * container is closed, not open. As pid 1 it needs no rule against signals: the kernel drops those that would end it.
 */
#define WALLS_RULES_MAX 24
size_t walls_rules(pid_t supervisor, struct filter_rule rules[WALLS_RULES_MAX]);

/*
 * Landlock, as far as it refuses nothing that a program may rightly do: no tracing of, or writing into, tasks that are
 * not of the domain, such as what the container engine executes beside us. Its rights on files are no second wall for
 * exec: they are lists of files that exist, and a policy speaks of patterns; a memfd and the dynamic loader run past
 * them. Any such right also forbids to mount, so it is used only where mounting is out of reach. To be asked before the
 * privileges are given away.
 */
bool walls_landlock_possible(void);

/* In the child. 0, also where the kernel has no Landlock or a profile forbids it. -errno. */
int walls_landlock(void);

#endif
