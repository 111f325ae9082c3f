/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From a request to a verdict: the walks of gather.h fed to the automaton of policy/verdict.h. */
#ifndef MANTLET_BPF_DECIDE_H
#define MANTLET_BPF_DECIDE_H

#include "gather.h"
#include "policy/verdict.h"

struct decision {
	struct verdict verdict;
	__u32 generation;
	__u32 end; /* enum path_end */
};

/* The image of a domain, and its generation; NULL, and the verdict: there is none. */
static __always_inline image_ref decide_image(const struct domain *domain, __u32 section, struct decision *d)
{
	image_ref image = bpf_map_lookup_elem(&policies, &domain->policy);
	const struct image_cell *flags;

	if (!image) {
		d->end = PATH_NO_POLICY;
		d->verdict.rule = VERDICT_UNRESOLVED(section);
		d->verdict.denied = d->verdict.enforced = d->verdict.reported = 1;
		return 0;
	}
	flags = image_cell(image, IMAGE_FLAGS);
	d->generation = flags ? flags->w[IMAGE_GENERATION] : 0;
	d->end = PATH_WHOLE;
	return image;
}

/*
 * ctx of decide_step().
 *
 * Before 6.7 the verifier follows a callback of bpf_loop once, from the state in which the loop begins, and
 * removes what that state does not reach. So nothing that decide_step() branches on may begin as a constant:
 * `left` begins as a 0 that the verifier has not seen. And it stands where no register can be spilled whole, in
 * the second half of eight bytes, so that the verifier does not follow each value that it can have.
 */
struct decide_walk {
	struct path_walk path;
	struct verdict_walk verdict;
	__u32 left; /* bytes of name that the automaton has not read */
	image_ref image;
	char name[8 + EVENT_NAME]; /* a '/', and the component */
};

#define DECIDE_NAME 7 /* where the '/' stands: the component is aligned */

_Static_assert(__builtin_offsetof(struct decide_walk, left) % 8 == 4, "see above");

/* One byte, or, when a component is read, one step up. Not a loop in a loop: what the verifier has to follow
 * would be multiplied, and a kernel without bpf_loop would be left with a handful of components. */
static long decide_step(__u32 i, void *ctx)
{
	struct decide_walk *walk = ctx;
	const char *byte = walk->name + DECIDE_NAME;
	int len;

	if (walk->left) {
		walk->left--;
		/* in this order: the verifier forgets whose stack it is when a pointer is added to a number (6.18) */
		asm("%0 += %1" : "+r"(byte) : "r"((__u64)walk->left & 0xff));
		verdict_exec_byte(walk->image, &walk->verdict, *byte);
		return 0;
	}
	len = path_step(&walk->path, walk->name + DECIDE_NAME + 1);
	if (walk->path.end)
		return 1;
	if (len)
		walk->left = len + 1;
	return 0;
}

/* Feeds the whole path to the automaton, or tells why there is none. */
static __always_inline __u32 decide_path(struct decide_walk *walk, const struct path *path,
					 const struct domain *domain)
{
	if (path_deleted(path))
		return PATH_DELETED;
	path_begin(&walk->path, path, domain);
	path_walk_each(decide_step, walk, PATH_STEPS_PLAIN);
	return walk->path.end;
}

/* Not inline: its stack is given back before the report takes its own. */
static __attribute__((noinline)) int decide_exec(const struct domain *domain, const struct path *path,
						 struct decision *d)
{
	struct decide_walk walk = {.image = bpf_map_lookup_elem(&policies, &domain->policy), .left = domain->zero};
	const struct image_cell *flags;

	if (!walk.image) {
		d->end = PATH_NO_POLICY;
		d->verdict.rule = VERDICT_UNRESOLVED(RULE_EXEC);
		d->verdict.denied = d->verdict.enforced = d->verdict.reported = 1;
		return 0;
	}
	walk.name[DECIDE_NAME] = '/';
	d->end = PATH_WHOLE;
	if (verdict_exec_begin(walk.image, &walk.verdict))
		d->end = decide_path(&walk, path, domain);
	d->verdict = d->end == PATH_WHOLE ? verdict_exec_end(walk.image, &walk.verdict)
					  : verdict_of(walk.image, VERDICT_UNRESOLVED(RULE_EXEC));
	flags = image_cell(walk.image, IMAGE_FLAGS);
	d->generation = flags ? flags->w[IMAGE_GENERATION] : 0;
	return 0;
}

#endif
