/* SPDX-License-Identifier: BSD-2-Clause */
#include "hints.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "policy/pattern.h"

#define SAID_MAX 3

/* The file that a rule without wildcards means here, if that is another than it names. */
static bool links_elsewhere(const char *text, char target[PATH_MAX])
{
	char path[PATH_MAX];
	size_t len;

	if (strlen(text) >= sizeof(path) || !pattern_literal(text, path, &len))
		return false;
	path[len] = '\0';
	return realpath(path, target) && strcmp(path, target) != 0;
}

/* The kernel names no file so. (What else can match nothing is found by mantlet check.) */
static bool never_a_path(const char *text)
{
	const char *last = strrchr(text, '/');

	return strstr(text, "//") || strstr(text, "/./") || strstr(text, "/../") || !strcmp(last, "/") ||
	       !strcmp(last, "/.") || !strcmp(last, "/..");
}

static void hint(const struct policy_source *source, __u32 rule, const char *text, const char *what, const char *more)
{
	char name[POLICY_RULE_NAME_MAX];
	struct policy_error place;
	size_t offset = 0;

	policy_rule_offset(source->policy, rule, &offset);
	policy_place(source->text, source->len, offset, &place);
	say(0, "%s:%u:%u: %s: %.200s %s%.200s", source->label, place.line, place.column, policy_rule_name(rule, name),
	    text, what, more);
}

static size_t hint_list(const struct policy_source *source, const struct policy_rules *list, __u32 number,
			size_t said)
{
	char target[PATH_MAX];

	for (size_t i = 0; i < list->count; i++) {
		const char *text = list->rule[i].text;
		bool never = never_a_path(text);

		if ((!never && !links_elsewhere(text, target)) || said++ >= SAID_MAX)
			continue;
		if (never)
			hint(source, number + i, text, "matches nothing: the kernel names no file so", "");
		else
			hint(source, number + i, text, "is a link here and matches nothing: the program is ", target);
	}
	return said;
}

void hints_paths(const struct policy_source *source)
{
	const struct policy_section *exec = &source->policy->exec;
	size_t said = hint_list(source, &exec->deny, RULE(RULE_EXEC, RULE_DENIED, 0), 0);

	said = hint_list(source, &exec->allow, RULE(RULE_EXEC, RULE_ALLOW, 0), said);
	if (said > SAID_MAX)
		say(0, "%s: %zu more rules match nothing here", source->label, said - SAID_MAX);
}
