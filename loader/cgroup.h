/* SPDX-License-Identifier: BSD-2-Clause */
/* Cgroups (v2) by path and by id. */
#ifndef MANTLET_LOADER_CGROUP_H
#define MANTLET_LOADER_CGROUP_H

#include <stdint.h>

#include "fault.h"

/* Opens the hierarchy, wherever it is mounted. -errno: see fault. */
int cgroup_open(struct fault *fault);

/* The path of the cgroup with that id, "/system.slice/…", to be freed; NULL: it is gone. */
char *cgroup_path(int cgroup2, uint64_t id);

/* Calls found() for every cgroup that there is, those above before those below. */
int cgroup_walk(int cgroup2, void (*found)(void *ctx, const char *path, uint64_t id), void *ctx);

#endif
