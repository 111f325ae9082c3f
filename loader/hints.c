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

void hints_links(const struct policy_source *source)
{
	const struct policy_rules *allow = &source->policy->exec.allow;
	struct policy_error place;
	char target[PATH_MAX];
	size_t found = 0;

	for (size_t i = 0; i < allow->count; i++) {
		if (!links_elsewhere(allow->rule[i].text, target) || ++found > SAID_MAX)
			continue;
		policy_place(source->text, source->len, allow->rule[i].offset, &place);
		say(0, "%s:%u:%u: exec.allow[%zu]: %.200s is a link here and matches nothing: the program is %.200s",
		    source->label, place.line, place.column, i, allow->rule[i].text, target);
	}
	if (found > SAID_MAX)
		say(0, "%s: %zu more rules name links", source->label, found - SAID_MAX);
}
