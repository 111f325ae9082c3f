/* SPDX-License-Identifier: BSD-2-Clause */
/* The checksum of a policy image: written by compile.c, checked by check.c. */
#ifndef MANTLET_POLICY_CHECKSUM_H
#define MANTLET_POLICY_CHECKSUM_H

#include <zlib.h>

#include "image.h"

/* Of the whole image, as if the checksum itself were 0. */
static inline __u32 image_checksum(const struct image_header *header)
{
	struct image_header copy = *header;
	uLong crc;

	copy.checksum = 0;
	crc = crc32(crc32(0, NULL, 0), (const Bytef *)&copy, sizeof(copy));
	return crc32_z(crc, (const Bytef *)(header + 1), header->cells * sizeof(struct image_cell) - sizeof(copy));
}

#endif
