/* SPDX-License-Identifier: BSD-2-Clause */
/* The index of a table of many intervals: struct image_part. */
#ifndef MANTLET_POLICY_PARTS_H
#define MANTLET_POLICY_PARTS_H

#include "intervals.h"

/* How many parts the index of a table with as many intervals has; 0: it has none. */
size_t parts_count(size_t intervals);

/* Appends the index of a table, which is filled in and has these intervals, if they are so many that it pays. -E2BIG,
 * -ENOMEM. */
int parts_append(const struct intervals *intervals, struct cells *cells, struct image_table *table);

#endif
