/* SPDX-License-Identifier: BSD-2-Clause */
#include "paths.h"

#include <errno.h>
#include <stdlib.h>

/* Four times what the kernel takes as a path in one call. Literal paths have no limit. */
#define PATTERN_MAX 16384

int paths_init(struct paths *paths)
{
	*paths = (struct paths){0};
	paths->node = calloc(1, sizeof(*paths->node));
	if (!paths->node)
		return -ENOMEM;
	paths->node[0].match = match_none();
	paths->nodes = paths->room = 1;
	return automaton_init(&paths->automaton);
}

void paths_free(struct paths *paths)
{
	automaton_free(&paths->automaton);
	free(paths->node);
	*paths = (struct paths){0};
}

static int new_node(struct paths *paths, uint32_t sibling, unsigned char byte, uint32_t *out)
{
	if (paths->nodes == paths->room) {
		struct path_node *grown = reallocarray(paths->node, 2 * paths->room, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		paths->node = grown;
		paths->room *= 2;
	}
	paths->node[paths->nodes] = (struct path_node){.sibling = sibling, .match = match_none(), .byte = byte};
	*out = paths->nodes++;
	return 0;
}

static int add_literal(struct paths *paths, const char *path, size_t len, const struct match *match)
{
	uint32_t at = 0;

	while (len--) {
		unsigned char byte = path[len];
		uint32_t before = 0, child = paths->node[at].child, made;

		while (child && paths->node[child].byte < byte) {
			before = child;
			child = paths->node[child].sibling;
		}
		if (!child || paths->node[child].byte != byte) {
			if (new_node(paths, child, byte, &made) < 0)
				return -ENOMEM;
			*(before ? &paths->node[before].sibling : &paths->node[at].child) = made;
			child = made;
		}
		at = child;
	}
	match_merge(&paths->node[at].match, match);
	return 0;
}

int paths_add(struct paths *paths, const char *pattern, const struct match *match, const char **why)
{
	size_t room = strlen(pattern) + 1, count;
	struct token *tokens;
	char *path = malloc(room);
	int r;

	if (!path)
		return -ENOMEM;
	if (pattern_literal(pattern, path, &count)) {
		struct match literal = *match;

		literal.literal = match->allow != MATCH_NONE;
		r = add_literal(paths, path, count, &literal);
		free(path);
		return r;
	}
	free(path);
	if (room > PATTERN_MAX) {
		*why = "a pattern with wildcards may have 16384 bytes at most";
		return -EINVAL;
	}
	tokens = calloc(room, sizeof(*tokens));
	if (!tokens)
		return -ENOMEM;
	r = pattern_tokens(pattern, tokens, &count, why);
	if (!r)
		r = automaton_add(&paths->automaton, tokens, count, match);
	free(tokens);
	return r;
}

int paths_build(struct paths *paths)
{
	int r = automaton_build(&paths->automaton);

	if (!r)
		r = automaton_minimise(&paths->automaton);
	if (r < 0)
		return r;
	/* a child was made after its parent: one pass in order is enough */
	for (uint32_t n = 0; n < paths->nodes; n++)
		for (uint32_t c = paths->node[n].child; c; c = paths->node[c].sibling)
			paths->node[c].state =
				automaton_next(&paths->automaton, paths->node[n].state, paths->node[c].byte);
	return 0;
}
