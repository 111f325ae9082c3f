/* SPDX-License-Identifier: BSD-2-Clause */
/* What patterns become before they become states: a tree, then a graph. Only automaton.c has to do with it. */
#ifndef MANTLET_POLICY_GRAPH_H
#define MANTLET_POLICY_GRAPH_H

#include "automaton.h"

/*
 * The patterns share a tree: a node is a token, reached after the tokens above it. Being at a node means
 * that its token has been read; at a node that repeats, that it may be read again. A state of the automaton
 * is the set of nodes where a reader of the path could be.
 */
struct node {
	struct token token;
	struct match match; /* of the patterns that end here */
	uint32_t child, sibling;
};

struct pattern_tree {
	struct node *node; /* 0 is the root, which has no token */
	size_t nodes, room;
};

/* The tree with equal subtrees made one, so that patterns which differ only in what is read first (the
 * loader's many names) do not multiply: what is left of a path then leads to the same node. */
struct graph_node {
	struct token token;
	struct match match;
	uint32_t first, count; /* children: graph.child[first .. first + count), ascending */
	uint32_t next;         /* in its hash chain, + 1 */
	uint32_t shape, rank;  /* what else would be matched from here, and by which rule; 0: not one chain */
};

struct graph {
	struct graph_node *node;
	uint32_t *child;
	size_t nodes, children;
	uint32_t shapes;
	uint32_t root;
};

/* -ENOMEM; the graph is to be freed all the same. */
int graph_make(const struct pattern_tree *tree, struct graph *graph);
void graph_free(struct graph *graph);

static inline int compare_ids(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static inline uint64_t hash_ids(uint64_t h, const uint32_t *id, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		h = (h ^ id[i]) * 0x100000001b3ull;
		h ^= h >> 29;
	}
	return h;
}

#endif
