/* SPDX-License-Identifier: BSD-2-Clause */
#include "graph.h"

#include <errno.h>
#include <stdlib.h>

int automaton_init(struct automaton *automaton)
{
	struct pattern_tree *tree = calloc(1, sizeof(*tree));

	*automaton = (struct automaton){.tree = tree};
	if (!tree)
		return -ENOMEM;
	tree->node = calloc(1, sizeof(*tree->node));
	if (!tree->node)
		return -ENOMEM;
	tree->node[0].match = match_none();
	tree->nodes = tree->room = 1;
	return 0;
}

static void tree_free(struct pattern_tree *tree)
{
	if (tree)
		free(tree->node);
	free(tree);
}

void automaton_free(struct automaton *automaton)
{
	tree_free(automaton->tree);
	free(automaton->state);
	free(automaton->edge);
	*automaton = (struct automaton){0};
}

/* *array has room for *room elements; make it room for one more than count. */
static int grow(void **array, size_t size, size_t count, size_t *room)
{
	size_t wanted = *room ? 2 * *room : 64;
	void *grown;

	if (count < *room)
		return 0;
	grown = reallocarray(*array, wanted, size);
	if (!grown)
		return -ENOMEM;
	*array = grown;
	*room = wanted;
	return 0;
}

static int tree_child(struct pattern_tree *tree, uint32_t parent, const struct token *token, uint32_t *out)
{
	uint32_t child = tree->node[parent].child;

	while (child && !token_equal(&tree->node[child].token, token))
		child = tree->node[child].sibling;
	if (!child) {
		if (grow((void **)&tree->node, sizeof(*tree->node), tree->nodes, &tree->room) < 0)
			return -ENOMEM;
		child = tree->nodes++;
		tree->node[child] =
			(struct node){.token = *token, .match = match_none(), .sibling = tree->node[parent].child};
		tree->node[parent].child = child;
	}
	*out = child;
	return 0;
}

int automaton_add(struct automaton *automaton, const struct token *tokens, size_t count, const struct match *match)
{
	uint32_t at = 0;

	for (size_t i = 0; i < count; i++)
		if (tree_child(automaton->tree, at, &tokens[i], &at) < 0)
			return -ENOMEM;
	match_merge(&automaton->tree->node[at].match, match);
	return 0;
}

/* A state under construction: its nodes are members[first .. first + count), ascending. */
struct subset {
	uint32_t first, count;
};

struct builder {
	struct automaton *automaton;
	struct graph graph;
	size_t state_room, edge_room;

	struct subset *subset; /* by state */
	size_t subset_room;
	uint32_t *member;
	size_t members, member_room;
	uint32_t *slot; /* hash table of state + 1, by members */
	size_t slots;

	unsigned char class[256];  /* bytes that no token tells apart share a class */
	unsigned char sample[256]; /* one byte of each class */
	unsigned int class_size[256], classes;

	uint32_t *mark; /* by node: the last generation that it was collected in */
	uint32_t *best; /* by shape: its member of the lowest rank, + 1 */
	uint32_t generation;
	size_t states_max, members_max;
};

/* Splits each class into the bytes inside and outside of set. */
static void refine_classes(struct builder *b, const struct byteset *set)
{
	int twin[256];
	unsigned int before = b->classes;

	memset(twin, -1, sizeof(twin));
	for (unsigned int c = 0; c < before; c++)
		b->sample[c] = 0;
	for (int byte = 255; byte >= 0; byte--)
		b->sample[b->class[byte]] = byte;
	for (int byte = 0; byte < 256; byte++) {
		unsigned int c = b->class[byte];

		if (byteset_has(set, byte) == byteset_has(set, b->sample[c]))
			continue;
		if (twin[c] < 0)
			twin[c] = b->classes++;
		b->class[byte] = twin[c];
	}
}

static void find_classes(struct builder *b)
{
	struct byteset known = {{0}};

	b->classes = 1;
	for (size_t n = 0; n < b->graph.nodes; n++) {
		const struct byteset *set = &b->graph.node[n].token.set;
		int byte = byteset_single(set);

		if (byte >= 0 && byteset_has(&known, byte))
			continue;
		if (byte >= 0)
			byteset_add(&known, byte);
		refine_classes(b, set);
	}
	memset(b->class_size, 0, sizeof(b->class_size));
	for (int byte = 255; byte >= 0; byte--) {
		b->sample[b->class[byte]] = byte;
		b->class_size[b->class[byte]]++;
	}
}

/* Adds a node to the set at the end of members, and what can be reached from it without reading a byte. */
static int collect(struct builder *b, uint32_t node)
{
	if (b->mark[node] == b->generation)
		return 0;
	b->mark[node] = b->generation;
	if (b->members == b->members_max)
		return -E2BIG;
	if (grow((void **)&b->member, sizeof(*b->member), b->members, &b->member_room) < 0)
		return -ENOMEM;
	b->member[b->members++] = node;
	for (uint32_t i = 0; i < b->graph.node[node].count; i++) {
		uint32_t c = b->graph.child[b->graph.node[node].first + i];
		int r = b->graph.node[c].token.repeats ? collect(b, c) : 0;

		if (r < 0)
			return r;
	}
	return 0;
}

static int grow_slots(struct builder *b)
{
	size_t slots = b->slots ? 2 * b->slots : 1024;
	uint32_t *slot = calloc(slots, sizeof(*slot));

	if (!slot)
		return -ENOMEM;
	for (uint32_t s = 0; s < b->automaton->states; s++) {
		const struct subset *set = &b->subset[s];
		size_t i = hash_ids(0, b->member + set->first, set->count);

		while (slot[i & (slots - 1)])
			i++;
		slot[i & (slots - 1)] = s + 1;
	}
	free(b->slot);
	b->slot = slot;
	b->slots = slots;
	return 0;
}

static int new_state(struct builder *b, size_t first, uint32_t *out)
{
	struct automaton *a = b->automaton;
	struct automaton_state *state;

	if (a->states == b->states_max)
		return -E2BIG;
	if (grow((void **)&a->state, sizeof(*a->state), a->states, &b->state_room) < 0 ||
	    grow((void **)&b->subset, sizeof(*b->subset), a->states, &b->subset_room) < 0)
		return -ENOMEM;
	state = &a->state[a->states];
	*state = (struct automaton_state){.match = match_none()};
	for (size_t i = first; i < b->members; i++)
		match_merge(&state->match, &b->graph.node[b->member[i]].match);
	b->subset[a->states] = (struct subset){first, b->members - first};
	*out = a->states++;
	return 0;
}

/* Of members that would match the same rests of paths, only the one of the first rule can ever decide. */
static void drop_outranked(struct builder *b, size_t first)
{
	const struct graph_node *node = b->graph.node;
	size_t kept = first;

	for (size_t i = first; i < b->members; i++) {
		uint32_t n = b->member[i], *best = &b->best[node[n].shape];

		if (!node[n].shape)
			continue;
		if (!*best || node[n].rank < node[*best - 1].rank)
			*best = n + 1;
	}
	for (size_t i = first; i < b->members; i++) {
		uint32_t n = b->member[i];

		if (!node[n].shape || b->best[node[n].shape] == n + 1)
			b->member[kept++] = n;
	}
	for (size_t i = first; i < b->members; i++)
		b->best[node[b->member[i]].shape] = 0;
	b->members = kept;
}

/* The state of the set that was collected at members[first ...), made if it is new. */
static int find_state(struct builder *b, size_t first, uint32_t *out)
{
	size_t count, i;
	int r;

	drop_outranked(b, first);
	count = b->members - first;
	qsort(b->member + first, count, sizeof(*b->member), compare_ids);
	if (2 * (b->automaton->states + 1) > b->slots) {
		r = grow_slots(b);
		if (r < 0)
			return r;
	}
	for (i = hash_ids(0, b->member + first, count);; i++) {
		uint32_t known = b->slot[i & (b->slots - 1)];

		if (!known)
			break;
		if (b->subset[known - 1].count == count &&
		    !memcmp(b->member + b->subset[known - 1].first, b->member + first, count * sizeof(*b->member))) {
			b->members = first;
			*out = known - 1;
			return 0;
		}
	}
	r = new_state(b, first, out);
	if (!r)
		b->slot[i & (b->slots - 1)] = *out + 1;
	return r;
}

/* Where the nodes of state can be after byte. */
static int step(struct builder *b, uint32_t state, unsigned char byte, uint32_t *out)
{
	const struct graph_node *node = b->graph.node;
	size_t first = b->members;
	int r = 0;

	b->generation++;
	for (uint32_t i = 0; i < b->subset[state].count && !r; i++) {
		uint32_t n = b->member[b->subset[state].first + i];

		if (node[n].token.repeats && byteset_has(&node[n].token.set, byte))
			r = collect(b, n);
		for (uint32_t k = 0; k < node[n].count && !r; k++) {
			uint32_t c = b->graph.child[node[n].first + k];

			if (!node[c].token.repeats && byteset_has(&node[c].token.set, byte))
				r = collect(b, c);
		}
	}
	return r < 0 ? r : find_state(b, first, out);
}

/* The class of bytes whose next state most bytes share. */
static uint32_t most_common(const struct builder *b, const uint32_t *next)
{
	unsigned int best = 0, best_size = 0;

	for (unsigned int c = 0; c < b->classes; c++) {
		unsigned int size = 0;

		for (unsigned int d = 0; d < b->classes; d++)
			size += next[d] == next[c] ? b->class_size[d] : 0;
		if (size > best_size) {
			best = c;
			best_size = size;
		}
		if (best_size > 128)
			break;
	}
	return next[best];
}

static int expand(struct builder *b, uint32_t state)
{
	struct automaton *a = b->automaton;
	uint32_t next[256] = {0}, rest;

	for (unsigned int c = 0; c < b->classes; c++) {
		int r = step(b, state, b->sample[c], &next[c]);

		if (r < 0)
			return r;
	}
	rest = most_common(b, next);
	a->state[state].rest = rest;
	a->state[state].first = a->edges;
	for (unsigned int byte = 0; byte < 256; byte++) {
		if (next[b->class[byte]] == rest)
			continue;
		if (grow((void **)&a->edge, sizeof(*a->edge), a->edges, &b->edge_room) < 0)
			return -ENOMEM;
		a->edge[a->edges++] = (struct automaton_edge){next[b->class[byte]], byte};
	}
	a->state[state].count = a->edges - a->state[state].first;
	return 0;
}

static int build_states(struct builder *b)
{
	uint32_t start;
	int r;

	b->mark = calloc(b->graph.nodes, sizeof(*b->mark));
	b->best = calloc(b->graph.nodes + 1, sizeof(*b->best));
	if (!b->mark || !b->best)
		return -ENOMEM;
	find_classes(b);
	b->generation = 1;
	r = collect(b, b->graph.root);
	if (!r)
		r = find_state(b, 0, &start);
	for (uint32_t s = 0; !r && s < b->automaton->states; s++)
		r = expand(b, s);
	return r;
}

int automaton_build(struct automaton *automaton)
{
	struct builder b = {.automaton = automaton};
	int r = graph_make(automaton->tree, &b.graph);

	/* Patterns that people write need some states a token; those that multiply need 2^tokens. */
	b.states_max = 65536 + 32 * b.graph.nodes;
	b.members_max = 64 * b.states_max;
	if (!r)
		r = build_states(&b);
	graph_free(&b.graph);
	free(b.mark);
	free(b.best);
	free(b.slot);
	free(b.member);
	free(b.subset);
	tree_free(automaton->tree);
	automaton->tree = NULL;
	return r;
}

uint32_t automaton_next(const struct automaton *automaton, uint32_t state, unsigned char byte)
{
	const struct automaton_state *s = &automaton->state[state];
	uint32_t low = s->first, high = s->first + s->count;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (automaton->edge[middle].byte == byte)
			return automaton->edge[middle].target;
		if (automaton->edge[middle].byte < byte)
			low = middle + 1;
		else
			high = middle;
	}
	return s->rest;
}
