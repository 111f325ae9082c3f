/* SPDX-License-Identifier: BSD-2-Clause */
/* Which rules of an image decide anything, and which decide on what a given rule matches. */
#ifndef MANTLET_POLICY_LINT_WALK_H
#define MANTLET_POLICY_LINT_WALK_H

#include "policy.h"

/* A set of rule numbers; all zero is the empty set. */
struct rule_set {
	__u32 *slot; /* open addressing, 0 is free */
	size_t room, count;
};

int rule_set_add(struct rule_set *set, __u32 rule);
bool rule_set_has(const struct rule_set *set, __u32 rule);

/* Adds the rules that decide on the absolute, normalised paths that pattern matches; NULL: on all. start: IMAGE_EXEC
 * or IMAGE_MOUNTS. *steps grows by the work that it was. -ENOMEM */
int walk_paths(const struct image_cell *image, enum image_layout start, const char *pattern, struct rule_set *out,
	       size_t *steps);

/* Adds the rules that decide on what peer names, by the table of IMAGE_TCP or IMAGE_UDP; NULL: on all. */
int walk_peers(const struct image_cell *image, enum image_layout place, const struct policy_peer *peer,
	       struct rule_set *out);

/* Adds the rules that decide on the ids of a range, by the table of IMAGE_UID or IMAGE_GID. */
int walk_ids(const struct image_cell *image, enum image_layout place, struct policy_range ids, struct rule_set *out);

#endif
