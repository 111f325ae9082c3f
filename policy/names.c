/* SPDX-License-Identifier: BSD-2-Clause */
/* Names of rules, and the way back from a rule's number to its place in the policy. */
#include <stdio.h>

#include "policy.h"

static const char *const section_names[] = {
	[RULE_SECTION_NONE] = "-",   [RULE_EXEC] = "exec",        [RULE_CONNECT] = "connect",
	[RULE_UID] = "identity.uid", [RULE_GID] = "identity.gid", [RULE_IDENTITY] = "identity",
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
	[RULE_DRIFT] = {"drift", false},
	[RULE_MOUNT] = {"trusted_mounts", true},
	[RULE_FAMILY] = {"family", false},
	[RULE_SETID] = {"setid_exec", false},
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

const struct policy_section *policy_section(const struct policy *policy, __u32 section)
{
	switch (section) {
	case RULE_EXEC:
		return &policy->exec;
	case RULE_CONNECT:
		return &policy->connect;
	case RULE_UID:
		return &policy->uid;
	case RULE_GID:
		return &policy->gid;
	default:
		return NULL;
	}
}

static bool list_offset(const struct policy_rules *list, __u32 index, size_t *offset)
{
	if (index >= list->count)
		return false;
	*offset = list->rule[index].offset;
	return true;
}

bool policy_rule_offset(const struct policy *policy, __u32 rule, size_t *offset)
{
	const struct policy_section *section = policy_section(policy, RULE_SECTION(rule));

	switch (RULE_LIST(rule)) {
	case RULE_ALLOW:
		return section && list_offset(&section->allow, RULE_INDEX(rule), offset);
	case RULE_DENIED:
		return section && list_offset(&section->deny, RULE_INDEX(rule), offset);
	case RULE_MOUNT:
		return list_offset(&policy->trusted_mounts, RULE_INDEX(rule), offset);
	case RULE_DEFAULT:
		if (!section || !section->present)
			return false;
		*offset = section->offset;
		return true;
	case RULE_DRIFT:
		*offset = policy->drift_offset;
		return policy->drift != POLICY_DRIFT_ALLOW;
	case RULE_SETID:
		*offset = policy->setid_offset;
		return policy->setid_deny;
	default:
		return false;
	}
}
