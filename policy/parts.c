/* SPDX-License-Identifier: BSD-2-Clause */
#include "parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define INDEX_FROM 16     /* intervals, for which an index pays */
#define INDEX_PARTS 65536 /* at most */

int parts_begins(struct parts_begins *begins, size_t count)
{
	begins->number = calloc(count + 1, sizeof(*begins->number));
	begins->interval = calloc(count + 1, sizeof(*begins->interval));
	return begins->number && begins->interval ? 0 : -ENOMEM;
}

void parts_free(struct parts_begins *begins)
{
	free(begins->number);
	free(begins->interval);
}

/* About half as many parts as intervals, so that hardly a search is left where they are spread evenly. */
static void index_size(const struct parts_begins *begins, __u32 *parts, __u32 *shift)
{
	*parts = INDEX_FROM / 2;
	while (*parts < begins->count / 2 && *parts < INDEX_PARTS)
		*parts *= 2;
	for (*shift = 0; begins->number[begins->count - 1] >> *shift >= *parts; (*shift)++)
		;
}

int parts_append(const struct parts_begins *begins, struct cells *cells, struct image_table *table)
{
	__u32 parts, shift, first;
	size_t at = 0;
	int r;

	if (begins->count < INDEX_FROM)
		return 0;
	index_size(begins, &parts, &shift);
	r = cells_append(cells, parts, &first);
	if (r < 0)
		return r;
	for (__u64 p = 0; p < parts; p++) {
		struct image_part part;

		while (at + 1 < begins->count && begins->number[at + 1] <= p << shift)
			at++;
		part = (struct image_part){.low = begins->interval[at]};
		while (at + 1 < begins->count && (p + 1 == parts || begins->number[at + 1] < (p + 1) << shift))
			at++;
		part.high = begins->interval[at] + 1;
		memcpy(cells->cell + first + p, &part, sizeof(part));
	}
	table->index = first;
	table->parts = (parts - 1) << 8 | shift;
	return 0;
}
