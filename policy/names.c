/* SPDX-License-Identifier: BSD-2-Clause */
/* Names of rules, and the way back from a rule's number to its place in the policy. */
#include <stdio.h>

#include "policy.h"

static const char *const section_names[] = {
	[RULE_SECTION_NONE] = "-",
	[RULE_EXEC] = "exec",
};

static const struct {
	const char *name;
	bool indexed;
} list_names[] = {
	[RULE_DEFAULT] = {"default", false},
	[RULE_ALLOW] = {"allow", true},
	[RULE_DENIED] = {"deny", true},
	[RULE_LOADER] = {"loader", false},
	[RULE_UNRESOLVED] = {"unresolved", false},
};

_Static_assert(sizeof(section_names) / sizeof(*section_names) == RULE_SECTIONS, "every section has a name");
_Static_assert(sizeof(list_names) / sizeof(*list_names) == RULE_LISTS, "every list has a name");

const char *policy_rule_name(__u32 rule, char buf[POLICY_RULE_NAME_MAX])
{
	__u32 section = RULE_SECTION(rule), list = RULE_LIST(rule);

	if (section == RULE_SECTION_NONE || section >= RULE_SECTIONS || list >= RULE_LISTS)
		snprintf(buf, POLICY_RULE_NAME_MAX, "-");
	else if (list_names[list].indexed)
		snprintf(buf, POLICY_RULE_NAME_MAX, "%s.%s[%u]", section_names[section], list_names[list].name,
			 RULE_INDEX(rule));
	else
		snprintf(buf, POLICY_RULE_NAME_MAX, "%s.%s", section_names[section], list_names[list].name);
	return buf;
}

bool policy_rule_offset(const struct policy *policy, __u32 rule, size_t *offset)
{
	const struct policy_exec *exec = &policy->exec;
	const struct policy_rules *list = RULE_LIST(rule) == RULE_ALLOW ? &exec->allow : &exec->deny;

	if (RULE_SECTION(rule) != RULE_EXEC || !exec->present)
		return false;
	if (RULE_LIST(rule) == RULE_DEFAULT) {
		*offset = exec->offset;
		return true;
	}
	if ((RULE_LIST(rule) != RULE_ALLOW && RULE_LIST(rule) != RULE_DENIED) || RULE_INDEX(rule) >= list->count)
		return false;
	*offset = list->rule[RULE_INDEX(rule)].offset;
	return true;
}
