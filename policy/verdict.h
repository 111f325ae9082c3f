/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The decision. These functions are the only place that answers "may it?", in the kernel (BPF) and in
 * userspace alike. They are pure: they read a policy image and their arguments, and call nothing.
 *
 * A path is handed over backwards, component by component, from the file to the container's root:
 *
 *   verdict_exec_begin(image, &walk);
 *   verdict_exec_name(image, &walk, "ls", 2);
 *   verdict_exec_name(image, &walk, "bin", 3);
 *   verdict_exec_name(image, &walk, "usr", 3);
 *   v = verdict_exec_end(image, &walk);        // on /usr/bin/ls
 *
 * verdict_exec() does that for a whole path in memory. An image that was not checked by policy_image_check()
 * can give a wrong verdict, but never a read outside it: a look-up that fails denies.
 */
#ifndef MANTLET_POLICY_VERDICT_H
#define MANTLET_POLICY_VERDICT_H

#include "image.h"

#ifdef __bpf__
/* An image is the inner array map that holds its cells. */
typedef void *image_ref;

static __always_inline const struct image_cell *image_cell(image_ref image, __u32 index)
{
	return bpf_map_lookup_elem(image, &index);
}
#else
#include <stddef.h>
#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif
/* An image is its first cell; it is as long as its header says. */
typedef const struct image_cell *image_ref;

static __always_inline const struct image_cell *image_cell(image_ref image, __u32 index)
{
	return index < ((const struct image_header *)image)->cells ? image + index : NULL;
}
#endif

#define VERDICT_UNRESOLVED(section) (RULE_DENY | RULE(section, RULE_UNRESOLVED, 0))

struct verdict {
	__u32 rule;     /* the deciding rule's number; RULE_DENY in it says which way */
	_Bool denied;   /* the policy says no */
	_Bool enforced; /* and means it: the operation is to be refused */
};

struct verdict_walk {
	__u32 base, fallback, rule;
};

static __always_inline struct verdict verdict_of(image_ref image, __u32 rule)
{
	const struct image_cell *flags = image_cell(image, IMAGE_FLAGS);
	struct verdict v = {
		.rule = rule,
		.denied = rule >> 31,
		.enforced = rule >> 31 && (!flags || flags->w[0] & IMAGE_ENFORCE),
	};
	return v;
}

static __always_inline void verdict_walk_enter(struct verdict_walk *walk, const struct image_cell *cell)
{
	const struct image_state *state = (const struct image_state *)cell;

	/* a torn or foreign image ends in a state that denies and that no byte leaves */
	walk->base = state ? state->base : IMAGE_NO_BASE;
	walk->fallback = state ? state->fallback : IMAGE_NO_BASE;
	walk->rule = state ? state->rule : VERDICT_UNRESOLVED(RULE_EXEC);
}

/* Does the policy restrict exec at all? If not, no path need be walked. */
static __always_inline _Bool verdict_exec_begin(image_ref image, struct verdict_walk *walk)
{
	verdict_walk_enter(walk, image_cell(image, IMAGE_EXEC));
	return walk->rule != RULE_NONE;
}

static __always_inline __u32 verdict_fallback(__u32 fallback, unsigned char byte)
{
	return fallback & IMAGE_ONE_CELL ? fallback & ~IMAGE_ONE_CELL : fallback + byte;
}

static __always_inline void verdict_exec_byte(image_ref image, struct verdict_walk *walk, unsigned char byte)
{
	const struct image_cell *cell = image_cell(image, walk->base + byte);

	if (!cell || ((const struct image_state *)cell)->owner != walk->base)
		cell = image_cell(image, verdict_fallback(walk->fallback, byte));
	verdict_walk_enter(walk, cell);
}

/* One component, last byte first, and the '/' in front of it. len is at most 255 (NAME_MAX). */
static __always_inline void verdict_exec_name(image_ref image, struct verdict_walk *walk, const char *name,
					      unsigned int len)
{
	for (unsigned int i = 0; i < 255 && i < len; i++)
		verdict_exec_byte(image, walk, name[(len - 1 - i) & 255]);
	verdict_exec_byte(image, walk, '/');
}

static __always_inline struct verdict verdict_exec_end(image_ref image, const struct verdict_walk *walk)
{
	return verdict_of(image, walk->rule);
}

#ifndef __bpf__
static inline struct verdict verdict_exec(image_ref image, const char *path, size_t len)
{
	struct verdict_walk walk;

	if (verdict_exec_begin(image, &walk))
		while (len--)
			verdict_exec_byte(image, &walk, path[len]);
	return verdict_exec_end(image, &walk);
}
#endif

#endif
