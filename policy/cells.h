/* SPDX-License-Identifier: BSD-2-Clause */
/* An image under construction. */
#ifndef MANTLET_POLICY_CELLS_H
#define MANTLET_POLICY_CELLS_H

#include <stddef.h>

#include "image.h"

struct cells {
	struct image_cell *cell;
	size_t count;
};

/* Appends count cells, zero; the index of the first is *first. -E2BIG: longer than POLICY_IMAGE_MAX; -ENOMEM. */
int cells_append(struct cells *cells, size_t count, __u32 *first);

#endif
