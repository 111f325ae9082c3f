/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All paths of a section: an automaton for the patterns, and over it a tree of the literal paths. A literal
 * path needs no subset construction: after any of its bytes the automaton is in one known state, so each
 * node of the tree names that state, and what leaves the tree goes on there.
 */
#ifndef MANTLET_POLICY_PATHS_H
#define MANTLET_POLICY_PATHS_H

#include "automaton.h"
#include "cells.h"

struct path_node {
	uint32_t child, sibling; /* siblings ascend by byte; 0: none */
	uint32_t state;          /* of the automaton, after the bytes down to here */
	struct match match;      /* literal rules that end here */
	unsigned char byte;
};

struct paths {
	struct automaton automaton;
	struct path_node *node; /* 0 is the root: nothing read yet */
	size_t nodes, room;
};

int paths_init(struct paths *paths);
void paths_free(struct paths *paths);

/* -ENOMEM, or -EINVAL: malformed, *why says how. */
int paths_add(struct paths *paths, const char *pattern, const struct match *match, const char **why);

/* After the last paths_add(). -E2BIG: the patterns multiply; -ENOMEM. */
int paths_build(struct paths *paths);

/* Appends the automaton and the tree as image.h lays them out; *start is the state before any byte. rule()
 * turns what a path has met into the number of the deciding rule. -E2BIG: longer than POLICY_IMAGE_MAX; -ENOMEM:
 * the cells may then be longer than they were. */
int paths_pack(const struct paths *paths, __u32 (*rule)(const struct match *met, const void *context),
	       const void *context, struct cells *cells, struct image_state *start);

#endif
