/* SPDX-License-Identifier: BSD-2-Clause */
#include "demands.h"

#include <errno.h>

static const struct {
	enum demand demand;
	const char *name;
	__u32 rule; /* whose place in the file is told */
} names[] = {
	{DEMAND_EXEC, "exec", RULE(RULE_EXEC, RULE_DEFAULT, 0)},
	{DEMAND_DRIFT, "exec.drift", RULE(RULE_EXEC, RULE_DRIFT, 0)},
	{DEMAND_CONNECT, "connect", RULE(RULE_CONNECT, RULE_DEFAULT, 0)},
	{DEMAND_IDENTITY, "identity.uid", RULE(RULE_UID, RULE_DEFAULT, 0)},
	{DEMAND_IDENTITY, "identity.gid", RULE(RULE_GID, RULE_DEFAULT, 0)},
	{DEMAND_GROUPS, "identity.gid", RULE(RULE_GID, RULE_DEFAULT, 0)},
	{DEMAND_SETID, "identity.setid_exec", RULE(RULE_IDENTITY, RULE_SETID, 0)},
	{DEMAND_LOG_ALL, "audit.log", RULE_NONE},
};

/* Refuses something, or all of it is to be told. */
static bool speaks(const struct policy *policy, const struct policy_section *section)
{
	return section->present && (section->deny_default || section->deny.count || policy->log_all);
}

unsigned int demands_of(const struct policy *policy)
{
	return (policy->exec.present ? DEMAND_EXEC : 0) | (policy->drift != POLICY_DRIFT_ALLOW ? DEMAND_DRIFT : 0) |
	       (speaks(policy, &policy->connect) ? DEMAND_CONNECT : 0) |
	       (speaks(policy, &policy->uid) || speaks(policy, &policy->gid) ? DEMAND_IDENTITY : 0) |
	       (speaks(policy, &policy->gid) ? DEMAND_GROUPS : 0) | (policy->setid_deny ? DEMAND_SETID : 0) |
	       (policy->log_all ? DEMAND_LOG_ALL : 0);
}

const char *demand_name(enum demand demand)
{
	if (demand == DEMAND_IDENTITY)
		return "identity.uid and gid";
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (names[i].demand == demand)
			return names[i].name;
	return NULL;
}

int demands_check(const struct policy_source *source, const struct demands_offer *offer, struct fault *fault)
{
	unsigned int unmet = demands_of(source->policy) & ~(offer->met & ~offer->lacks);
	struct policy_error place;
	struct fault what;
	size_t offset;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		bool here = offer->lacks & names[i].demand;

		if (!(unmet & names[i].demand))
			continue;
		if (names[i].rule == RULE_NONE)
			offset = source->policy->log_offset;
		else if (!policy_rule_offset(source->policy, names[i].rule, &offset))
			continue;
		policy_place(source->text, source->len, offset, &place);
		fault_set(&what, ENOTSUP, "%s:%u:%u: %s: mode %s cannot enforce this %s%.600s", source->label,
			  place.line, place.column, names[i].name, offer->mode, here ? "here: " : "yet",
			  here ? offer->why.text : "");
		if (!source->policy->warn_unenforceable)
			return fault_set(fault, ENOTSUP,
					 "%.900s%s leave it out, or say \"on_unenforceable\": \"warn\"", what.text,
					 here ? "; or" : ":");
		say(0, "%s; going on without it, as on_unenforceable says", what.text);
	}
	return 0;
}
