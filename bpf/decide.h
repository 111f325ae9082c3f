/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From a request to a verdict: the walks of gather.h fed to the automaton of policy/verdict.h. */
#ifndef MANTLET_BPF_DECIDE_H
#define MANTLET_BPF_DECIDE_H

#include "gather.h"
#include "policy/verdict.h"

struct decision {
	struct verdict verdict;
	__u32 generation;
	enum event_why why;
};

/* ctx of decide_step(). */
struct decide_walk {
	struct path_walk path;
	struct verdict_walk verdict;
	image_ref image;
};

static long decide_step(__u32 i, void *ctx)
{
	struct decide_walk *walk = ctx;
	struct verdict_walk verdict = walk->verdict; /* in registers while in the loop */
	char name[EVENT_NAME];
	int len = path_step(&walk->path, name);

	if (walk->path.end)
		return 1;
	if (!len)
		return 0;
	verdict_exec_name(walk->image, &verdict, name, len);
	walk->verdict = verdict;
	return 0;
}

static __always_inline enum event_why decide_why(enum path_end end)
{
	switch (end) {
	case PATH_WHOLE:
		return EVENT_RESOLVED;
	case PATH_OUTSIDE:
		return EVENT_OUTSIDE;
	default:
		return EVENT_DEEP;
	}
}

/* Feeds the whole path to the automaton, or says why there is none. */
static __always_inline enum event_why decide_path(struct decide_walk *walk, const struct path *path,
						  const struct domain *domain)
{
	if (path_deleted(path))
		return EVENT_DELETED;
	path_begin(&walk->path, path, domain);
	path_walk_each(decide_step, walk);
	return decide_why(walk->path.end);
}

static __always_inline void decide_exec(const struct domain *domain, const struct path *path, struct decision *d)
{
	struct decide_walk walk = {.image = bpf_map_lookup_elem(&policies, &domain->slot)};
	const struct image_cell *flags;

	if (!walk.image) {
		d->why = EVENT_NO_POLICY;
		d->verdict.rule = VERDICT_UNRESOLVED(RULE_EXEC);
		d->verdict.denied = d->verdict.enforced = 1;
		return;
	}
	if (verdict_exec_begin(walk.image, &walk.verdict))
		d->why = decide_path(&walk, path, domain);
	d->verdict = d->why ? verdict_of(walk.image, VERDICT_UNRESOLVED(RULE_EXEC)) :
			      verdict_exec_end(walk.image, &walk.verdict);
	flags = image_cell(walk.image, IMAGE_FLAGS);
	d->generation = flags ? flags->w[IMAGE_GENERATION] : 0;
}

#endif
