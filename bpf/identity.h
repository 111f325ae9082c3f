/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which identities a domain takes: from the credentials that a call is about to set, to a verdict and its event.
 *
 * Asked about are the ids that differ from what the task has; a call that changes nothing is not judged. A call that
 * is refused makes one event, of the first id that is refused. Ids are those that the container sees. A task that has
 * made a user namespace of its own has other numbers, but the same ids behind them.
 */
#ifndef MANTLET_BPF_IDENTITY_H
#define MANTLET_BPF_IDENTITY_H

#include "report.h"

#define ID_EXTENTS 5 /* of a map of ids that the kernel keeps in place (UID_GID_MAP_MAX_BASE_EXTENTS) */

enum identity_ids { ID_REAL, ID_EFFECTIVE, ID_SAVED, ID_FS, IDS };

struct identity {
	struct image_view image;
	__u32 table;              /* IMAGE_UID or IMAGE_GID */
	struct decision decision; /* on report.identity */
	struct report report;     /* domain is filled in; path, for an exec */
};

/*
 * An id as the user namespace numbers it, with ID_FOUND; 0: it has no number there. A map with more extents has them
 * elsewhere; those ids are not found. Not static: the verifier goes through it once, and not once for each of its
 * results in each place.
 */
#define ID_FOUND (1ull << 32)

__attribute__((noinline)) __u64 id_seen(__u64 user_ns, __u32 table, __u32 id)
{
	struct user_namespace *ns = (void *)user_ns;
	const struct uid_gid_map *map = table == IMAGE_UID ? &ns->uid_map : &ns->gid_map;
	struct uid_gid_extent extent[ID_EXTENTS];
	__u32 extents;

	if (!ns) /* the first one: its numbers are the ids */
		return ID_FOUND | id;
	extents = BPF_CORE_READ(map, nr_extents);
	if (extents > ID_EXTENTS || bpf_core_read(extent, sizeof(extent), &map->extent))
		return 0;
	for (__u32 i = 0; i < ID_EXTENTS && i < extents; i++)
		if (id - extent[i].lower_first < extent[i].count)
			return ID_FOUND | (id - extent[i].lower_first + extent[i].first);
	return 0;
}

/* Begins with a table; false: nothing is to be asked. */
static __always_inline _Bool identity_begin(struct identity *identity, __u32 table)
{
	identity->table = table;
	if (!decide_image(identity->report.domain, table == IMAGE_UID ? RULE_UID : RULE_GID, &identity->image,
			  &identity->decision))
		return 0;
	return ((const struct image_table *)image_head(&identity->image, table))->count;
}

static __always_inline __u64 id_translate(const struct identity *identity, __u32 id)
{
	__u64 ns = identity->report.domain->user_ns;

	return ns ? id_seen(ns, identity->table, id) : ID_FOUND | id;
}

static __always_inline void identity_asked(struct identity *identity, __u32 kind, __u32 from, __u32 to)
{
	identity->report.identity.kind = kind;
	identity->report.identity.from = from;
	identity->report.identity.to = to;
}

/* The verdict on one id. The first that is refused stays; true: that was it. */
static __always_inline _Bool identity_ask(struct identity *identity, __u32 kind, __u32 from, __u32 to)
{
	__u64 seen = id_translate(identity, to);
	__u32 rule = VERDICT_UNRESOLVED(identity->table == IMAGE_UID ? RULE_UID : RULE_GID);
	struct verdict verdict;

	if (seen)
		rule = verdict_id_number(&identity->image, identity->table, seen, 0);
	verdict = verdict_by(identity->decision.flags, rule);
	if (identity->decision.verdict.rule && !verdict.denied)
		return 0;
	identity->decision.verdict = verdict;
	identity->decision.end = seen ? PATH_WHOLE : PATH_NO_ID;
	identity_asked(identity, kind, from, seen);
	return verdict.denied;
}

static __always_inline int identity_end(struct identity *identity)
{
	int refused = -EPERM;
	struct report *report = &identity->report;

	report->decision = &identity->decision;
	report->kind = EVENT_IDENTITY;
	if (!identity->decision.verdict.reported)
		return 0;
	if (report->identity.kind != EVENT_GROUP) /* which comes from nothing */
		report->identity.from = id_translate(identity, report->identity.from);
	report_send(report);
	barrier_var(
		refused); /* -1 is else made of the flag, in a way that the verifier does not see through (6.12) */
	return identity->decision.verdict.enforced ? refused : 0;
}

/* Real, effective, saved, file system's: each that changes, and one that is equal to the one before it once. */
static __always_inline void identity_four(struct identity *identity, __u32 kind, const __u32 *from, const __u32 *to)
{
	for (int i = 0; i < IDS; i++) {
		if (from[i] == to[i] || (i && to[i - 1] != from[i - 1] && to[i] == to[i - 1]))
			continue;
		if (identity_ask(identity, kind, from[i], to[i]))
			break;
	}
}

static __attribute__((noinline)) int identity_judge_all(const struct domain *domain, __u32 table, const __u32 *from,
							const __u32 *to)
{
	struct identity identity = {.report.domain = domain};

	if (identity_begin(&identity, table))
		identity_four(&identity, table == IMAGE_UID ? EVENT_UID : EVENT_GID, from, to);
	return identity_end(&identity);
}

/* Is it what is mostly asked, and mostly allowed: one new id, of which nothing is to be told? */
static __always_inline _Bool identity_silent(const struct domain *domain, __u32 table, const __u32 *from,
					     const __u32 *to)
{
	struct image_view image;
	__u32 id;

	if (from[0] != to[0])
		id = to[0];
	else if (from[1] != to[1])
		id = to[1];
	else if (from[2] != to[2])
		id = to[2];
	else if (from[3] != to[3])
		id = to[3];
	else
		return 1;
	if ((from[1] != to[1] && to[1] != id) || (from[2] != to[2] && to[2] != id) ||
	    (from[3] != to[3] && to[3] != id) || domain->user_ns || !domain_image(domain, &image))
		return 0;
	return verdict_silent(verdict_flags(&image), verdict_id_number(&image, table, id, 1));
}

static __always_inline int identity_judge(const struct domain *domain, __u32 table, const __u32 *from,
					  const __u32 *to)
{
	return identity_silent(domain, table, from, to) ? 0 : identity_judge_all(domain, table, from, to);
}

static __always_inline void uids_gather(__u32 *id, const struct cred *cred)
{
	id[ID_REAL] = cred->uid.val;
	id[ID_EFFECTIVE] = cred->euid.val;
	id[ID_SAVED] = cred->suid.val;
	id[ID_FS] = cred->fsuid.val;
}

static __always_inline void gids_gather(__u32 *id, const struct cred *cred)
{
	id[ID_REAL] = cred->gid.val;
	id[ID_EFFECTIVE] = cred->egid.val;
	id[ID_SAVED] = cred->sgid.val;
	id[ID_FS] = cred->fsgid.val;
}

static __always_inline int identity_uids(const struct domain *domain, const struct cred *new, const struct cred *old)
{
	__u32 from[IDS], to[IDS];

	uids_gather(from, old);
	uids_gather(to, new);
	return identity_judge(domain, IMAGE_UID, from, to);
}

static __always_inline int identity_gids(const struct domain *domain, const struct cred *new, const struct cred *old)
{
	__u32 from[IDS], to[IDS];

	gids_gather(from, old);
	gids_gather(to, new);
	return identity_judge(domain, IMAGE_GID, from, to);
}

#include "groups.h"
#include "setid.h"

#endif
