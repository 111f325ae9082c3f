/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The policies of a host: a directory of which each *.json is one. In the order of the files' names, the first whose
 * match.cgroup a container's cgroup matches is the container's; one that has no "match" is for all other containers
 * (policies_parents says where those are).
 *
 * Every file has a place in the kernel's map of policies, which it keeps, and a generation, which grows whenever what
 * it compiles to changes. Both outlive the daemon, in the maps.
 */
#ifndef MANTLET_POLICIES_H
#define MANTLET_POLICIES_H

#include "cli.h"
#include "host.h"

struct policy_file {
	char *file;                  /* its name in the directory */
	struct policy_source source; /* as read; policy is NULL if it is bad */
	char *error;                 /* why it is; one line */
	char *name, *cgroup;         /* of what is in force; cgroup NULL: for all other containers */
	char *text;                  /* likewise, all of the file: a reload compiles what has changed */
	size_t len;
	uint32_t policy;     /* its place, and */
	uint32_t generation; /* of what is in force; 0: nothing is */
	bool changed;        /* by the last policies_apply() */
};

struct policies {
	struct policy_file *file;
	size_t count;
	size_t bad;               /* files that are not in force as they stand in the directory */
	struct image_cell *class; /* which policy a cgroup has */
	uint32_t *class_policy;
	char *warning; /* about all of them together; NULL: none */
};

/* Reads a directory, and compiles what is not in force as it stands there (in `before`; NULL: nothing is). A bad file is
 * no failure of this: see its error. */
int policies_read(const char *directory, const struct policies *before, struct policies *out, struct fault *fault);

/* Puts what was read in force; what is bad stays as it was in `before` (NULL: nothing was). Takes what it needs from it.
 * On failure, what was in force still is, but for files that were put before the failure. */
int policies_apply(struct policies *policies, struct policies *before, struct programs *programs,
		   struct fault *fault);

/* The policy of the container with that cgroup; OPEN_POLICY: none. */
uint32_t policies_class(const struct policies *policies, const char *cgroup);

/* The file in that place; NULL: none. */
const struct policy_file *policies_at(const struct policies *policies, uint32_t policy);

void policies_free(struct policies *policies);

/* Where containers are: path patterns of cgroups, up to a NULL. */
extern const char *const policies_parents[];

#endif
