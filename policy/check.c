/* SPDX-License-Identifier: BSD-2-Clause */
/* Is a block of memory a policy image that can be read without ever leaving it? */
#include <errno.h>

#include "checksum.h"
#include "policy.h"

struct checked {
	const struct image_cell *cell;
	__u32 cells;
	__u32 states; /* where the tables end */
};

/* Every step from this state stays inside. A base in the tables would read their cells as states. */
static bool state_is_sound(const struct checked *c, const struct image_state *state)
{
	__u32 one = state->fallback & ~IMAGE_ONE_CELL;

	if (state->base != IMAGE_NO_BASE && (state->base < c->states || state->base > c->cells - IMAGE_ROW))
		return false;
	return state->fallback & IMAGE_ONE_CELL
		       ? one >= c->states && one < c->cells
		       : state->fallback >= c->states && state->fallback <= c->cells - IMAGE_ROW;
}

static bool cells_inside(const struct checked *c, __u32 first, __u32 count)
{
	return first >= IMAGE_HEAD && first <= c->states && count <= c->states - first;
}

/* Of ports or ids, or of addresses with the tables of ports that they lead to. */
static bool intervals_are_sound(const struct checked *c, __u32 first, __u32 count, bool lead)
{
	const struct image_interval *interval = (const void *)(c->cell + first);

	if (!count || !cells_inside(c, first, count) || interval[0].begin)
		return false;
	for (__u32 i = 0; i < count; i++) {
		if (i && interval[i].begin <= interval[i - 1].begin)
			return false;
		if (lead && interval[i].ports_count &&
		    !intervals_are_sound(c, interval[i].ports_first, interval[i].ports_count, false))
			return false;
	}
	return true;
}

static bool addresses_are_sound(const struct checked *c, const struct image_table *table)
{
	const struct image_address *address = (const void *)(c->cell + table->first);
	const struct image_interval *leads = (const void *)(c->cell + table->first + table->count);

	if (table->count > c->cells || !cells_inside(c, table->first, 2 * table->count) || address[0].high ||
	    address[0].low)
		return false;
	for (__u32 i = 0; i < table->count; i++) {
		if (i && (address[i].high < address[i - 1].high ||
			  (address[i].high == address[i - 1].high && address[i].low <= address[i - 1].low)))
			return false;
		if (leads[i].ports_count &&
		    !intervals_are_sound(c, leads[i].ports_first, leads[i].ports_count, false))
			return false;
	}
	return true;
}

static bool index_is_sound(const struct checked *c, const struct image_table *table)
{
	const struct image_part *part = (const void *)(c->cell + table->index);
	__u32 parts = (table->parts >> IMAGE_PARTS) + 1;

	if (!table->index)
		return true;
	if (!cells_inside(c, table->index, parts) || (table->parts & 127) > 31)
		return false;
	for (__u32 i = 0; i < parts; i++)
		if (part[i].first < table->first || !part[i].count || part[i].count > table->count ||
		    part[i].first - table->first > table->count - part[i].count)
			return false;
	return true;
}

/* Is a table that is said to be in one page there? Its index is behind it. */
static bool nearness_is_true(const struct image_table *table)
{
	__u32 last = table->index ? table->index + (table->parts >> IMAGE_PARTS) : table->first + table->count - 1;

	return !(table->parts & IMAGE_NEAR) || table->first / IMAGE_PAGE == last / IMAGE_PAGE;
}

static bool table_is_sound(const struct checked *c, enum image_layout place)
{
	const struct image_table *table = (const void *)(c->cell + place);

	if (!table->count)
		return !table->parts;
	if (!index_is_sound(c, table) || !nearness_is_true(table))
		return false;
	if (place == IMAGE_TCP6 || place == IMAGE_UDP6)
		return addresses_are_sound(c, table);
	return intervals_are_sound(c, table->first, table->count, place == IMAGE_TCP || place == IMAGE_UDP);
}

static bool table_is_there(const struct checked *c, enum image_layout place)
{
	return ((const struct image_table *)(c->cell + place))->count;
}

/* Where IPv4 addresses are restricted, so are IPv6's: only the former's table is asked whether any is. */
static bool tables_are_whole(const struct checked *c)
{
	return table_is_there(c, IMAGE_TCP) == table_is_there(c, IMAGE_TCP6) &&
	       table_is_there(c, IMAGE_UDP) == table_is_there(c, IMAGE_UDP6);
}

int policy_image_check(const void *image, size_t size)
{
	const struct image_header *header = image;
	const struct image_state *state = image;
	struct checked c = {image, 0, 0};

	if (size < (IMAGE_HEAD + IMAGE_ROW) * sizeof(struct image_cell) || size > POLICY_IMAGE_MAX ||
	    size % sizeof(struct image_cell))
		return -EINVAL;
	if (header->magic != IMAGE_MAGIC || header->version != IMAGE_VERSION ||
	    header->cells != size / sizeof(struct image_cell))
		return -EINVAL;
	c.cells = header->cells;
	c.states = header->states;
	if (c.states < IMAGE_HEAD || c.states > c.cells - IMAGE_ROW || header->checksum != image_checksum(header))
		return -EBADMSG;
	if (!state_is_sound(&c, &state[IMAGE_EXEC]) || !state_is_sound(&c, &state[IMAGE_MOUNTS]))
		return -EBADMSG;
	/* a free cell is never entered: no state has base 0 */
	for (__u32 i = c.states; i < c.cells; i++)
		if (state[i].owner && !state_is_sound(&c, &state[i]))
			return -EBADMSG;
	for (__u32 place = IMAGE_TCP; place <= IMAGE_GID; place++)
		if (!table_is_sound(&c, place))
			return -EBADMSG;
	return tables_are_whole(&c) ? 0 : -EBADMSG;
}
