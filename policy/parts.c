/* SPDX-License-Identifier: BSD-2-Clause */
#include "parts.h"

#include <errno.h>
#include <string.h>

#define INDEX_FROM 16     /* intervals, for which an index pays */
#define INDEX_PARTS 65536 /* at most */

/* About as many parts as intervals, so that hardly a search is left where they are spread evenly. */
size_t parts_count(size_t intervals)
{
	size_t parts = INDEX_FROM;

	if (intervals < INDEX_FROM)
		return 0;
	while (parts < intervals && parts < INDEX_PARTS)
		parts *= 2;
	return parts;
}

int parts_append(const struct intervals *intervals, struct cells *cells, struct image_table *table)
{
	const struct image_interval *interval = intervals->interval;
	__u32 parts = parts_count(intervals->count), shift = 0, first;
	size_t at = 0;
	int r;

	if (!parts)
		return 0;
	while (interval[intervals->count - 1].begin >> shift >= parts)
		shift++;
	r = cells_append(cells, parts, &first);
	if (r < 0)
		return r;
	for (__u64 p = 0; p < parts; p++) {
		struct image_part part;

		while (at + 1 < intervals->count && interval[at + 1].begin <= p << shift)
			at++;
		part.first = at;
		while (at + 1 < intervals->count && (p + 1 == parts || interval[at + 1].begin < (p + 1) << shift))
			at++;
		part = (struct image_part){table->first + part.first, at + 1 - part.first, {0}};
		memcpy(cells->cell + first + p, &part, sizeof(part));
	}
	table->index = first;
	table->parts = (parts - 1) << IMAGE_PARTS | shift;
	return 0;
}
