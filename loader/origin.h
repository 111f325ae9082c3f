/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Was a program part of the image when the container started? From inside a container it is told by times that only the
 * kernel sets. What changes a file sets its change time; so what was changed before the container began is the image's.
 *
 * A root of overlayfs is a directory that was made for the container: all that was ever written to its upper layer, also
 * before a restart of it, came after. On another root, the container begins when we do.
 */
#ifndef MANTLET_ORIGIN_H
#define MANTLET_ORIGIN_H

#include "policy/verdict.h"
#include "task.h"

struct origin {
	int root;               /* the container's; the caller's */
	struct file_id root_id; /* as it was at the start */
	uint64_t began;         /* in ns: what has changed since, or at that instant, is not the image's */
};

int origin_open(int root, struct origin *origin);

/* Of the file that has this path from the container's root, without a link in it. `id` is as found there. */
struct verdict_origin origin_of(const struct origin *origin, image_ref image, const char *path,
				const struct file_id *id);

#endif
