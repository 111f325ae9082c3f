/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What an exec gains by set-id bits and file capabilities. Part of identity.h. */
#ifndef MANTLET_BPF_SETID_H
#define MANTLET_BPF_SETID_H

#include "identity.h"

#define SECURE_NOROOT 1 /* root is no more than others */

static __always_inline __u64 capabilities(const struct cred *cred)
{
	__u64 permitted = 0;

	if (HAS_LOOP) /* both credentials are of a type that the verifier knows */
		return *(const volatile __u64 *)&cred->cap_permitted;
	bpf_core_read(&permitted, sizeof(permitted), &cred->cap_permitted);
	return permitted;
}

/* Root gets back, by being root, what he has laid down: that is no gain by a file. */
static __always_inline _Bool root_by_itself(const struct cred *cred)
{
	__u64 ns = (__u64)BPF_CORE_READ(cred, user_ns);

	if (!BPF_CORE_READ(cred, user_ns, level))
		ns = 0;
	return !(cred->securebits & SECURE_NOROOT) && (id_seen(ns, IMAGE_UID, cred->uid.val) == ID_FOUND ||
						       id_seen(ns, IMAGE_UID, cred->euid.val) == ID_FOUND);
}

static __always_inline _Bool gains_capabilities(const struct cred *new, const struct cred *old)
{
	return capabilities(new) & ~capabilities(old) && !root_by_itself(new);
}

static __attribute__((noinline)) int setid_judge(const struct domain *domain, const struct path *path, __u32 from,
						 __u32 to)
{
	struct identity identity = {.domain = domain, .table = IMAGE_UID};
	struct image_view image;

	if (decide_image(&domain->policy, RULE_IDENTITY, &image, &identity.decision))
		identity.decision.verdict = verdict_setid(&image);
	identity.asked = (struct event_identity){.kind = EVENT_SETID, .from = from, .to = to};
	return identity_end(&identity, path);
}

/* Of the ids only the effective ones are gained: the saved and the file system's follow them. */
static __attribute__((noinline)) int setid_ids(const struct domain *domain, const struct path *path, __u32 table,
					       __u32 from, __u32 to)
{
	struct identity identity = {.domain = domain, .table = table};

	identity_ask(&identity, table == IMAGE_UID ? EVENT_UID : EVENT_GID, from, to);
	return identity_end(&identity, path);
}

static __always_inline int identity_exec(const struct domain *domain, const struct cred *new, const struct path *path)
{
	const struct cred *old = task_read(task_current(), cred);
	__u32 from = task_read(old, euid.val), to = new->euid.val;
	__u32 from_gid = task_read(old, egid.val), to_gid = new->egid.val;
	int r = 0;

	if (from != to || from_gid != to_gid || gains_capabilities(new, old))
		r = setid_judge(domain, path, from, to);
	if (!r && from != to)
		r = setid_ids(domain, path, IMAGE_UID, from, to);
	if (!r && from_gid != to_gid)
		r = setid_ids(domain, path, IMAGE_GID, from_gid, to_gid);
	return r;
}

#endif
