/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A deterministic automaton over bytes, made from patterns with wildcards by the subset construction. It is
 * an intermediate form: compile.c lays the literal paths over it and packs both into the image.
 */
#ifndef MANTLET_POLICY_AUTOMATON_H
#define MANTLET_POLICY_AUTOMATON_H

#include "pattern.h"

#define MATCH_NONE UINT32_MAX

/* Which rules match what has been read: all that precedence needs to know. */
struct match {
	uint32_t deny, allow; /* lowest index of a matching rule in its list, or MATCH_NONE */
	bool literal;         /* an allow rule without a wildcard is among them */
	bool loader;          /* it is the dynamic loader's name */
};

static inline struct match match_none(void)
{
	return (struct match){.deny = MATCH_NONE, .allow = MATCH_NONE};
}

static inline void match_merge(struct match *into, const struct match *from)
{
	into->deny = from->deny < into->deny ? from->deny : into->deny;
	into->allow = from->allow < into->allow ? from->allow : into->allow;
	into->literal |= from->literal;
	into->loader |= from->loader;
}

struct automaton_edge {
	uint32_t target;
	unsigned char byte;
};

struct automaton_state {
	struct match match;    /* if the path ends here */
	uint32_t rest;         /* the next state for every byte that has no edge */
	uint32_t first, count; /* edges, ascending by byte; none leads to rest */
};

struct automaton {
	struct automaton_state *state; /* state 0 is the start */
	size_t states;
	struct automaton_edge *edge;
	size_t edges;

	struct pattern_tree *tree; /* the patterns, until they are built */
};

/* -ENOMEM */
int automaton_init(struct automaton *automaton);
void automaton_free(struct automaton *automaton);

/* A pattern as pattern_tokens() gives it; match says what a path that it matches has met. -ENOMEM */
int automaton_add(struct automaton *automaton, const struct token *tokens, size_t count, const struct match *match);

/* After the last automaton_add(). -E2BIG: far more states than the patterns have tokens; -ENOMEM. */
int automaton_build(struct automaton *automaton);

/* The state after state has read byte. */
uint32_t automaton_next(const struct automaton *automaton, uint32_t state, unsigned char byte);

#endif
