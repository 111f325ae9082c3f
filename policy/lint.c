/* SPDX-License-Identifier: BSD-2-Clause */
#include "lint.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lint_walk.h"

#define STEPS_MAX 500000 /* of looking for overlaps: a second, at most */

static const char *const kind_names[] = {
	[LINT_SHADOWED] = "shadowed",   [LINT_UNREACHABLE] = "unreachable", [LINT_IMPOSSIBLE] = "impossible",
	[LINT_SWALLOWED] = "swallowed", [LINT_UNUSED] = "unused",           [LINT_OVERLAP] = "overlap",
};

_Static_assert(sizeof(kind_names) / sizeof(*kind_names) == LINT_KINDS, "every kind has a name");

const char *lint_name(enum lint_kind kind)
{
	return kind_names[kind];
}

struct linter {
	const struct policy *policy;
	const struct image_cell *image;
	struct lint *out;
	size_t room, steps;
};

static int report(struct linter *l, const struct lint_finding *finding)
{
	if (l->out->count == l->room) {
		size_t room = 2 * l->room + 16;
		struct lint_finding *grown = reallocarray(l->out->finding, room, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		l->out->finding = grown;
		l->room = room;
	}
	l->out->finding[l->out->count++] = *finding;
	return 0;
}

/* ---- what a rule of each section matches, and who decides on it */

static int decided_exec(struct linter *l, const struct policy_rule *rule, struct rule_set *by)
{
	return walk_paths(l->image, IMAGE_EXEC, rule ? rule->text : NULL, by, &l->steps);
}

static int decided_mounts(struct linter *l, const struct policy_rule *rule, struct rule_set *by)
{
	return walk_paths(l->image, IMAGE_MOUNTS, rule ? rule->text : NULL, by, &l->steps);
}

static int decided_connect(struct linter *l, const struct policy_rule *rule, struct rule_set *by)
{
	unsigned int protocols = rule ? rule->peer.protocols : POLICY_TCP | POLICY_UDP;
	int r = 0;

	if (protocols & POLICY_TCP)
		r = walk_peers(l->image, IMAGE_TCP, rule ? &rule->peer : NULL, by);
	if (!r && protocols & POLICY_UDP)
		r = walk_peers(l->image, IMAGE_UDP, rule ? &rule->peer : NULL, by);
	return r;
}

static const struct policy_range all_ids = {0, ~0u};

static int decided_uid(struct linter *l, const struct policy_rule *rule, struct rule_set *by)
{
	return walk_ids(l->image, IMAGE_UID, rule ? rule->ids : all_ids, by);
}

static int decided_gid(struct linter *l, const struct policy_rule *rule, struct rule_set *by)
{
	return walk_ids(l->image, IMAGE_GID, rule ? rule->ids : all_ids, by);
}

typedef int (*decided_by)(struct linter *l, const struct policy_rule *rule, struct rule_set *by);

/* ---- findings */

static int compare_rules(const void *a, const void *b)
{
	__u32 x = *(const __u32 *)a, y = *(const __u32 *)b;

	return (x > y) - (x < y);
}

/* Denies first, then in the order of the lists. */
static void fill_by(struct rule_set *by, struct lint_finding *finding)
{
	size_t n = 0;

	for (size_t i = 0; i < by->room; i++)
		if (by->slot[i])
			by->slot[n++] = by->slot[i] ^ RULE_DENY;
	if (n)
		qsort(by->slot, n, sizeof(*by->slot), compare_rules);
	for (size_t i = 0; i < n && i < LINT_BY; i++)
		finding->by[i] = by->slot[i] ^ RULE_DENY;
	finding->bys = n;
}

/* Only the rules of the list that come before the rule. */
static void keep_earlier(struct rule_set *by, __u32 rule)
{
	size_t kept = 0;

	for (size_t i = 0; i < by->room; i++) {
		if (by->slot[i] && by->slot[i] >> 24 == rule >> 24 && by->slot[i] < rule)
			kept++;
		else
			by->slot[i] = 0;
	}
	by->count = kept;
}

static bool all_in_list(const struct rule_set *by, __u32 rule)
{
	for (size_t i = 0; i < by->room; i++)
		if (by->slot[i] && by->slot[i] >> 24 != rule >> 24)
			return false;
	return true;
}

/* An allow rule that names the dynamic loader counts even where an earlier one decides: without it, the loader would
 * be refused. */
static bool names_loader(const struct policy_rule *rule, __u32 number)
{
	const char *slash = RULE_SECTION(number) == RULE_EXEC ? strrchr(rule->text, '/') : NULL;

	return slash && !strncmp(slash, "/ld", 3) && !strpbrk(rule->text, "*?[");
}

static int lint_rule(struct linter *l, const struct policy_rule *rule, __u32 number, bool live, decided_by decided)
{
	struct lint_finding finding = {.rule = number, .offset = rule->offset};
	struct rule_set by = {0};
	int r = decided(l, rule, &by);

	if (r == -E2BIG) /* of the rule alone: what it overlaps is not known, and it is not dead for certain */
		l->out->partial = true;
	if (r < 0)
		goto out;
	finding.kind = !by.count                  ? LINT_IMPOSSIBLE
		       : live                     ? LINT_OVERLAP
		       : all_in_list(&by, number) ? LINT_SHADOWED
						  : LINT_UNREACHABLE;
	if (live)
		keep_earlier(&by, number);
	if (by.count || !live) {
		fill_by(&by, &finding);
		r = report(l, &finding);
	}
out:
	free(by.slot);
	return r == -E2BIG ? 0 : r;
}

static int lint_list(struct linter *l, const struct policy_rules *list, __u32 first, const struct rule_set *live,
		     decided_by decided)
{
	int r = 0;

	for (size_t i = 0; i < list->count && !r; i++) {
		bool lives = rule_set_has(live, first + i);

		if (lives && l->steps > STEPS_MAX)
			l->out->partial = true;
		else if (lives || !names_loader(&list->rule[i], first))
			r = lint_rule(l, &list->rule[i], first + i, lives, decided);
	}
	return r;
}

static int lint_default(struct linter *l, const struct policy_section *section, __u32 number,
			const struct rule_set *live)
{
	struct lint_finding finding = {.kind = LINT_SWALLOWED, .offset = section->offset};

	finding.rule = (section->deny_default ? RULE_DENY : 0) | RULE(number, RULE_DEFAULT, 0);
	return rule_set_has(live, finding.rule) ? 0 : report(l, &finding);
}

static int lint_section(struct linter *l, __u32 number, decided_by decided)
{
	const struct policy_section *section = policy_section(l->policy, number);
	struct rule_set live = {0};
	int r;

	if (!section->present)
		return 0;
	r = decided(l, NULL, &live);
	if (!r)
		r = lint_list(l, &section->deny, RULE_DENY | RULE(number, RULE_DENIED, 0), &live, decided);
	if (!r)
		r = lint_list(l, &section->allow, RULE(number, RULE_ALLOW, 0), &live, decided);
	if (!r)
		r = lint_default(l, section, number, &live);
	free(live.slot);
	return r;
}

static int lint_mounts(struct linter *l)
{
	const struct policy_rules *mounts = &l->policy->trusted_mounts;
	struct lint_finding unused = {.kind = LINT_UNUSED, .rule = RULE(RULE_EXEC, RULE_MOUNT, 0)};
	struct rule_set live = {0};
	int r;

	if (!mounts->count)
		return 0;
	unused.offset = mounts->rule[0].offset;
	r = l->policy->drift == POLICY_DRIFT_ALLOW ? report(l, &unused) : 0;
	if (!r)
		r = decided_mounts(l, NULL, &live);
	if (!r)
		r = lint_list(l, mounts, RULE(RULE_EXEC, RULE_MOUNT, 0), &live, decided_mounts);
	free(live.slot);
	return r;
}

static int compare_places(const void *a, const void *b)
{
	const struct lint_finding *x = a, *y = b;

	return (x->offset > y->offset) - (x->offset < y->offset);
}

int policy_lint(const struct policy *policy, const struct image_cell *image, struct lint *out)
{
	struct lint made = {0};
	struct linter l = {.policy = policy, .image = image, .out = &made};
	int r = lint_section(&l, RULE_EXEC, decided_exec);

	if (!r)
		r = lint_mounts(&l);
	if (!r)
		r = lint_section(&l, RULE_CONNECT, decided_connect);
	if (!r)
		r = lint_section(&l, RULE_UID, decided_uid);
	if (!r)
		r = lint_section(&l, RULE_GID, decided_gid);
	if (r < 0) {
		free(made.finding);
		return r;
	}
	if (made.count)
		qsort(made.finding, made.count, sizeof(*made.finding), compare_places);
	*out = made;
	return 0;
}
