/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * struct policy -> policy image. This is where precedence is resolved, once: in a section a matching deny
 * wins, else a matching allow, else the default, and the rule that is named is the first of its list.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checksum.h"
#include "intervals.h"
#include "json.h"
#include "paths.h"
#include "policy.h"
#include "quote.h"

/* The dynamic loader, by the names that C libraries give it. Run as a program it runs any file, so an allow
 * rule must name it without a wildcard. */
static const char *const loaders[] = {
	"/ld-linux*.so*", "/**/ld-linux*.so*", "/ld-musl-*",       "/**/ld-musl-*", "/ld.so",
	"/**/ld.so",      "/ld-[0-9]*.so",     "/**/ld-[0-9]*.so", "/ld64.so*",     "/**/ld64.so*",
};

struct compiler {
	const struct policy *policy;
	const char *text;
	size_t len;
	struct policy_error *error;
	struct cells cells;
	size_t states; /* the first cell behind the tables */
};

/* Path rules by number: exec's deny, exec's allow, the trusted mounts. */
struct path_rule {
	const struct policy_rule *rule;
	__u32 number;
};

static struct path_rule exec_rule_at(const struct policy *policy, size_t order)
{
	const struct policy_section *exec = &policy->exec;

	if (order < exec->deny.count)
		return (struct path_rule){&exec->deny.rule[order], RULE(RULE_EXEC, RULE_DENIED, order)};
	order -= exec->deny.count;
	return (struct path_rule){&exec->allow.rule[order], RULE(RULE_EXEC, RULE_ALLOW, order)};
}

static struct path_rule mount_rule_at(const struct policy *policy, size_t order)
{
	return (struct path_rule){&policy->trusted_mounts.rule[order], RULE(RULE_EXEC, RULE_MOUNT, order)};
}

static int compile_fail(const struct compiler *c, struct path_rule at, const char *why)
{
	char name[POLICY_RULE_NAME_MAX], quoted[96];

	return json_fail(c->text, c->len, at.rule->offset, c->error, "%s: \"%s\": %s",
			 policy_rule_name(at.number, name),
			 quote_text(at.rule->text, strlen(at.rule->text), quoted, sizeof(quoted)), why);
}

static int add_rule(const struct compiler *c, struct paths *paths, struct path_rule at)
{
	struct match match = match_none();
	const char *why;
	int r;

	*(RULE_LIST(at.number) == RULE_DENIED ? &match.deny : &match.allow) = RULE_INDEX(at.number);
	r = paths_add(paths, at.rule->text, &match, &why);
	return r == -EINVAL ? compile_fail(c, at, why) : r;
}

static int add_loaders(struct paths *paths)
{
	struct match match = match_none();
	const char *why;
	int r = 0;

	match.loader = true;
	for (size_t i = 0; i < sizeof(loaders) / sizeof(*loaders) && !r; i++)
		r = paths_add(paths, loaders[i], &match, &why);
	return r;
}

/* A set of path rules that are compiled to one automaton. */
struct path_set {
	struct path_rule (*at)(const struct policy *policy, size_t order);
	size_t count;
	bool loaders;
};

/* The first `count` of them, and the built-in ones. */
static int build_paths(const struct compiler *c, const struct path_set *set, size_t count, struct paths *paths)
{
	int r = paths_init(paths);

	for (size_t i = 0; i < count && !r; i++)
		r = add_rule(c, paths, set->at(c->policy, i));
	if (!r && set->loaders)
		r = add_loaders(paths);
	if (!r)
		r = paths_build(paths);
	if (r < 0)
		paths_free(paths);
	return r;
}

/* The patterns multiply: names the first with which they do, searching by halves. */
static int blame(const struct compiler *c, const struct path_set *set)
{
	size_t good = 0, bad = set->count;
	struct paths paths;

	while (good + 1 < bad) {
		size_t middle = good + (bad - good) / 2;
		int r = build_paths(c, set, middle, &paths);

		if (!r)
			paths_free(&paths);
		if (r < 0 && r != -E2BIG)
			return r;
		*(r ? &bad : &good) = middle;
	}
	compile_fail(c, set->at(c->policy, bad - 1),
		     "this pattern makes the automaton too large: use fewer wildcards in it, or say \"**\" last");
	return -E2BIG;
}

static int too_large(const struct compiler *c, const char *section)
{
	snprintf(c->error->text, sizeof(c->error->text), "%s: compiles to more than %u MiB: fewer rules", section,
		 POLICY_IMAGE_MAX >> 20);
	return -E2BIG;
}

static int compile_paths(struct compiler *c, const char *name, const struct path_set *set,
			 __u32 (*rule)(const struct match *, const void *), enum image_layout place)
{
	struct image_state start;
	struct paths paths;
	int r = build_paths(c, set, set->count, &paths);

	if (r == -E2BIG)
		return blame(c, set);
	if (r < 0)
		return r;
	r = paths_pack(&paths, rule, c->policy, &c->cells, &start);
	paths_free(&paths);
	if (r == -E2BIG)
		return too_large(c, name);
	if (!r)
		memcpy(c->cells.cell + place, &start, sizeof(start));
	return r;
}

static __u32 exec_rule(const struct match *met, const void *context)
{
	const struct policy_section *exec = &((const struct policy *)context)->exec;

	if (!exec->present)
		return RULE_NONE;
	if (met->deny != MATCH_NONE)
		return RULE_DENY | RULE(RULE_EXEC, RULE_DENIED, met->deny);
	if (met->loader && !met->literal)
		return RULE_DENY | RULE(RULE_EXEC, RULE_LOADER, 0);
	if (met->allow != MATCH_NONE)
		return RULE(RULE_EXEC, RULE_ALLOW, met->allow);
	return (exec->deny_default ? RULE_DENY : 0) | RULE(RULE_EXEC, RULE_DEFAULT, 0);
}

static __u32 mount_rule(const struct match *met, const void *context)
{
	(void)context;
	return met->allow == MATCH_NONE ? RULE_NONE : RULE(RULE_EXEC, RULE_MOUNT, met->allow);
}

static int compile_programs(struct compiler *c)
{
	const struct policy *policy = c->policy;
	struct path_set programs = {exec_rule_at, policy->exec.deny.count + policy->exec.allow.count,
				    policy->exec.present};
	struct path_set mounts = {mount_rule_at, policy->trusted_mounts.count, false};
	int r = compile_paths(c, "exec", &programs, exec_rule, IMAGE_EXEC);

	return r < 0 ? r : compile_paths(c, "exec.trusted_mounts", &mounts, mount_rule, IMAGE_MOUNTS);
}

static int compile_table(struct compiler *c, enum rule_section section, enum image_layout place)
{
	const struct policy_section *rules = policy_section(c->policy, section);
	struct image_table table = {0};
	int r = 0;

	if (!rules->present)
		return 0;
	if (section == RULE_CONNECT)
		r = intervals_connect(rules, place == IMAGE_TCP || place == IMAGE_TCP6 ? POLICY_TCP : POLICY_UDP,
				      place < IMAGE_TCP6, &c->cells, &table);
	else
		r = intervals_ids(rules, section, &c->cells, &table);
	if (r == -E2BIG)
		return too_large(c, section == RULE_CONNECT ? "connect" : "identity");
	if (!r)
		memcpy(c->cells.cell + place, &table, sizeof(table));
	return r;
}

static __u32 image_flags(const struct policy *policy)
{
	const struct policy_section *connect = &policy->connect;

	return (policy->enforce ? IMAGE_ENFORCE : 0) | (policy->log_all ? IMAGE_LOG_ALL : 0) |
	       (policy->drift == POLICY_DRIFT_AUDIT ? IMAGE_DRIFT_AUDIT : 0) |
	       (policy->drift == POLICY_DRIFT_DENY ? IMAGE_DRIFT_DENY : 0) |
	       (policy->setid_deny ? IMAGE_SETID_DENY : 0) |
	       (connect->present && (connect->deny_default || connect->deny.count) ? IMAGE_FAMILIES : 0);
}

static int compile_all(struct compiler *c)
{
	/* ids first: small tables, that then stand in the page that is looked at first */
	static const struct {
		enum rule_section section;
		enum image_layout place;
	} tables[] = {{RULE_UID, IMAGE_UID},     {RULE_GID, IMAGE_GID},      {RULE_CONNECT, IMAGE_TCP},
		      {RULE_CONNECT, IMAGE_UDP}, {RULE_CONNECT, IMAGE_TCP6}, {RULE_CONNECT, IMAGE_UDP6}};
	__u32 first;
	int r = cells_append(&c->cells, IMAGE_HEAD, &first);

	for (size_t i = 0; i < sizeof(tables) / sizeof(*tables) && !r; i++)
		r = compile_table(c, tables[i].section, tables[i].place);
	c->states = c->cells.count;
	return r ? r : compile_programs(c);
}

int policy_compile(const struct policy *policy, const char *text, size_t len, struct image_cell **image,
		   struct policy_error *error)
{
	struct compiler c = {.policy = policy, .text = text, .len = len, .error = error};
	struct image_header *header;
	int r;

	memset(error, 0, sizeof(*error));
	r = compile_all(&c);
	if (r == -ENOMEM)
		snprintf(error->text, sizeof(error->text), "out of memory");
	if (r < 0) {
		free(c.cells.cell);
		return r;
	}
	header = (struct image_header *)c.cells.cell;
	header->magic = IMAGE_MAGIC;
	header->version = IMAGE_VERSION;
	header->cells = c.cells.count;
	header->states = c.states;
	header->flags = image_flags(policy);
	header->checksum = image_checksum(header);
	*image = c.cells.cell;
	return 0;
}
