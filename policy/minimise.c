/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Moore's minimisation: states begin in one class per set of rules met, and classes are split until two
 * states of a class go, by every byte, to states of one class. Then a class is a state.
 */
#include <errno.h>
#include <stdlib.h>

#include "automaton.h"

/* States and edges that are looked at, in all rounds. A chain of n wildcards takes n rounds. */
#define WORK_MAX 200000000u

/* Where a state leads, by class: rest, and the bytes that lead elsewhere. */
struct row {
	uint32_t rest, count;
	uint32_t target[256];
	unsigned char byte[256];
};

struct splitter {
	struct automaton *automaton;
	uint32_t *class, *next; /* by state: now, and after this round */
	uint32_t *first;        /* by class of the next round: its first state */
	uint32_t *slot, *chain; /* hash table of next classes, + 1 */
	size_t slots;
};

/* With 128 edges or more, what is called rest may not be what most bytes lead to: then it is chosen anew, so that
 * equal states have equal rows. */
static void choose_rest(const struct splitter *s, const struct automaton_state *state, struct row *row)
{
	uint32_t all[256], best = 0, best_size = 0;

	for (unsigned int b = 0; b < 256; b++)
		all[b] = s->class[state->rest];
	for (uint32_t i = 0; i < state->count; i++) {
		const struct automaton_edge *edge = &s->automaton->edge[state->first + i];

		all[edge->byte] = s->class[edge->target];
	}
	for (unsigned int b = 0; b < 256; b++) {
		uint32_t size = 0;

		for (unsigned int c = 0; c < 256; c++)
			size += all[c] == all[b];
		if (size > best_size || (size == best_size && all[b] < best)) {
			best = all[b];
			best_size = size;
		}
	}
	row->rest = best;
	row->count = 0;
	for (unsigned int b = 0; b < 256; b++)
		if (all[b] != best) {
			row->byte[row->count] = b;
			row->target[row->count++] = all[b];
		}
}

static void read_row(const struct splitter *s, uint32_t state, struct row *row)
{
	const struct automaton_state *from = &s->automaton->state[state];

	if (from->count >= 128) {
		choose_rest(s, from, row);
		return;
	}
	row->rest = s->class[from->rest];
	row->count = 0;
	for (uint32_t i = 0; i < from->count; i++) {
		const struct automaton_edge *edge = &s->automaton->edge[from->first + i];

		if (s->class[edge->target] == row->rest)
			continue;
		row->byte[row->count] = edge->byte;
		row->target[row->count++] = s->class[edge->target];
	}
}

static bool rows_equal(const struct row *a, const struct row *b)
{
	return a->rest == b->rest && a->count == b->count && !memcmp(a->byte, b->byte, a->count) &&
	       !memcmp(a->target, b->target, a->count * sizeof(*a->target));
}

static uint64_t hash_row(uint32_t class, const struct row *row)
{
	uint64_t h = ((uint64_t) class << 32 | row->rest) * 0x9e3779b97f4a7c15ull;

	for (uint32_t i = 0; i < row->count; i++)
		h = (h ^ h >> 29 ^ ((uint64_t)row->byte[i] << 32 | row->target[i])) * 0x9e3779b97f4a7c15ull;
	return h ^ h >> 31;
}

/* One round; returns the number of classes after it. */
static uint32_t split(struct splitter *s)
{
	struct row row, other;
	uint32_t classes = 0;

	memset(s->slot, 0, s->slots * sizeof(*s->slot));
	for (uint32_t state = 0; state < s->automaton->states; state++) {
		uint32_t *head, known;

		read_row(s, state, &row);
		head = &s->slot[hash_row(s->class[state], &row) & (s->slots - 1)];
		for (known = *head; known; known = s->chain[known - 1]) {
			uint32_t first = s->first[known - 1];

			if (s->class[first] != s->class[state])
				continue;
			read_row(s, first, &other);
			if (rows_equal(&row, &other))
				break;
		}
		if (!known) {
			s->first[classes] = state;
			s->chain[classes] = *head;
			known = *head = ++classes;
		}
		s->next[state] = known - 1;
	}
	memcpy(s->class, s->next, s->automaton->states * sizeof(*s->class));
	return classes;
}

static int compare_matches(const struct match *a, const struct match *b)
{
	return a->deny != b->deny     ? (a->deny < b->deny ? -1 : 1)
	       : a->allow != b->allow ? (a->allow < b->allow ? -1 : 1)
				      : (a->literal * 2 + a->loader) - (b->literal * 2 + b->loader);
}

static int compare_states(const void *a, const void *b, void *states)
{
	const struct automaton_state *state = states;

	return compare_matches(&state[*(const uint32_t *)a].match, &state[*(const uint32_t *)b].match);
}

/* The first classes: states that have met the same rules. */
static uint32_t class_by_match(struct splitter *s)
{
	const struct automaton_state *state = s->automaton->state;
	uint32_t classes = 0;

	for (uint32_t i = 0; i < s->automaton->states; i++)
		s->next[i] = i;
	qsort_r(s->next, s->automaton->states, sizeof(*s->next), compare_states, s->automaton->state);
	for (uint32_t i = 0; i < s->automaton->states; i++) {
		if (i && compare_matches(&state[s->next[i]].match, &state[s->next[i - 1]].match))
			classes++;
		s->class[s->next[i]] = classes;
	}
	return classes + 1;
}

/* A class becomes a state: the first of it, with its edges led to classes. Classes are numbered by their first
 * states, so the start stays 0, and no edge is read after it was written. */
static void merge(struct splitter *s, uint32_t classes)
{
	struct automaton *a = s->automaton;
	struct row row;
	size_t edges = 0;

	for (uint32_t c = 0; c < classes; c++) {
		struct automaton_state state = a->state[s->first[c]];

		read_row(s, s->first[c], &row);
		state.rest = row.rest;
		state.first = edges;
		state.count = row.count;
		for (uint32_t i = 0; i < row.count; i++)
			a->edge[edges++] = (struct automaton_edge){row.target[i], row.byte[i]};
		a->state[c] = state;
	}
	a->states = classes;
	a->edges = edges;
}

int automaton_minimise(struct automaton *automaton)
{
	struct splitter s = {.automaton = automaton};
	uint32_t classes, before = 0;
	uint64_t work = 0;
	int r = 0;

	for (s.slots = 1024; s.slots < 2 * automaton->states;)
		s.slots *= 2;
	s.class = calloc(automaton->states, sizeof(*s.class));
	s.next = calloc(automaton->states, sizeof(*s.next));
	s.first = calloc(automaton->states, sizeof(*s.first));
	s.chain = calloc(automaton->states, sizeof(*s.chain));
	s.slot = calloc(s.slots, sizeof(*s.slot));
	if (!s.class || !s.next || !s.first || !s.chain || !s.slot) {
		r = -ENOMEM;
	} else {
		classes = class_by_match(&s);
		while (classes != before && work < WORK_MAX) {
			before = classes;
			classes = split(&s);
			work += automaton->states + automaton->edges;
		}
		/* not done: then two states of a class may differ, and all are kept */
		if (classes == before)
			merge(&s, classes);
	}
	free(s.class);
	free(s.next);
	free(s.first);
	free(s.chain);
	free(s.slot);
	return r;
}
