/* SPDX-License-Identifier: BSD-2-Clause */
/* The index of a table of many intervals: struct image_part. */
#ifndef MANTLET_POLICY_PARTS_H
#define MANTLET_POLICY_PARTS_H

#include "cells.h"

/* Where the intervals of a table begin, as numbers of 32 bits; of addresses, those that IPv4 ones are in. */
struct parts_begins {
	__u64 *number; /* ascending, from 0 */
	__u32 *interval;
	size_t count;
};

/* Room for as many. -ENOMEM; parts_free() in any case. */
int parts_begins(struct parts_begins *begins, size_t count);
void parts_free(struct parts_begins *begins);

/* Appends the index of a table, if it has so many intervals that it pays. -E2BIG, -ENOMEM. */
int parts_append(const struct parts_begins *begins, struct cells *cells, struct image_table *table);

#endif
