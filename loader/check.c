/* SPDX-License-Identifier: BSD-2-Clause */
/* `mantlet check`: is it a policy, what does it come to, and what in it is probably not meant? */
#include <errno.h>
#include <getopt.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "demands.h"
#include "guard.h"
#include "policy/lint.h"

static const char usage[] =
	"usage: mantlet check [--json] POLICY…\n"
	"\n"
	"Parses and compiles each policy, and prints what it comes to and which modes enforce it; before that, a\n"
	"line for each finding: FILE:LINE:COLUMN: RULE: KIND: what is probably not meant.\n"
	"\n"
	"  shadowed     earlier rules of the same list match all that it matches\n"
	"  unreachable  denies, or denies and earlier rules, decide all that it matches\n"
	"  impossible   it matches nothing that can be asked\n"
	"  swallowed    the rules leave nothing to the default\n"
	"  unused       trusted_mounts without drift\n"
	"  note         earlier rules of the same list decide some of what it matches; this is no finding\n"
	"\n"
	"  --json  one JSON object for each policy, a line each\n"
	"\n"
	"Exit: 0 all are good, 1 good but for findings, 125 one is none (its place and what is wrong go to standard\n"
	"error), 2 usage.\n";

#define MODES 2

static const struct guard_mode *const modes[MODES] = {&guard_lsm, &guard_seccomp};

/* The demands of a rule, by its section. */
static unsigned int section_demand(__u32 section)
{
	return section == RULE_EXEC ? DEMAND_EXEC : section == RULE_CONNECT ? DEMAND_CONNECT : DEMAND_IDENTITY;
}

/* Places in a policy's text, cheap where one is asked after the other. */
struct places {
	const struct policy_source *source;
	size_t at, line_start;
	unsigned int line;
};

static void place_of(struct places *places, size_t offset, unsigned int *line, unsigned int *column)
{
	if (!places->line || offset < places->at)
		*places = (struct places){places->source, 0, 0, 1};
	for (; places->at < offset && places->at < places->source->len; places->at++)
		if (places->source->text[places->at] == '\n') {
			places->line++;
			places->line_start = places->at + 1;
		}
	*line = places->line;
	*column = places->at - places->line_start + 1;
}

/* ---- for people */

/* "exec.deny[0], exec.allow[1] and 3 more" */
static void print_by(const struct lint_finding *finding)
{
	char name[POLICY_RULE_NAME_MAX];

	for (size_t i = 0; i < finding->bys && i < LINT_BY; i++)
		printf("%s%s", i ? ", " : "", policy_rule_name(finding->by[i], name));
	if (finding->bys > LINT_BY)
		printf(" and %zu more", finding->bys - LINT_BY);
}

static void print_finding(struct places *places, const struct lint_finding *finding)
{
	char name[POLICY_RULE_NAME_MAX];
	unsigned int line, column;

	place_of(places, finding->offset, &line, &column);
	printf("%s:%u:%u: %s: ", places->source->label, line, column, policy_rule_name(finding->rule, name));
	printf("%s: ", finding->kind == LINT_OVERLAP ? "note" : lint_name(finding->kind));
	switch (finding->kind) {
	case LINT_IMPOSSIBLE:
		fputs("no file has such a path: it is absolute, without \"//\", \"/./\", \"/../\" and \"/\" at its "
		      "end",
		      stdout);
		break;
	case LINT_SWALLOWED:
		printf("the rules leave nothing to the default, %s", finding->rule & RULE_DENY ? "deny" : "allow");
		break;
	case LINT_UNUSED:
		fputs("drift is allowed, so no mount needs trust: set \"drift\", or leave it out", stdout);
		break;
	case LINT_OVERLAP:
		fputs("some of what it matches is decided by ", stdout);
		print_by(finding);
		break;
	default:
		fputs("all that it matches is decided by ", stdout);
		print_by(finding);
	}
	putchar('\n');
}

static void print_section(const struct policy *policy, __u32 number, const char *name)
{
	const struct policy_section *section = policy_section(policy, number);

	if (section->present)
		printf("%s: %zu allow, %zu deny, default %s; ", name, section->allow.count, section->deny.count,
		       section->deny_default ? "deny" : "allow");
}

static void print_modes(const struct policy *policy)
{
	const char *name;

	for (size_t i = 0; i < MODES; i++) {
		unsigned int unmet = demands_of(policy) & ~modes[i]->meets;

		printf("; %s enforces %s", modes[i]->name, unmet ? "all but" : "it");
		for (unsigned int demand = 1; demand <= unmet; demand <<= 1)
			if (unmet & demand && (name = demand_name(demand)))
				printf("%s %s", unmet & (demand - 1) ? "," : "", name);
	}
	putchar('\n');
}

static void print_text(const struct policy_source *source, const struct lint *lint)
{
	struct places places = {.source = source};

	for (size_t i = 0; i < lint->count; i++)
		print_finding(&places, &lint->finding[i]);
	if (lint->partial)
		printf("%s: note: too large to look for all overlaps\n", source->label);
	printf("%s: \"%s\", %s: ", source->label, source->policy->name,
	       source->policy->enforce ? "enforce" : "audit");
	print_section(source->policy, RULE_EXEC, "exec");
	print_section(source->policy, RULE_CONNECT, "connect");
	print_section(source->policy, RULE_UID, "uid");
	print_section(source->policy, RULE_GID, "gid");
	printf("%zu KiB compiled", (policy_image_size(source->image) + 1023) / 1024);
	print_modes(source->policy);
}

/* ---- for machines */

static struct json_object *json_rule(__u32 rule)
{
	char name[POLICY_RULE_NAME_MAX];

	return json_object_new_string(policy_rule_name(rule, name));
}

static void json_place(struct json_object *object, struct places *places, size_t offset)
{
	unsigned int line, column;

	place_of(places, offset, &line, &column);
	json_object_object_add(object, "line", json_object_new_int64(line));
	json_object_object_add(object, "column", json_object_new_int64(column));
}

static struct json_object *json_finding(struct places *places, const struct lint_finding *finding)
{
	struct json_object *object = json_object_new_object(), *by = json_object_new_array();

	json_object_object_add(object, "kind", json_object_new_string(lint_name(finding->kind)));
	json_object_object_add(object, "rule", json_rule(finding->rule));
	json_place(object, places, finding->offset);
	for (size_t i = 0; i < finding->bys && i < LINT_BY; i++)
		json_object_array_add(by, json_rule(finding->by[i]));
	json_object_object_add(object, "by", by);
	json_object_object_add(object, "by_count", json_object_new_int64((int64_t)finding->bys));
	return object;
}

static struct json_object *json_modes(unsigned int demand)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < MODES; i++)
		if (!(demand & ~modes[i]->meets))
			json_object_array_add(list, json_object_new_string(modes[i]->name));
	return list;
}

static void json_list(struct json_object *out, struct places *places, const struct policy_rules *list, __u32 first,
		      unsigned int demand)
{
	for (size_t i = 0; i < list->count; i++) {
		struct json_object *object = json_object_new_object();

		json_object_object_add(object, "rule", json_rule(first + i));
		json_place(object, places, list->rule[i].offset);
		json_object_object_add(object, "modes", json_modes(demand));
		json_object_array_add(out, object);
	}
}

static struct json_object *json_rules(struct places *places)
{
	struct json_object *rules = json_object_new_array();

	for (__u32 s = RULE_EXEC; s <= RULE_GID; s++) {
		const struct policy_section *section = policy_section(places->source->policy, s);

		json_list(rules, places, &section->allow, RULE(s, RULE_ALLOW, 0), section_demand(s));
		json_list(rules, places, &section->deny, RULE(s, RULE_DENIED, 0), section_demand(s));
	}
	json_list(rules, places, &places->source->policy->trusted_mounts, RULE(RULE_EXEC, RULE_MOUNT, 0),
		  DEMAND_DRIFT);
	return rules;
}

static void print_json(const struct policy_source *source, const struct lint *lint)
{
	struct json_object *object = json_object_new_object(), *findings = json_object_new_array();
	struct places places = {.source = source};

	for (size_t i = 0; i < lint->count; i++)
		json_object_array_add(findings, json_finding(&places, &lint->finding[i]));
	json_object_object_add(object, "file", json_object_new_string(source->label));
	json_object_object_add(object, "name", json_object_new_string(source->policy->name));
	json_object_object_add(object, "mode", json_object_new_string(source->policy->enforce ? "enforce" : "audit"));
	json_object_object_add(object, "bytes", json_object_new_int64((int64_t)policy_image_size(source->image)));
	json_object_object_add(object, "modes", json_modes(demands_of(source->policy)));
	json_object_object_add(object, "findings", findings);
	json_object_object_add(object, "partial", json_object_new_boolean(lint->partial));
	json_object_object_add(object, "rules", json_rules(&places));
	puts(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(object);
}

static bool has_findings(const struct lint *lint)
{
	for (size_t i = 0; i < lint->count; i++)
		if (lint->finding[i].kind != LINT_OVERLAP)
			return true;
	return false;
}

static int check_one(const char *path, bool json)
{
	struct policy_source source;
	struct fault fault;
	struct lint lint;
	int code;

	if (policy_load(path, &source, &fault) < 0)
		return say(EXIT_MANTLET, "%s", fault.text);
	if (policy_lint(source.policy, source.image, &lint) < 0) {
		policy_unload(&source);
		return say(EXIT_MANTLET, "check: out of memory");
	}
	if (json)
		print_json(&source, &lint);
	else
		print_text(&source, &lint);
	code = has_findings(&lint);
	free(lint.finding);
	policy_unload(&source);
	return code;
}

int command_check(int argc, char **argv)
{
	static const struct option options[] = {
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	bool json = false;
	int option, worst = 0;

	opterr = 0;
	while ((option = getopt_long(argc, argv, "+h", options, NULL)) != -1) {
		if (option == 'h')
			return fputs(usage, stdout) < 0;
		if (option != 'j')
			return say(EXIT_USAGE, "check: %s: unknown option; see mantlet check --help",
				   argv[optind - 1]);
		json = true;
	}
	if (optind == argc)
		return say(EXIT_USAGE, "check: no policy; usage: mantlet check [--json] POLICY…");
	for (int i = optind; i < argc; i++) {
		int code = check_one(argv[i], json);

		worst = code > worst ? code : worst;
	}
	return fflush(stdout) ? say(EXIT_MANTLET, "check: cannot write: %s", strerror(errno)) : worst;
}
