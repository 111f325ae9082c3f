/* SPDX-License-Identifier: BSD-2-Clause */
#include "lint_walk.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "automaton.h"
#include "verdict.h"

static size_t hash_number(__u64 number, size_t room)
{
	return (number * 0x9e3779b97f4a7c15ull >> 20) % room;
}

static int rule_set_grow(struct rule_set *set)
{
	struct rule_set grown = {calloc(2 * set->room + 64, sizeof(*grown.slot)), 2 * set->room + 64, 0};

	if (!grown.slot)
		return -ENOMEM;
	for (size_t i = 0; i < set->room; i++)
		if (set->slot[i])
			rule_set_add(&grown, set->slot[i]);
	free(set->slot);
	*set = grown;
	return 0;
}

int rule_set_add(struct rule_set *set, __u32 rule)
{
	size_t at;

	if (rule == RULE_NONE)
		return 0;
	if (2 * set->count >= set->room && rule_set_grow(set) < 0)
		return -ENOMEM;
	for (at = hash_number(rule, set->room); set->slot[at]; at = (at + 1) % set->room)
		if (set->slot[at] == rule)
			return 0;
	set->slot[at] = rule;
	set->count++;
	return 0;
}

bool rule_set_has(const struct rule_set *set, __u32 rule)
{
	if (!set->count)
		return false;
	for (size_t at = hash_number(rule, set->room); set->slot[at]; at = (at + 1) % set->room)
		if (set->slot[at] == rule)
			return true;
	return false;
}

/* ---- paths */

/* What has been read of a path, from its end on: which of its bytes may come next. */
enum shape {
	SHAPE_START, /* nothing yet */
	SHAPE_SLASH, /* the '/' before a component: the path may begin here */
	SHAPE_DOT,   /* a component that is "." so far */
	SHAPE_DOTS,  /* ".." */
	SHAPE_NAME,  /* another one */
	SHAPE_BROKEN,
};

static enum shape next_shape(enum shape shape, unsigned char byte)
{
	if (!byte)
		return SHAPE_BROKEN;
	if (byte == '/')
		return shape == SHAPE_NAME ? SHAPE_SLASH : SHAPE_BROKEN;
	if (byte != '.' || shape == SHAPE_DOTS || shape == SHAPE_NAME)
		return SHAPE_NAME;
	return shape == SHAPE_DOT ? SHAPE_DOTS : SHAPE_DOT;
}

/* A state of the image, one of the pattern's automaton, and a shape, all after the same bytes. */
struct spot {
	struct verdict_walk walk;
	__u32 pattern;
	enum shape shape;
};

struct path_walk {
	const struct image_cell *image;
	struct automaton automaton; /* of the pattern */
	bool pattern;               /* there is one */
	__u32 *next;                /* by its states and bytes */
	struct spot *spot;          /* those that were reached; behind `done` they wait */
	size_t spots, room, done;
	__u32 *slot; /* a hash table of them: index + 1 */
	size_t slots;
};

static size_t hash_spot(const struct path_walk *w, const struct spot *s)
{
	__u64 h = ((__u64)s->walk.base << 32 | s->walk.at->fallback) * 0x9e3779b97f4a7c15ull;

	return hash_number(h ^ s->walk.at->rule ^ (__u64)s->pattern << 8 ^ (__u64)s->shape << 40, w->slots);
}

static bool same_spot(const struct spot *a, const struct spot *b)
{
	const struct image_state *x = a->walk.at, *y = b->walk.at;

	return a->shape == b->shape && a->pattern == b->pattern && x->base == y->base && x->fallback == y->fallback &&
	       x->rule == y->rule;
}

/* The slot that a spot has, or would have. */
static size_t find_slot(const struct path_walk *w, const struct spot *s)
{
	size_t at = hash_spot(w, s);

	while (w->slot[at] && !same_spot(&w->spot[w->slot[at] - 1], s))
		at = (at + 1) % w->slots;
	return at;
}

static int grow_spots(struct path_walk *w)
{
	size_t room = 2 * w->room + 256;
	struct spot *spot = reallocarray(w->spot, room, sizeof(*spot));
	__u32 *slot = calloc(2 * room, sizeof(*slot));

	w->spot = spot ? spot : w->spot;
	if (!spot || !slot) {
		free(slot);
		return -ENOMEM;
	}
	free(w->slot);
	w->slot = slot;
	w->slots = 2 * room;
	w->room = room;
	for (size_t i = 0; i < w->spots; i++)
		w->slot[find_slot(w, &w->spot[i])] = i + 1;
	return 0;
}

static int reach(struct path_walk *w, const struct spot *s)
{
	size_t at;

	if (w->spots == w->room && grow_spots(w) < 0)
		return -ENOMEM;
	at = find_slot(w, s);
	if (w->slot[at])
		return 0;
	w->spot[w->spots++] = *s;
	w->slot[at] = w->spots;
	return 0;
}

/* From this state of the pattern's automaton it can never match. */
static bool is_dead(const struct path_walk *w, __u32 state)
{
	const struct automaton_state *s = &w->automaton.state[state];

	return !s->count && s->rest == state && s->match.allow == MATCH_NONE;
}

static int step(struct path_walk *w, struct spot from)
{
	struct spot last = {.shape = SHAPE_BROKEN};

	for (unsigned int byte = 1; byte < 256; byte++) {
		struct spot to = from;

		to.shape = next_shape(from.shape, byte);
		if (to.shape == SHAPE_BROKEN)
			continue;
		if (w->pattern) {
			to.pattern = w->next[256 * (size_t)from.pattern + byte];
			if (is_dead(w, to.pattern))
				continue;
		}
		verdict_exec_byte(w->image, &to.walk, byte);
		if (same_spot(&to, &last))
			continue;
		last = to;
		if (reach(w, &to) < 0)
			return -ENOMEM;
	}
	return 0;
}

static bool matches(const struct path_walk *w, const struct spot *s)
{
	return s->shape == SHAPE_SLASH && (!w->pattern || w->automaton.state[s->pattern].match.allow != MATCH_NONE);
}

static int walk_all(struct path_walk *w, enum image_layout start, struct rule_set *out)
{
	struct spot first = {.shape = SHAPE_START};
	int r;

	verdict_walk_begin(w->image, &first.walk, start);
	r = reach(w, &first);
	for (; !r && w->done < w->spots; w->done++) {
		if (matches(w, &w->spot[w->done]))
			r = rule_set_add(out, w->spot[w->done].walk.at->rule);
		if (!r)
			r = step(w, w->spot[w->done]);
	}
	return r;
}

static int build_pattern(struct path_walk *w, const char *pattern)
{
	struct match match = match_none();
	struct token *tokens = calloc(strlen(pattern) + 1, sizeof(*tokens));
	const char *why;
	size_t count;
	int r = tokens ? pattern_tokens(pattern, tokens, &count, &why) : -ENOMEM;

	match.allow = 0;
	w->pattern = true;
	if (!r)
		r = automaton_init(&w->automaton);
	if (!r)
		r = automaton_add(&w->automaton, tokens, count, &match);
	if (!r)
		r = automaton_build(&w->automaton);
	if (!r)
		r = automaton_minimise(&w->automaton);
	free(tokens);
	if (r < 0)
		return r;
	w->next = calloc(w->automaton.states + 1, 256 * sizeof(*w->next));
	if (!w->next)
		return -ENOMEM;
	for (size_t i = 0; i < 256 * w->automaton.states; i++)
		w->next[i] = automaton_next(&w->automaton, i / 256, i % 256);
	return 0;
}

/* A pattern without wildcards is one path. */
static int walk_literal(const struct image_cell *image, enum image_layout start, const char *path, size_t len,
			struct rule_set *out)
{
	enum shape shape = SHAPE_START;
	struct verdict_walk walk;

	verdict_walk_begin(image, &walk, start);
	while (len-- && shape != SHAPE_BROKEN) {
		verdict_exec_byte(image, &walk, path[len]);
		shape = next_shape(shape, path[len]);
	}
	return shape == SHAPE_SLASH ? rule_set_add(out, walk.at->rule) : 0;
}

int walk_paths(const struct image_cell *image, enum image_layout start, const char *pattern, struct rule_set *out,
	       size_t *steps)
{
	struct path_walk w = {.image = image};
	char *path = pattern ? malloc(strlen(pattern) + 1) : NULL;
	size_t len;
	int r = 0;

	if (pattern && !path)
		return -ENOMEM;
	if (pattern && pattern_literal(pattern, path, &len)) {
		r = walk_literal(image, start, path, len, out);
		free(path);
		return r;
	}
	free(path);
	if (pattern)
		r = build_pattern(&w, pattern);
	if (!r)
		r = walk_all(&w, start, out);
	*steps += w.spots;
	if (w.pattern)
		automaton_free(&w.automaton);
	free(w.next);
	free(w.spot);
	free(w.slot);
	return r;
}

/* ---- tables */

/* Of count intervals, the first of which is cell `first`, those that meet a range. */
static int walk_numbers(const struct image_cell *image, __u32 first, __u32 count, struct policy_range range,
			struct rule_set *out)
{
	const struct image_interval *end = (const struct image_interval *)image_cell(image, first) + count;
	const struct image_interval *at = verdict_search(image, first, count, range.first);

	for (; at < end && at->begin <= range.last; at++)
		if (rule_set_add(out, at->rule) < 0)
			return -ENOMEM;
	return 0;
}

int walk_ids(const struct image_cell *image, enum image_layout place, struct policy_range ids, struct rule_set *out)
{
	const struct image_table *table = (const void *)image_head(image, place);

	return table->count ? walk_numbers(image, table->first, table->count, ids, out) : 0;
}

static int walk_ports(const struct image_cell *image, const struct image_interval *leads,
		      const struct policy_peer *peer, struct rule_set *out)
{
	const struct policy_range all = {0, 65535};
	int r = 0;

	if (!leads->ports_count)
		return rule_set_add(out, leads->rule);
	if (!peer || !peer->ports.count)
		return walk_numbers(image, leads->ports_first, leads->ports_count, all, out);
	for (size_t i = 0; i < peer->ports.count && !r; i++)
		r = walk_numbers(image, leads->ports_first, leads->ports_count, peer->ports.range[i], out);
	return r;
}

typedef unsigned __int128 u128;

static u128 number_of(__u64 high, __u64 low)
{
	return (u128)high << 64 | low;
}

/* The intervals of IPv4 addresses that meet first to last. */
static int walk_ipv4(const struct image_cell *image, const struct image_table *table, __u32 first, __u32 last,
		     const struct policy_peer *peer, struct rule_set *out)
{
	const struct image_interval *end =
		(const struct image_interval *)image_cell(image, table->first) + table->count;
	const struct image_interval *at = verdict_find(image, table, first);
	int r = 0;

	for (; at < end && at->begin <= last && !r; at++)
		r = walk_ports(image, at, peer, out);
	return r;
}

static int walk_ipv6(const struct image_cell *image, const struct image_table *table, u128 first, u128 last,
		     const struct policy_peer *peer, struct rule_set *out)
{
	const struct image_address *begin = (const void *)image_cell(image, table->first);
	const struct image_interval *leads = (const void *)image_cell(image, table->first + table->count);
	struct verdict_address address = {(__u64)(first >> 64), (__u64)first};
	size_t i = verdict_find_address(image, table, address) - leads;
	int r = 0;

	for (; i < table->count && number_of(begin[i].high, begin[i].low) <= last && !r; i++)
		r = walk_ports(image, &leads[i], peer, out);
	return r;
}

int walk_peers(const struct image_cell *image, enum image_layout place, const struct policy_peer *peer,
	       struct rule_set *out)
{
	const struct image_table *ipv4 = (const void *)image_head(image, place);
	const struct image_table *ipv6 = (const void *)image_head(image, place + IMAGE_IPV6);
	const u128 mapped_first = (u128)0xffff << 32, mapped_last = mapped_first | 0xffffffff;
	u128 first = peer ? number_of(peer->first.high, peer->first.low) : 0;
	u128 last = peer ? number_of(peer->last.high, peer->last.low) : ~(u128)0;
	int r = 0;

	if (!ipv4->count)
		return 0;
	if (!peer || peer->ipv4)
		r = walk_ipv4(image, ipv4, peer ? first : 0, peer ? last : ~0u, peer, out);
	if (r || (peer && peer->ipv4))
		return r;
	if (first > mapped_last || last < mapped_first)
		return walk_ipv6(image, ipv6, first, last, peer, out);
	/* the IPv4-mapped addresses in it are none of its */
	if (first < mapped_first)
		r = walk_ipv6(image, ipv6, first, mapped_first - 1, peer, out);
	if (!r && last > mapped_last)
		r = walk_ipv6(image, ipv6, mapped_last + 1, last, peer, out);
	return r;
}
