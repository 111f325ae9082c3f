/* SPDX-License-Identifier: BSD-2-Clause */
#include "intervals.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "parts.h"

int cells_append(struct cells *cells, size_t count, __u32 *first)
{
	struct image_cell *grown;

	if (count > POLICY_IMAGE_MAX / sizeof(*grown) - cells->count)
		return -E2BIG;
	grown = realloc(cells->cell, (cells->count + count) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	memset(grown + cells->count, 0, count * sizeof(*grown));
	*first = cells->count;
	cells->cell = grown;
	cells->count += count;
	return 0;
}

static int compare_numbers(const void *a, const void *b)
{
	__u64 x = *(const __u64 *)a, y = *(const __u64 *)b;

	return (x > y) - (x < y);
}

static size_t unique(__u64 *number, size_t count)
{
	size_t kept = 0;

	qsort(number, count, sizeof(*number), compare_numbers);
	for (size_t i = 0; i < count; i++)
		if (!kept || number[kept - 1] != number[i])
			number[kept++] = number[i];
	return kept;
}

static size_t position(const __u64 *number, size_t count, __u64 wanted)
{
	const __u64 *found = bsearch(&wanted, number, count, sizeof(*number), compare_numbers);

	return found - number;
}

/* Paints the pieces between all ends, in order of precedence; next[i] skips what is painted already. */
static void paint(const struct span *spans, size_t count, const __u64 *cut, size_t cuts, size_t *next, __u32 *rule)
{
	for (size_t i = 0; i <= cuts; i++)
		next[i] = i;
	for (size_t s = 0; s < count; s++) {
		size_t end = position(cut, cuts, (__u64)spans[s].last + 1);

		for (size_t at = position(cut, cuts, spans[s].first);;) {
			while (next[at] != at) {
				next[at] = next[next[at]];
				at = next[at];
			}
			if (at >= end)
				break;
			rule[at] = spans[s].rule;
			next[at] = at + 1;
		}
	}
}

int intervals_make(const struct span *spans, size_t count, __u32 rest, struct intervals *out)
{
	__u64 *cut = calloc(2 * count + 1, sizeof(*cut));
	size_t *next = calloc(2 * count + 2, sizeof(*next));
	__u32 *rule = calloc(2 * count + 1, sizeof(*rule));
	struct image_interval *made = calloc(2 * count + 1, sizeof(*made));
	size_t cuts, kept = 0;

	if (!cut || !next || !rule || !made) {
		free(made);
		made = NULL;
		goto out;
	}
	for (size_t s = 0; s < count; s++) {
		cut[2 * s + 1] = spans[s].first;
		cut[2 * s + 2] = (__u64)spans[s].last + 1;
	}
	cuts = unique(cut, 2 * count + 1);
	for (size_t i = 0; i < cuts; i++)
		rule[i] = rest;
	paint(spans, count, cut, cuts, next, rule);
	for (size_t i = 0; i < cuts && cut[i] <= UINT32_MAX; i++)
		if (!kept || made[kept - 1].rule != rule[i])
			made[kept++] = (struct image_interval){.begin = cut[i], .rule = rule[i]};
	*out = (struct intervals){made, kept};
out:
	free(cut);
	free(next);
	free(rule);
	return made ? 0 : -ENOMEM;
}

static int append_table(const struct intervals *intervals, struct cells *cells, __u32 *first)
{
	int r = cells_append(cells, intervals->count, first);

	if (!r)
		memcpy(cells->cell + *first, intervals->interval, intervals->count * sizeof(*cells->cell));
	return r;
}

/* With its index, in one page if it is not larger than a page: then a search looks up one. */
static int append_indexed(const struct intervals *intervals, struct cells *cells, struct image_table *table)
{
	size_t size = intervals->count + parts_count(intervals->count), used = cells->count % IMAGE_PAGE;
	__u32 pad;
	int r = 0;

	if (size <= IMAGE_PAGE && used + size > IMAGE_PAGE)
		r = cells_append(cells, IMAGE_PAGE - used, &pad);
	if (!r)
		r = append_table(intervals, cells, &table->first);
	if (r < 0)
		return r;
	table->count = intervals->count;
	r = parts_append(intervals, cells, table);
	if (!r && size <= IMAGE_PAGE)
		table->parts |= IMAGE_NEAR;
	return r;
}

static __u32 rule_number(enum rule_section section, const struct policy_section *s, size_t order)
{
	return order < s->deny.count ? RULE_DENY | RULE(section, RULE_DENIED, order)
				     : RULE(section, RULE_ALLOW, order - s->deny.count);
}

static __u32 default_number(enum rule_section section, const struct policy_section *s)
{
	return (s->deny_default ? RULE_DENY : 0) | RULE(section, RULE_DEFAULT, 0);
}

/* The rules of a section in order of precedence: deny, then allow, each as written. */
static const struct policy_rule *rule_at(const struct policy_section *s, size_t order)
{
	return order < s->deny.count ? &s->deny.rule[order] : &s->allow.rule[order - s->deny.count];
}

int intervals_ids(const struct policy_section *section, enum rule_section number, struct cells *cells,
		  struct image_table *table)
{
	size_t count = section->deny.count + section->allow.count;
	struct span *spans = calloc(count + 1, sizeof(*spans));
	struct intervals intervals = {0};
	int r = spans ? 0 : -ENOMEM;

	for (size_t i = 0; i < count && spans; i++) {
		const struct policy_rule *rule = rule_at(section, i);

		spans[i] = (struct span){rule->ids.first, rule->ids.last, rule_number(number, section, i)};
	}
	if (!r)
		r = intervals_make(spans, count, default_number(number, section), &intervals);
	if (!r)
		r = append_indexed(&intervals, cells, table);
	free(intervals.interval);
	free(spans);
	return r;
}

/* ---- connect */

typedef unsigned __int128 u128;

#define MAPPED_FIRST ((u128)0xffff << 32)
#define MAPPED_LAST (MAPPED_FIRST | 0xffffffff)
#define IPV4_END ((u128)1 << 32)

/* Where the set of rules that cover an address changes. */
struct edge {
	u128 at;
	__u32 order; /* of the rule in precedence; EDGE_CUT: only a cut */
	bool opens;
};

#define EDGE_CUT (~0u)

struct sweep {
	const struct policy_section *section;
	struct cells *cells;
	bool ipv4;
	struct edge *edge;
	size_t edges;
	__u32 *active; /* rules that cover the address, ascending */
	size_t actives;
	struct span *span; /* of the ports of the active rules */
	size_t span_room;
	u128 *begin;                  /* of the intervals that are done */
	struct image_interval *leads; /* and where they lead */
	size_t count;
	struct known *known; /* tables of ports, to share them: a chained hash table */
	size_t knowns;
	__u32 slot[4096];
};

struct known {
	__u32 first, count, next;
};

static u128 number_of(struct policy_address address)
{
	return (u128)address.high << 64 | address.low;
}

static int compare_edges(const void *a, const void *b)
{
	const struct edge *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	if (x->order != y->order)
		return x->order < y->order ? -1 : 1;
	return x->opens - y->opens;
}

static void add_span(struct sweep *s, __u32 order, u128 first, u128 last)
{
	u128 end = last + 1;

	s->edge[s->edges++] = (struct edge){first, order, true};
	if (end != (s->ipv4 ? IPV4_END : 0))
		s->edge[s->edges++] = (struct edge){end, order, false};
}

/* The IPv4-mapped addresses are not in an IPv6 network around them: what is left lies before and behind. They may
 * also be its end, as of ::/80. */
static void add_edges(struct sweep *s, __u32 order, u128 first, u128 last)
{
	if (s->ipv4) {
		add_span(s, order, first - MAPPED_FIRST, last - MAPPED_FIRST);
		return;
	}
	if (first > MAPPED_LAST || last < MAPPED_FIRST) {
		add_span(s, order, first, last);
		return;
	}
	if (first < MAPPED_FIRST)
		add_span(s, order, first, MAPPED_FIRST - 1);
	if (last > MAPPED_LAST)
		add_span(s, order, MAPPED_LAST + 1, last);
}

static void set_active(struct sweep *s, const struct edge *edge)
{
	size_t at = s->actives;

	if (edge->order == EDGE_CUT)
		return;
	while (at && s->active[at - 1] >= edge->order)
		at--;
	if (edge->opens) {
		memmove(s->active + at + 1, s->active + at, (s->actives - at) * sizeof(*s->active));
		s->active[at] = edge->order;
		s->actives++;
	} else {
		s->actives--;
		memmove(s->active + at, s->active + at + 1, (s->actives - at) * sizeof(*s->active));
	}
}

static int active_spans(struct sweep *s, size_t *count)
{
	size_t wanted = 0, n = 0;

	for (size_t i = 0; i < s->actives; i++) {
		size_t ports = rule_at(s->section, s->active[i])->peer.ports.count;

		wanted += ports ? ports : 1;
	}
	if (wanted > s->span_room) {
		struct span *grown = reallocarray(s->span, wanted, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		s->span = grown;
		s->span_room = wanted;
	}
	for (size_t i = 0; i < s->actives; i++) {
		const struct policy_ranges *ports = &rule_at(s->section, s->active[i])->peer.ports;
		__u32 rule = rule_number(RULE_CONNECT, s->section, s->active[i]);

		for (size_t k = 0; k < ports->count; k++)
			s->span[n++] = (struct span){ports->range[k].first, ports->range[k].last, rule};
		if (!ports->count) {
			s->span[n++] = (struct span){0, 65535, rule};
			break; /* nothing behind a rule for all ports can decide */
		}
	}
	*count = n;
	return 0;
}

static __u32 hash_intervals(const struct intervals *intervals)
{
	__u32 h = 2166136261u;

	for (size_t i = 0; i < intervals->count; i++)
		h = (h ^ intervals->interval[i].begin ^ intervals->interval[i].rule * 2654435761u) * 16777619u;
	return (h ^ h >> 15) % 4096;
}

/* The place of a table of ports in the cells; equal ones are one. */
static int share_ports(struct sweep *s, const struct intervals *intervals, __u32 *first)
{
	__u32 *head = &s->slot[hash_intervals(intervals)];
	struct known *grown;
	int r;

	for (__u32 k = *head; k; k = s->known[k - 1].next)
		if (s->known[k - 1].count == intervals->count &&
		    !memcmp(s->cells->cell + s->known[k - 1].first, intervals->interval,
			    intervals->count * sizeof(*intervals->interval))) {
			*first = s->known[k - 1].first;
			return 0;
		}
	grown = reallocarray(s->known, s->knowns + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	s->known = grown;
	r = append_table(intervals, s->cells, first);
	if (r < 0)
		return r;
	s->known[s->knowns++] = (struct known){*first, intervals->count, *head};
	*head = s->knowns;
	return 0;
}

/* What the addresses from here on lead to. */
static int active_leads(struct sweep *s, struct image_interval *leads)
{
	struct intervals ports = {0};
	size_t spans;
	int r = active_spans(s, &spans);

	if (!r)
		r = intervals_make(s->span, spans, default_number(RULE_CONNECT, s->section), &ports);
	if (r < 0 || !ports.interval)
		return r < 0 ? r : -ENOMEM;
	/* beyond the last port nothing is asked */
	while (ports.count && ports.interval[ports.count - 1].begin > 65535)
		ports.count--;
	*leads = (struct image_interval){.rule = ports.interval[0].rule};
	if (ports.count > 1) {
		leads->ports_count = ports.count;
		r = share_ports(s, &ports, &leads->ports_first);
	}
	free(ports.interval);
	return r;
}

static int sweep_edges(struct sweep *s)
{
	for (size_t e = 0; e < s->edges;) {
		u128 at = s->edge[e].at;
		struct image_interval leads;
		int r;

		for (; e < s->edges && s->edge[e].at == at; e++)
			set_active(s, &s->edge[e]);
		r = active_leads(s, &leads);
		if (r < 0)
			return r;
		if (s->count && !memcmp(&s->leads[s->count - 1], &leads, sizeof(leads)))
			continue;
		s->begin[s->count] = at;
		s->leads[s->count++] = leads;
	}
	return 0;
}

/* Beginnings and what they lead to in one. */
static int append_ipv4(struct sweep *s, struct image_table *table)
{
	const struct intervals intervals = {s->leads, s->count};

	for (size_t i = 0; i < s->count; i++)
		s->leads[i].begin = s->begin[i];
	return append_indexed(&intervals, s->cells, table);
}

static int append_ipv6(const struct sweep *s, struct image_table *table)
{
	__u32 first;
	int r = cells_append(s->cells, 2 * s->count, &first);

	if (r < 0)
		return r;
	for (size_t i = 0; i < s->count; i++) {
		struct image_address address = {(__u64)(s->begin[i] >> 64), (__u64)s->begin[i]};

		memcpy(s->cells->cell + first + i, &address, sizeof(address));
		memcpy(s->cells->cell + first + s->count + i, &s->leads[i], sizeof(s->leads[i]));
	}
	*table = (struct image_table){.first = first, .count = s->count};
	return 0;
}

int intervals_connect(const struct policy_section *section, enum policy_protocols protocol, bool ipv4,
		      struct cells *cells, struct image_table *table)
{
	size_t rules = section->deny.count + section->allow.count;
	struct sweep *s = calloc(1, sizeof(*s));
	int r = -ENOMEM;

	if (!s)
		return r;
	*s = (struct sweep){.section = section, .cells = cells, .ipv4 = ipv4};
	s->edge = calloc(4 * rules + 1, sizeof(*s->edge));
	s->active = calloc(rules + 1, sizeof(*s->active));
	s->begin = calloc(4 * rules + 1, sizeof(*s->begin));
	s->leads = calloc(4 * rules + 1, sizeof(*s->leads));
	if (s->edge && s->active && s->begin && s->leads) {
		s->edge[s->edges++] = (struct edge){0, EDGE_CUT, true};
		for (size_t i = 0; i < rules; i++) {
			const struct policy_peer *peer = &rule_at(section, i)->peer;

			if (peer->protocols & protocol && peer->ipv4 == ipv4)
				add_edges(s, i, number_of(peer->first), number_of(peer->last));
		}
		qsort(s->edge, s->edges, sizeof(*s->edge), compare_edges);
		r = sweep_edges(s);
	}
	if (!r)
		r = ipv4 ? append_ipv4(s, table) : append_ipv6(s, table);
	free(s->edge);
	free(s->active);
	free(s->span);
	free(s->begin);
	free(s->leads);
	free(s->known);
	free(s);
	return r;
}
