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

#define CALL_SETFS 8 /* LSM_SETID_FS: setfsuid(), setfsgid() */
#define ID_EXTENTS 5 /* of a map of ids that the kernel keeps in place (UID_GID_MAP_MAX_BASE_EXTENTS) */

enum identity_ids { ID_REAL, ID_EFFECTIVE, ID_SAVED, ID_FS, IDS };

struct identity {
	const struct domain *domain;
	struct event_identity asked; /* what is decided about */
	struct decision decision;
	__u32 table; /* IMAGE_UID or IMAGE_GID */
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

static __always_inline __u64 id_translate(const struct identity *identity, __u32 id)
{
	__u64 ns = identity->domain->user_ns;

	return ns ? id_seen(ns, identity->table, id) : ID_FOUND | id;
}

static __always_inline void identity_decide(const struct identity *identity, __u32 id, struct decision *d)
{
	__u64 seen = id_translate(identity, id);
	__u32 section = identity->table == IMAGE_UID ? RULE_UID : RULE_GID;
	struct image_view image;

	if (seen)
		decide_id(identity->domain->policy, identity->table, seen, d);
	else if (decide_image(&identity->domain->policy, section, &image, d))
		d->verdict = verdict_by(d->flags, VERDICT_UNRESOLVED(section));
}

/* Asks about one id. What is decided about the first one that is refused stays; true: that was it. */
static __always_inline _Bool identity_ask(struct identity *identity, __u32 kind, __u32 from, __u32 to)
{
	struct decision d = {};

	identity_decide(identity, to, &d);
	if (identity->decision.verdict.rule && !d.verdict.denied)
		return 0;
	identity->decision = d;
	identity->asked.kind = kind;
	identity->asked.from = from;
	identity->asked.to = to;
	return d.verdict.denied;
}

/* Not inline: for its stack. path: the program's, of an exec; or NULL. */
static __attribute__((noinline)) int identity_report(struct identity *identity, const struct path *path)
{
	struct report report = {
		.domain = identity->domain, .decision = &identity->decision, .kind = EVENT_IDENTITY, .path = path};
	__u64 seen = id_translate(identity, identity->asked.to);

	if (!seen)
		identity->decision.end = PATH_NO_ID;
	report.identity = identity->asked;
	report.identity.to = seen;
	if (identity->asked.kind != EVENT_GROUP) /* which comes from nothing */
		report.identity.from = id_translate(identity, identity->asked.from);
	return report_send(&report);
}

static __always_inline int identity_end(struct identity *identity, const struct path *path)
{
	int refused = -EPERM;

	if (!identity->decision.verdict.reported)
		return 0;
	identity_report(identity, path);
	barrier_var(refused); /* -1 is else made of the flag, in a way that 6.12 does not see through */
	return identity->decision.verdict.enforced ? refused : 0;
}

static __always_inline __u32 id_of(const struct cred *cred, __u32 table, enum identity_ids which)
{
	_Bool uid = table == IMAGE_UID;

	switch (which) {
	case ID_REAL:
		return uid ? cred->uid.val : cred->gid.val;
	case ID_EFFECTIVE:
		return uid ? cred->euid.val : cred->egid.val;
	case ID_SAVED:
		return uid ? cred->suid.val : cred->sgid.val;
	default:
		return uid ? cred->fsuid.val : cred->fsgid.val;
	}
}

static __always_inline void ids_gather(__u32 *id, const struct cred *cred, __u32 table)
{
#pragma unroll
	for (int i = 0; i < IDS; i++)
		id[i] = id_of(cred, table, i);
}

/* Real, effective, saved, file system's: each that changes, and one that is equal to the one before it once. */
static __always_inline int identity_each(const struct domain *domain, __u32 table, const struct cred *new,
					 const struct cred *old)
{
	struct identity identity = {.domain = domain, .table = table};
	__u32 from[IDS], to[IDS];

	ids_gather(from, old, table);
	ids_gather(to, new, table);
	for (int i = 0; i < IDS; i++) {
		_Bool again = i && to[i - 1] != from[i - 1] && to[i] == to[i - 1];

		if (from[i] != to[i] && !again &&
		    identity_ask(&identity, table == IMAGE_UID ? EVENT_UID : EVENT_GID, from[i], to[i]))
			break;
		loop_again(i);
	}
	return identity_end(&identity, 0);
}

/* Not inline, for their stack. */
static __attribute__((noinline)) int identity_uids(const struct domain *domain, const struct cred *new,
						   const struct cred *old)
{
	return identity_each(domain, IMAGE_UID, new, old);
}

static __attribute__((noinline)) int identity_gids(const struct domain *domain, const struct cred *new,
						   const struct cred *old)
{
	return identity_each(domain, IMAGE_GID, new, old);
}

/* Mostly one id is asked about, or one that is had already, and nothing is to be told of it: that is found out in a short
 * way. */
static __always_inline _Bool identity_silent(const struct domain *domain, __u32 table, const struct cred *new,
					     const struct cred *old, int call)
{
	__u32 to[ID_FS], id;
	struct image_view image;

	if (call == CALL_SETFS)
		return 0;
#pragma unroll
	for (int i = 0; i < ID_FS; i++)
		to[i] = id_of(new, table, i);
	/* in all other calls the file system's is the effective one */
	id = to[ID_EFFECTIVE] == id_of(old, table, ID_FS) ? to[ID_REAL] : to[ID_EFFECTIVE];
#pragma unroll
	for (int i = 0; i < ID_FS; i++)
		if (to[i] != id && to[i] != id_of(old, table, i))
			return 0;
	if (domain->user_ns || !domain_image(domain, &image))
		return 0;
	return verdict_id_silent(&image, table, id);
}

#include "groups.h"
#include "setid.h"

#endif
