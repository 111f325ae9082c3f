/* SPDX-License-Identifier: BSD-2-Clause */
#include "graph.h"

#include <errno.h>
#include <stdlib.h>

void graph_free(struct graph *graph)
{
	free(graph->node);
	free(graph->child);
}

static bool match_equal(const struct match *a, const struct match *b)
{
	return a->deny == b->deny && a->allow == b->allow && a->literal == b->literal && a->loader == b->loader;
}

/* The node of the graph like the last one, which stays only if it is the first of its kind. */
static uint32_t graph_find(struct graph *g, uint32_t *slot, size_t slots)
{
	struct graph_node *made = &g->node[g->nodes];
	uint64_t h = hash_ids(made->match.deny * 31 + made->match.allow, g->child + made->first, made->count);
	uint32_t *head;

	for (int i = 0; i < 4; i++)
		h = (h ^ made->token.set.w[i]) * 0x9e3779b97f4a7c15ull, h ^= h >> 31;
	head = &slot[h & (slots - 1)];
	for (uint32_t n = *head; n; n = g->node[n - 1].next) {
		const struct graph_node *old = &g->node[n - 1];

		if (token_equal(&old->token, &made->token) && match_equal(&old->match, &made->match) &&
		    old->count == made->count &&
		    !memcmp(g->child + old->first, g->child + made->first, made->count * sizeof(*g->child))) {
			g->children = made->first;
			return n - 1;
		}
	}
	made->next = *head;
	*head = ++g->nodes;
	return g->nodes - 1;
}

/* What a node that is one chain to the end of one rule would still match: two nodes with equal keys match the same
 * rests of paths, and only the rule that they end in differs. Then the one with the lower rule is enough. */
struct shape_key {
	struct byteset own, next; /* own: only if it may be read again */
	uint32_t own_repeats, next_repeats;
	uint32_t kind, next_shape;
};

enum shape_kind { SHAPE_NONE, SHAPE_ON, SHAPE_DENY, SHAPE_ALLOW, SHAPE_LOADER };

/* The end of exactly one rule: which list, and its index. */
static enum shape_kind end_kind(const struct match *match, uint32_t *rank)
{
	bool deny = match->deny != MATCH_NONE, allow = match->allow != MATCH_NONE;

	if (deny + allow + match->loader != 1 || match->literal)
		return SHAPE_NONE;
	*rank = deny ? match->deny : allow ? match->allow : 0;
	return deny ? SHAPE_DENY : allow ? SHAPE_ALLOW : SHAPE_LOADER;
}

static bool match_is_none(const struct match *match)
{
	return match->deny == MATCH_NONE && match->allow == MATCH_NONE && !match->loader;
}

static bool shape_key(const struct graph *g, struct graph_node *node, struct shape_key *key)
{
	const struct graph_node *child = node->count == 1 ? &g->node[g->child[node->first]] : NULL;

	memset(key, 0, sizeof(*key));
	if (node->token.repeats) {
		key->own = node->token.set;
		key->own_repeats = 1;
	}
	if (child && child->shape && match_is_none(&node->match)) {
		key->kind = SHAPE_ON;
		key->next = child->token.set;
		key->next_repeats = child->token.repeats;
		key->next_shape = child->shape;
		node->rank = child->rank;
		return true;
	}
	key->kind = node->count ? SHAPE_NONE : end_kind(&node->match, &node->rank);
	return key->kind != SHAPE_NONE;
}

/* Children stand before their parents. A shape's number is that of the first node that has it, + 1. */
static void find_shapes(struct graph *g, uint32_t *slot, size_t slots)
{
	struct shape_key key, other;

	for (uint32_t n = 0; n < g->nodes; n++) {
		struct graph_node *node = &g->node[n];
		uint32_t rank, known;
		size_t i;

		if (!shape_key(g, node, &key))
			continue;
		rank = node->rank;
		i = hash_ids(0, (const uint32_t *)&key, sizeof(key) / sizeof(uint32_t));
		for (; (known = slot[i & (slots - 1)]); i++)
			if (shape_key(g, &g->node[known - 1], &other) && !memcmp(&key, &other, sizeof(key)))
				break;
		node->rank = rank;
		if (!known)
			slot[i & (slots - 1)] = known = n + 1;
		node->shape = known;
	}
}

int graph_make(const struct pattern_tree *tree, struct graph *g)
{
	uint32_t *same = calloc(tree->nodes, sizeof(*same)), *slot;
	size_t slots = 1024;

	while (slots < 2 * tree->nodes)
		slots *= 2;
	slot = calloc(slots, sizeof(*slot));
	g->node = calloc(tree->nodes, sizeof(*g->node));
	g->child = calloc(tree->nodes, sizeof(*g->child));
	if (!same || !slot || !g->node || !g->child) {
		free(same);
		free(slot);
		return -ENOMEM; /* the caller frees the graph */
	}
	/* children were made after their parents */
	for (uint32_t n = tree->nodes; n-- > 0;) {
		struct graph_node *made = &g->node[g->nodes];

		*made = (struct graph_node){
			.token = tree->node[n].token, .match = tree->node[n].match, .first = g->children};
		for (uint32_t c = tree->node[n].child; c; c = tree->node[c].sibling)
			g->child[g->children++] = same[c];
		made->count = g->children - made->first;
		if (made->count)
			qsort(g->child + made->first, made->count, sizeof(*g->child), compare_ids);
		same[n] = graph_find(g, slot, slots);
	}
	g->root = same[0];
	memset(slot, 0, slots * sizeof(*slot));
	find_shapes(g, slot, slots);
	free(same);
	free(slot);
	return 0;
}
