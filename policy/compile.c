/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * struct policy -> policy image. This is where precedence is resolved, once: in a section a matching deny
 * wins, else a matching allow, else the default, and the rule that is named is the first of its list.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "json.h"
#include "paths.h"
#include "policy.h"
#include "quote.h"

/* The dynamic loader, by the names that C libraries give it. Run as a program it runs any file, so an allow
 * rule must name it without a wildcard. */
static const char *const loaders[] = {
	"/ld-linux*.so*", "/**/ld-linux*.so*", "/ld-musl-*",       "/**/ld-musl-*", "/ld.so",
	"/**/ld.so",      "/ld-[0-9]*.so",     "/**/ld-[0-9]*.so", "/ld64.so*",     "/**/ld64.so*",
};

struct compiler {
	const struct policy *policy;
	const char *text;
	size_t len;
	struct policy_error *error;
};

static int compile_fail(const struct compiler *c, const struct policy_rule *rule, bool deny, size_t index,
			const char *why)
{
	char name[POLICY_RULE_NAME_MAX], quoted[96];
	__u32 number = RULE(RULE_EXEC, deny ? RULE_DENIED : RULE_ALLOW, index);

	return json_fail(c->text, c->len, rule->offset, c->error, "%s: \"%s\": %s", policy_rule_name(number, name),
			 quote_text(rule->text, strlen(rule->text), quoted, sizeof(quoted)), why);
}

static int add_rule(const struct compiler *c, struct paths *paths, bool deny, size_t index)
{
	const struct policy_rules *list = deny ? &c->policy->exec.deny : &c->policy->exec.allow;
	struct match match = match_none();
	const char *why;
	int r;

	*(deny ? &match.deny : &match.allow) = index;
	r = paths_add(paths, list->rule[index].text, &match, &why);
	return r == -EINVAL ? compile_fail(c, &list->rule[index], deny, index, why) : r;
}

static int add_loaders(struct paths *paths)
{
	struct match match = match_none();
	const char *why;
	int r = 0;

	match.loader = true;
	for (size_t i = 0; i < sizeof(loaders) / sizeof(*loaders) && !r; i++)
		r = paths_add(paths, loaders[i], &match, &why);
	return r;
}

/* The first `count` rules, deny before allow, and the built-in ones. */
static int build_paths(const struct compiler *c, struct paths *paths, size_t count)
{
	const struct policy_exec *exec = &c->policy->exec;
	int r = paths_init(paths);

	for (size_t i = 0; i < count && !r; i++)
		r = i < exec->deny.count ? add_rule(c, paths, true, i)
					 : add_rule(c, paths, false, i - exec->deny.count);
	if (!r && exec->present)
		r = add_loaders(paths);
	if (!r)
		r = paths_build(paths);
	if (r < 0)
		paths_free(paths);
	return r;
}

/* The patterns multiply: names the first with which they do. Only pattern's own number of rules is bounded
 * by nothing, so this searches by halves. */
static int blame(const struct compiler *c)
{
	const struct policy_exec *exec = &c->policy->exec;
	size_t good = 0, bad = exec->deny.count + exec->allow.count;
	struct paths paths;

	while (good + 1 < bad) {
		size_t middle = good + (bad - good) / 2;
		int r = build_paths(c, &paths, middle);

		if (!r)
			paths_free(&paths);
		if (r < 0 && r != -E2BIG)
			return r;
		*(r ? &bad : &good) = middle;
	}
	if (!bad)
		return -E2BIG;
	bad--;
	compile_fail(c, bad < exec->deny.count ? &exec->deny.rule[bad] : &exec->allow.rule[bad - exec->deny.count],
		     bad < exec->deny.count, bad < exec->deny.count ? bad : bad - exec->deny.count,
		     "this pattern makes the automaton too large: use fewer wildcards in it, or say \"**\" last");
	return -E2BIG;
}

static __u32 exec_rule(const struct match *met, const void *context)
{
	const struct policy_exec *exec = &((const struct policy *)context)->exec;

	if (!exec->present)
		return RULE_NONE;
	if (met->deny != MATCH_NONE)
		return RULE_DENY | RULE(RULE_EXEC, RULE_DENIED, met->deny);
	if (met->loader && !met->literal)
		return RULE_DENY | RULE(RULE_EXEC, RULE_LOADER, 0);
	if (met->allow != MATCH_NONE)
		return RULE(RULE_EXEC, RULE_ALLOW, met->allow);
	return (exec->deny_default ? RULE_DENY : 0) | RULE(RULE_EXEC, RULE_DEFAULT, 0);
}

static __u32 image_checksum(const struct image_header *header)
{
	struct image_header copy = *header;
	uLong crc;

	copy.checksum = 0;
	crc = crc32(crc32(0, NULL, 0), (const Bytef *)&copy, sizeof(copy));
	return crc32_z(crc, (const Bytef *)(header + 1), header->cells * sizeof(struct image_cell) - sizeof(copy));
}

int policy_compile(const struct policy *policy, const char *text, size_t len, struct image_cell **image,
		   struct policy_error *error)
{
	struct compiler c = {policy, text, len, error};
	struct image_header *header;
	struct image_cell *cells = NULL;
	struct paths paths;
	size_t count = 0;
	int r;

	memset(error, 0, sizeof(*error));
	r = build_paths(&c, &paths, policy->exec.deny.count + policy->exec.allow.count);
	if (r == -E2BIG)
		r = blame(&c);
	if (!r) {
		r = paths_pack(&paths, exec_rule, policy, &cells, &count);
		paths_free(&paths);
		if (r == -E2BIG)
			snprintf(error->text, sizeof(error->text), "exec: compiles to more than %u MiB: fewer rules",
				 POLICY_IMAGE_MAX >> 20);
	}
	if (r == -ENOMEM)
		snprintf(error->text, sizeof(error->text), "out of memory");
	if (r)
		return r;
	header = (struct image_header *)cells;
	header->magic = IMAGE_MAGIC;
	header->version = IMAGE_VERSION;
	header->cells = count;
	header->flags = policy->enforce ? IMAGE_ENFORCE : 0;
	header->checksum = image_checksum(header);
	*image = cells;
	return 0;
}

/* Every step from this state stays inside. */
static bool state_is_sound(const struct image_state *state, __u32 cells)
{
	__u32 one = state->fallback & ~IMAGE_ONE_CELL;

	if (state->base != IMAGE_NO_BASE && (state->base < IMAGE_STATES || state->base > cells - IMAGE_ROW))
		return false;
	return state->fallback & IMAGE_ONE_CELL
		       ? one >= IMAGE_STATES && one < cells
		       : state->fallback >= IMAGE_STATES && state->fallback <= cells - IMAGE_ROW;
}

int policy_image_check(const void *image, size_t size)
{
	const struct image_header *header = image;
	const struct image_state *state = image;

	if (size < (IMAGE_STATES + IMAGE_ROW) * sizeof(struct image_cell) || size > POLICY_IMAGE_MAX ||
	    size % sizeof(struct image_cell))
		return -EINVAL;
	if (header->magic != IMAGE_MAGIC || header->version != IMAGE_VERSION ||
	    header->cells != size / sizeof(struct image_cell))
		return -EINVAL;
	if (header->checksum != image_checksum(header))
		return -EBADMSG;
	for (__u32 i = IMAGE_EXEC; i < header->cells; i++) {
		/* a free cell is never entered: no state has base 0 */
		if (i >= IMAGE_STATES && !state[i].owner)
			continue;
		if (!state_is_sound(&state[i], header->cells))
			return -EBADMSG;
	}
	return 0;
}
