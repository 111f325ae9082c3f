/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The containers of a host, as its daemon knows them. The kernel makes domains of their cgroups by itself; here they get
 * a name, the policy that a reload gives them, their records in the audit, and, when the last of their tasks is gone,
 * their end.
 *
 * A domain's id is that of its cgroup, which the kernel gives to no other until it is booted again.
 */
#ifndef MANTLET_CONTAINERS_H
#define MANTLET_CONTAINERS_H

#include "audit.h"
#include "policies.h"

struct container {
	uint64_t id;
	uint32_t slot;
	uint32_t tasks; /* by the last sweep */
	char *path;     /* of its cgroup; NULL: it was gone when we first asked */
	char *name;
	bool gone;          /* its cgroup is */
	uint64_t forks;     /* when no task of it was found: so far no other was made since */
	unsigned int empty; /* sweeps, one behind the other, that found no task */
};

struct containers {
	struct programs *programs;
	const struct policies *policies;
	struct audit *audit;
	int cgroup2; /* the mount of cgroup v2 */
	struct container **list;
	size_t count, space;
	uint64_t births; /* those that the kernel had counted when we looked last */
	uint32_t *tasks; /* for sweeps */
};

/* Finds what is there already, and from then on lets the kernel make domains of what is born. */
int containers_open(struct containers *containers, struct programs *programs, const struct policies *policies,
		    struct audit *audit, struct fault *fault);
void containers_close(struct containers *containers);

/* Learns of new containers and buries dead ones. Now and then; cheap if nothing happened, unless thorough. */
void containers_look(struct containers *containers, bool thorough);

/* After a reload: each container's policy anew, also of those that no policy was for before. Then places of policies that
 * nobody has any more are freed. */
int containers_classify(struct containers *containers, const struct policies *policies, struct fault *fault);

/* NULL: not, or no longer, known. */
const struct container *containers_find(const struct containers *containers, uint64_t id);

/* Where a container's records come from; generation 0: that of its policy as it is now. */
struct audit_origin containers_origin(const struct containers *containers, const struct container *container,
				      uint32_t generation);

#endif
