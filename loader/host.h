/* SPDX-License-Identifier: BSD-2-Clause */
/* What makes domains of a host's containers: the maps that bpf/cgroup.h goes by, and the tasks of domains. */
#ifndef MANTLET_HOST_H
#define MANTLET_HOST_H

#include "programs.h"

/* The shared state; read and change it atomically. */
struct host *programs_host(const struct programs *programs);
struct domain *programs_domain(const struct programs *programs, uint32_t slot);
struct catalog *programs_catalog(const struct programs *programs, uint32_t policy);

/* Puts all tasks of containers' cgroups that are in no domain into theirs, and counts the living tasks of each slot,
 * tasks[DOMAIN_SLOTS]. How many there were in none. */
int host_sweep(const struct programs *programs, uint32_t *tasks, struct fault *fault);

/* Free slots. take: -ENOENT if there is none. */
int host_slot_take(const struct programs *programs, uint32_t *slot);
int host_slot_put(const struct programs *programs, uint32_t slot);

/* Which slots are free? Goes once through the queue, of which never more than one slot is missing meanwhile. */
int host_slots_seen(const struct programs *programs, bool seen[DOMAIN_SLOTS]);

/* Containers' cgroups. has: the kernel has not said that it was removed. next: the one behind *cgroup (0: the first),
 * -ENOENT at the end. */
bool host_cgroup_has(const struct programs *programs, uint64_t cgroup);
int host_cgroup_next(const struct programs *programs, uint64_t *cgroup, uint32_t *slot);

/* Makes a domain of a cgroup that was there before the programs, as the kernel does at a birth: where a slot or room is
 * missing, one that refuses everything. */
void host_cgroup_add(const struct programs *programs, uint64_t cgroup, uint32_t policy);

/* Returns when all programs that ran when it was called have ended. */
void host_settle(void);

/* Looks at the clock. One that was set back makes files look older than they are: then no domain began later than now. */
void host_set_clock(const struct programs *programs);

/* The image of patterns that says which policy a container has: rule exec.allow[i] stands for policies[i]. Both in
 * one step. */
int host_set_classes(struct programs *programs, image_ref image, const uint32_t *policies, size_t count,
		     struct fault *fault);

/* Of the image that the kernel has; generation 0: none. */
struct host_image {
	uint32_t generation, checksum, cells;
};
void host_image(const struct programs *programs, uint32_t policy, struct host_image *out);
void host_forget_image(struct programs *programs, uint32_t policy);

#endif
