/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packs the automaton and the tree of literal paths into cells (image.h). Rows of very different density
 * share one array by row displacement: a state's own cells may lie in the gaps of another's, since each cell
 * names its owner. What remains to choose per state of the automaton is its fallback: a row of its own (256
 * cells) if the states that would use it have more cells to save than that, else one cell that every other
 * byte leads to.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "paths.h"
#include "policy.h"

#define NEVER_OWNER (~0u) /* owns fallback cells: no state has this base */
#define LOOP_ROWS_MAX 64  /* rows that only save time, 4 KiB each */
#define REACH 1024        /* a search that goes further gives up the gaps that it went over, for the next one */

/* A state of the image: first the automaton's, then the tree's nodes. */
struct packed {
	uint32_t base, fallback, rule;
	uint32_t owned; /* cells */
};

struct packer {
	const struct paths *paths;
	const struct automaton *automaton;
	struct packed *state;
	size_t states;
	uint32_t *row;  /* by state of the automaton: first cell of its row of 256, or 0 */
	uint32_t *rest; /* by state of the automaton: the cell that leads to it as a fallback, or 0 */

	struct image_state *cell;
	unsigned char *used;       /* by cell: it is taken */
	unsigned char *base_used;  /* by cell index: it is some state's base */
	size_t begin, cells, room; /* begin: cells before it are not ours */
	size_t cursor;             /* where the search for free cells begins */
};

static uint32_t node_id(const struct packer *p, uint32_t node)
{
	return p->automaton->states + node;
}

/* Room for cells below limit. */
static int reserve(struct packer *p, size_t limit)
{
	size_t room = p->room ? p->room : 4096;

	if (limit > POLICY_IMAGE_MAX / sizeof(*p->cell))
		return -E2BIG;
	while (room < limit)
		room *= 2;
	if (room == p->room)
		return 0;
	p->cell = reallocarray(p->cell, room, sizeof(*p->cell));
	p->used = realloc(p->used, room);
	p->base_used = realloc(p->base_used, room);
	if (!p->cell || !p->used || !p->base_used)
		return -ENOMEM;
	memset(p->cell + p->room, 0, (room - p->room) * sizeof(*p->cell));
	memset(p->used + p->room, 0, room - p->room);
	memset(p->base_used + p->room, 0, room - p->room);
	p->room = room;
	return 0;
}

struct own {
	uint32_t target[256];
	unsigned char byte[256];
};

/* The bytes for which a state has cells of its own, and where they lead; returns their number. */
static unsigned int own_cells(const struct packer *p, uint32_t id, struct own *own)
{
	const struct path_node *node = id < p->automaton->states ? NULL : &p->paths->node[id - p->automaton->states];
	uint32_t base_state = node ? node->state : id;
	const struct automaton_state *s = &p->automaton->state[base_state];
	uint32_t child = node ? node->child : 0, edge = s->first;
	/* with a row to fall back on, the automaton's edges are found there */
	uint32_t edges_end = p->row[base_state] ? edge : s->first + s->count;
	unsigned int n = 0;

	while (child || edge < edges_end) {
		int child_byte = child ? p->paths->node[child].byte : IMAGE_ROW;
		int edge_byte = edge < edges_end ? p->automaton->edge[edge].byte : IMAGE_ROW;

		own->byte[n] = child_byte <= edge_byte ? child_byte : edge_byte;
		own->target[n] = child_byte <= edge_byte ? node_id(p, child) : p->automaton->edge[edge].target;
		edge += edge_byte == own->byte[n];
		child = child_byte == own->byte[n] ? p->paths->node[child].sibling : child;
		n++;
	}
	return n;
}

static bool row_fits(const struct packer *p, size_t base, const struct own *own, unsigned int count)
{
	if (p->base_used[base])
		return false;
	for (unsigned int i = 0; i < count; i++)
		if (p->used[base + own->byte[i]])
			return false;
	return true;
}

/* Finds a base at which count cells fit, and takes them. The bases that cannot serve are those of
 * cells that are not ours (a word there must not look like an owner), and those that another state has.
 * Behind all cells that are taken there is always one. */
static int take_row(struct packer *p, const struct own *own, unsigned int count, uint32_t *base)
{
	size_t at = p->cursor;
	int r = reserve(p, p->cells + 2 * (size_t)IMAGE_ROW);

	if (r < 0)
		return r;
	for (;; at++) {
		at = (const unsigned char *)memchr(p->used + at, 0, p->room - at) - p->used;
		if (at >= p->begin + (size_t)own->byte[0] && row_fits(p, at - own->byte[0], own, count))
			break;
	}
	if (at - p->cursor > REACH)
		p->cursor = at;
	*base = at - own->byte[0];
	p->base_used[*base] = 1;
	for (unsigned int i = 0; i < count; i++)
		p->used[*base + own->byte[i]] = 1;
	if (*base + (size_t)IMAGE_ROW > p->cells)
		p->cells = *base + (size_t)IMAGE_ROW;
	while (p->cursor < p->cells && p->used[p->cursor])
		p->cursor++;
	return 0;
}

static int place_row(struct packer *p, uint32_t state)
{
	struct own own;

	for (unsigned int i = 0; i < IMAGE_ROW; i++)
		own.byte[i] = i;
	return take_row(p, &own, IMAGE_ROW, &p->row[state]);
}

/* Which states of the automaton get a row: those that would else cost more cells than it has. */
static int place_rows(struct packer *p)
{
	uint32_t *users = calloc(p->automaton->states, sizeof(*users));
	size_t loop_rows = 0;
	int r = 0;

	if (!users)
		return -ENOMEM;
	for (uint32_t n = 0; n < p->paths->nodes; n++)
		users[p->paths->node[n].state]++;
	for (uint32_t s = 0; s < p->automaton->states && !r; s++) {
		const struct automaton_state *state = &p->automaton->state[s];
		uint64_t saved = (1 + (uint64_t)users[s]) * state->count;
		/* where most bytes lead back to is where most of a path is spent: a row makes a step one look-up */
		bool loops = state->rest == s && (!state->count || loop_rows < LOOP_ROWS_MAX);

		loop_rows += loops;
		if (saved >= IMAGE_ROW || loops)
			r = place_row(p, s);
	}
	free(users);
	return r;
}

/* The cell that all other bytes lead to, one for each state that is led to. */
static int place_rest(struct packer *p, uint32_t target)
{
	struct own own = {.byte = {0}};
	int r;

	if (p->rest[target])
		return 0;
	r = take_row(p, &own, 1, &p->rest[target]);
	return r;
}

static int place_state(struct packer *p, uint32_t id)
{
	uint32_t base_state = id < p->automaton->states ? id : p->paths->node[id - p->automaton->states].state;
	struct packed *state = &p->state[id];
	struct own own;
	unsigned int count = own_cells(p, id, &own);
	int r;

	if (p->row[base_state]) {
		state->fallback = p->row[base_state];
	} else {
		r = place_rest(p, p->automaton->state[base_state].rest);
		if (r < 0)
			return r;
		state->fallback = IMAGE_ONE_CELL | p->rest[p->automaton->state[base_state].rest];
	}
	if (count)
		return take_row(p, &own, count, &state->base);
	/* nothing of its own: a row is then entered directly; a single cell through a base that owns nothing
	 */
	state->base = p->row[base_state] ? p->row[base_state] : IMAGE_NO_BASE;
	return 0;
}

/* States with many cells first: single ones fill the gaps. */
static int place_states(struct packer *p)
{
	static const uint32_t bounds[] = {257, 16, 4, 2, 1, 0};
	struct own own;
	int r = 0;

	for (uint32_t id = 0; id < p->states; id++)
		p->state[id].owned = own_cells(p, id, &own);
	for (size_t pass = 0; pass + 1 < sizeof(bounds) / sizeof(*bounds); pass++) {
		p->cursor = p->begin;
		for (uint32_t id = 0; id < p->states && !r; id++)
			if (p->state[id].owned < bounds[pass] && p->state[id].owned >= bounds[pass + 1])
				r = place_state(p, id);
	}
	return r;
}

static struct image_state cell_to(const struct packer *p, uint32_t owner, uint32_t target)
{
	return (struct image_state){owner, p->state[target].base, p->state[target].fallback, p->state[target].rule};
}

static void fill_cells(struct packer *p)
{
	struct own own;

	for (uint32_t s = 0; s < p->automaton->states; s++) {
		if (p->rest[s])
			p->cell[p->rest[s]] = cell_to(p, NEVER_OWNER, s);
		for (unsigned int b = 0; p->row[s] && b < IMAGE_ROW; b++)
			p->cell[p->row[s] + b] = cell_to(p, p->row[s], automaton_next(p->automaton, s, b));
	}
	for (uint32_t id = 0; id < p->states; id++) {
		unsigned int count = own_cells(p, id, &own);

		for (unsigned int i = 0; i < count; i++)
			p->cell[p->state[id].base + own.byte[i]] = cell_to(p, p->state[id].base, own.target[i]);
	}
}

static void find_rules(struct packer *p, __u32 (*rule)(const struct match *, const void *), const void *context)
{
	for (uint32_t id = 0; id < p->states; id++) {
		const struct path_node *node =
			id < p->automaton->states ? NULL : &p->paths->node[id - p->automaton->states];
		struct match met = p->automaton->state[node ? node->state : id].match;

		if (node)
			match_merge(&met, &node->match);
		p->state[id].rule = rule(&met, context);
	}
}

/* The cells were packed behind what was there; what is free in them stays zero. */
static int take_cells(struct packer *p, struct cells *cells)
{
	__u32 first;
	int r = cells_append(cells, p->cells - p->begin, &first);

	if (!r)
		memcpy(cells->cell + first, p->cell + p->begin, (p->cells - p->begin) * sizeof(*p->cell));
	return r;
}

int paths_pack(const struct paths *paths, __u32 (*rule)(const struct match *met, const void *context),
	       const void *context, struct cells *cells, struct image_state *start)
{
	struct packer p = {.paths = paths, .automaton = &paths->automaton};
	int r = -ENOMEM;

	p.states = p.automaton->states + paths->nodes;
	p.state = calloc(p.states, sizeof(*p.state));
	p.row = calloc(p.automaton->states, sizeof(*p.row));
	p.rest = calloc(p.automaton->states, sizeof(*p.rest));
	p.begin = p.cursor = p.cells = cells->count;
	if (p.state && p.row && p.rest)
		r = reserve(&p, p.cells);
	if (!r)
		r = place_rows(&p);
	if (!r)
		r = place_states(&p);
	if (!r) {
		find_rules(&p, rule, context);
		fill_cells(&p);
		*start = cell_to(&p, 0, node_id(&p, 0));
		r = take_cells(&p, cells);
	}
	free(p.cell);
	free(p.used);
	free(p.base_used);
	free(p.state);
	free(p.row);
	free(p.rest);
	return r;
}
