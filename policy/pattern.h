/* SPDX-License-Identifier: BSD-2-Clause */
/* Path patterns, read into tokens. */
#ifndef MANTLET_POLICY_PATTERN_H
#define MANTLET_POLICY_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A set of bytes. */
struct byteset {
	uint64_t w[4];
};

static inline bool byteset_has(const struct byteset *set, unsigned char byte)
{
	return set->w[byte / 64] >> byte % 64 & 1;
}

static inline void byteset_add(struct byteset *set, unsigned char byte)
{
	set->w[byte / 64] |= 1ull << byte % 64;
}

/* The byte that is alone in the set, or -1. */
static inline int byteset_single(const struct byteset *set)
{
	int byte = -1;

	for (int i = 0; i < 4; i++) {
		if (!set->w[i])
			continue;
		if (byte >= 0 || set->w[i] & (set->w[i] - 1))
			return -1;
		byte = 64 * i + __builtin_ctzll(set->w[i]);
	}
	return byte;
}

/* One token matches one byte of its set, or, if it repeats, any run of them, the empty one too. */
struct token {
	struct byteset set;
	bool repeats;
};

static inline bool token_equal(const struct token *a, const struct token *b)
{
	return a->repeats == b->repeats && !memcmp(&a->set, &b->set, sizeof(a->set));
}

/* Has the pattern no wildcard? Then *text is the one path that it matches: written to buf (strlen(pattern)
 * bytes suffice), its length to *len. False for a malformed pattern, too. */
bool pattern_literal(const char *pattern, char *buf, size_t *len);

/* Tokens of a pattern, LAST FIRST: the automaton reads paths backwards. tokens has room for strlen(pattern).
 * -EINVAL: malformed; *why says how, as a constant string. */
int pattern_tokens(const char *pattern, struct token *tokens, size_t *count, const char **why);

#endif
