/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Supplementary groups: each that was not in the old set is judged. Part of identity.h. */
#ifndef MANTLET_BPF_GROUPS_H
#define MANTLET_BPF_GROUPS_H

#include "identity.h"

#define GROUPS_STEPS (2 * 65536 + 1) /* NGROUPS_MAX of each set */

/* Both sets ascend: groups_sort(), which the kernel's own search leans on. What changes from step to step begins as a 0
 * that the verifier has not seen, and stands in the second half of eight bytes: decide.h says why. */
struct groups_walk {
	struct identity identity;
	const struct group_info *new, *old;
	__u32 new_count, new_at;
	__u32 old_count, old_at;
};

_Static_assert(__builtin_offsetof(struct groups_walk, new_at) % 8 == 4 &&
		       __builtin_offsetof(struct groups_walk, old_at) % 8 == 4,
	       "see above");

static __always_inline __u32 group_at(const struct group_info *groups, __u32 at)
{
	__u32 gid = ~0u;

	bpf_probe_read_kernel(&gid, sizeof(gid),
			      (const char *)groups + bpf_core_field_offset(struct group_info, gid) +
				      at * sizeof(gid));
	return gid;
}

/* One step along either set. */
static long groups_step(__u32 i, void *ctx)
{
	struct groups_walk *walk = ctx;
	__u32 new, old = ~0u;

	if (walk->new_at >= walk->new_count)
		return 1;
	new = group_at(walk->new, walk->new_at);
	if (walk->old_at < walk->old_count)
		old = group_at(walk->old, walk->old_at);
	if (walk->old_at < walk->old_count && old < new) {
		walk->old_at++;
		return 0;
	}
	walk->new_at++;
	if (walk->old_at < walk->old_count && old == new)
		return 0;
	return identity_ask(&walk->identity, EVENT_GROUP, 0, new);
}

static __attribute__((noinline)) int identity_groups(const struct domain *domain, const struct cred *new,
						     const struct cred *old)
{
	const struct group_info *after = new->group_info, *before = old->group_info;
	struct groups_walk walk = {
		.identity.domain = domain, .identity.table = IMAGE_GID, .new = after, .old = before};

	walk.new_count = BPF_CORE_READ(after, ngroups);
	walk.old_count = BPF_CORE_READ(before, ngroups);
	walk.new_at = walk.old_at = domain->zero;
	walk.identity.decision.verdict.rule = domain->zero;
	bpf_loop(GROUPS_STEPS, groups_step, &walk, 0);
	return identity_end(&walk.identity, 0);
}

#endif
