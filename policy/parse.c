/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * JSON -> struct policy. The language is a table of keys per object; a key that is in no table is refused
 * with the names of those that are.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cidr.h"
#include "json.h"
#include "pattern.h"
#include "policy.h"
#include "quote.h"

struct parser {
	const char *text;
	size_t len;
	struct policy_error *error;
};

/* A key of an object. parse() is given the value and the struct that the object fills; path is for errors. */
struct key {
	const char *name;
	int (*parse)(struct parser *p, struct json_object *value, const char *path, void *out);
};

#define PATH_MAX_TEXT 96

#define parse_fail(p, value, ...) json_fail((p)->text, (p)->len, json_offset(value), (p)->error, __VA_ARGS__)

static int expect(struct parser *p, struct json_object *value, const char *path, enum json_type type,
		  const char *what)
{
	if (json_object_is_type(value, type))
		return 0;
	return parse_fail(p, value, "%s: expected %s, got %s", path, what,
			  json_type_to_name(json_object_get_type(value)));
}

static int unknown_key(struct parser *p, struct json_object *value, const char *path, const struct key *keys)
{
	char known[256] = "";

	for (size_t n = 0; keys->name && n < sizeof(known); keys++)
		n += snprintf(known + n, sizeof(known) - n, "%s%s", n ? ", " : "", keys->name);
	return json_fail(p->text, p->len, json_key_offset(value), p->error, "%s: unknown key; known here: %s", path,
			 known);
}

static int parse_object(struct parser *p, struct json_object *object, const char *path, const struct key *keys,
			void *out)
{
	char member_path[PATH_MAX_TEXT];
	char quoted[48];
	int r = expect(p, object, *path ? path : "policy", json_type_object, "an object {…}");

	if (r < 0)
		return r;
	json_object_object_foreach(object, name, member)
	{
		const struct key *key = keys;

		snprintf(member_path, sizeof(member_path), "%s%s%s", path, *path ? "." : "",
			 quote_text(name, strlen(name), quoted, sizeof(quoted)));
		while (key->name && strcmp(key->name, name))
			key++;
		if (!key->name)
			return unknown_key(p, member, member_path, keys);
		r = key->parse(p, member, member_path, out);
		if (r < 0)
			return r;
	}
	return 0;
}

/* One of a few words, and the number that it stands for. */
struct word {
	const char *name;
	unsigned int value;
};

static int parse_word(struct parser *p, struct json_object *value, const char *path, const struct word *words,
		      unsigned int *out)
{
	char what[96] = "", quoted[64];
	const char *text;
	size_t n = 0;
	int r;

	for (const struct word *w = words; w->name && n < sizeof(what); w++)
		n += snprintf(what + n, sizeof(what) - n, "%s\"%s\"",
			      w == words  ? ""
			      : w[1].name ? ", "
					  : " or ",
			      w->name);
	r = expect(p, value, path, json_type_string, what);
	if (r < 0)
		return r;
	text = json_object_get_string(value);
	while (words->name && strcmp(words->name, text))
		words++;
	if (!words->name)
		return parse_fail(p, value, "%s: expected %s, got \"%s\"", path, what,
				  quote_text(text, strlen(text), quoted, sizeof(quoted)));
	*out = words->value;
	return 0;
}

/* One of two words; *out tells whether it is the first. */
static int parse_choice(struct parser *p, struct json_object *value, const char *path, const char *yes,
			const char *no, bool *out)
{
	const struct word words[] = {{yes, true}, {no, false}, {NULL, 0}};
	unsigned int found = 0;
	int r = parse_word(p, value, path, words, &found);

	if (!r)
		*out = found;
	return r;
}

/* ---- rules and lists of them */

typedef int (*parse_rule)(struct parser *p, struct json_object *value, const char *path, struct policy_rule *rule);

static int parse_path(struct parser *p, struct json_object *value, const char *path, struct policy_rule *rule)
{
	const char *text;
	char quoted[96];
	int r = expect(p, value, path, json_type_string, "a path in quotes");

	if (r < 0)
		return r;
	text = json_object_get_string(value);
	if (*text != '/')
		return parse_fail(p, value, "%s: expected an absolute path such as \"/usr/bin/env\", got \"%s\"",
				  path, quote_text(text, strlen(text), quoted, sizeof(quoted)));
	rule->text = strdup(text);
	return rule->text ? 0 : -ENOMEM;
}

/* A number, or a range in quotes. what: "a port", "an id". */
static int parse_range(struct parser *p, struct json_object *value, const char *path, const char *what, __u32 max,
		       struct policy_range *range)
{
	char quoted[96];
	const char *text, *why;
	int64_t number;

	if (json_object_is_type(value, json_type_int)) {
		number = json_object_get_int64(value);
		if (number < 0 || number > max)
			return parse_fail(p, value, "%s: expected %s from 0 to %u", path, what, max);
		*range = (struct policy_range){(__u32)number, (__u32)number};
		return 0;
	}
	if (!json_object_is_type(value, json_type_string))
		return parse_fail(p, value, "%s: expected %s from 0 to %u, or a range such as \"1000-1999\", got %s",
				  path, what, max, json_type_to_name(json_object_get_type(value)));
	text = json_object_get_string(value);
	if (range_parse(text, max, range, &why) < 0)
		return parse_fail(p, value, "%s: \"%s\": %s", path,
				  quote_text(text, strlen(text), quoted, sizeof(quoted)), why);
	return 0;
}

static int parse_id(struct parser *p, struct json_object *value, const char *path, struct policy_rule *rule)
{
	return parse_range(p, value, path, "an id", UINT32_MAX, &rule->ids);
}

static int parse_cidr(struct parser *p, struct json_object *value, const char *path, void *out)
{
	struct policy_rule *rule = out;
	char quoted[96], why[256];
	int r = expect(p, value, path, json_type_string, "a network in quotes, such as \"10.0.0.0/8\"");

	if (r < 0)
		return r;
	rule->text = strdup(json_object_get_string(value));
	if (!rule->text)
		return -ENOMEM;
	if (cidr_parse(rule->text, &rule->peer, why, sizeof(why)) < 0)
		return parse_fail(p, value, "%s: \"%s\": %s", path,
				  quote_text(rule->text, strlen(rule->text), quoted, sizeof(quoted)), why);
	return 0;
}

static int parse_ports(struct parser *p, struct json_object *value, const char *path, void *out)
{
	struct policy_ranges *ports = &((struct policy_rule *)out)->peer.ports;
	char port_path[PATH_MAX_TEXT + 16];
	int r = expect(p, value, path, json_type_array, "a list of ports […]");
	size_t count;

	if (r < 0)
		return r;
	count = json_object_array_length(value);
	if (!count)
		return parse_fail(p, value, "%s: an empty list matches no port: leave the key out for all ports",
				  path);
	ports->range = calloc(count, sizeof(*ports->range));
	if (!ports->range)
		return -ENOMEM;
	for (; ports->count < count && !r; ports->count++) {
		snprintf(port_path, sizeof(port_path), "%s[%zu]", path, ports->count);
		r = parse_range(p, json_object_array_get_idx(value, ports->count), port_path, "a port", 65535,
				&ports->range[ports->count]);
	}
	return r;
}

static int parse_protocol(struct parser *p, struct json_object *value, const char *path, void *out)
{
	static const struct word protocols[] = {
		{"tcp", POLICY_TCP}, {"udp", POLICY_UDP}, {"any", POLICY_TCP | POLICY_UDP}, {NULL, 0}};

	return parse_word(p, value, path, protocols, &((struct policy_rule *)out)->peer.protocols);
}

static const struct key peer_keys[] = {
	{"cidr", parse_cidr},
	{"ports", parse_ports},
	{"protocol", parse_protocol},
	{NULL, NULL},
};

static int parse_peer(struct parser *p, struct json_object *value, const char *path, struct policy_rule *rule)
{
	int r;

	rule->peer.protocols = POLICY_TCP | POLICY_UDP;
	r = parse_object(p, value, path, peer_keys, rule);
	if (!r && !rule->text)
		r = parse_fail(p, value, "%s.cidr: is missing: which network is meant?", path);
	return r;
}

static int parse_rules(struct parser *p, struct json_object *value, const char *path, parse_rule parse,
		       struct policy_rules *rules)
{
	char rule_path[PATH_MAX_TEXT + 16];
	int r = expect(p, value, path, json_type_array, "a list […]");
	size_t count;

	if (r < 0)
		return r;
	count = json_object_array_length(value);
	rules->rule = calloc(count + 1, sizeof(*rules->rule));
	if (!rules->rule)
		return -ENOMEM;
	while (rules->count < count && !r) {
		struct json_object *element = json_object_array_get_idx(value, rules->count);
		struct policy_rule *rule = &rules->rule[rules->count];

		snprintf(rule_path, sizeof(rule_path), "%s[%zu]", path, rules->count++);
		rule->offset = json_offset(element);
		r = parse(p, element, rule_path, rule);
	}
	return r;
}

/* ---- sections */

/* A section under construction: what its rules are is the one thing in which sections differ. */
struct section_parse {
	struct policy *policy;
	struct policy_section *section;
	parse_rule rule;
};

static int parse_default(struct parser *p, struct json_object *value, const char *path, void *out)
{
	struct policy_section *section = ((struct section_parse *)out)->section;

	section->offset = json_offset(value);
	return parse_choice(p, value, path, "deny", "allow", &section->deny_default);
}

static int parse_allow(struct parser *p, struct json_object *value, const char *path, void *out)
{
	struct section_parse *parse = out;

	return parse_rules(p, value, path, parse->rule, &parse->section->allow);
}

static int parse_deny(struct parser *p, struct json_object *value, const char *path, void *out)
{
	struct section_parse *parse = out;

	return parse_rules(p, value, path, parse->rule, &parse->section->deny);
}

static int parse_drift(struct parser *p, struct json_object *value, const char *path, void *out)
{
	static const struct word drifts[] = {
		{"allow", POLICY_DRIFT_ALLOW}, {"audit", POLICY_DRIFT_AUDIT}, {"deny", POLICY_DRIFT_DENY}, {NULL, 0}};
	struct policy *policy = ((struct section_parse *)out)->policy;

	policy->drift_offset = json_offset(value);
	return parse_word(p, value, path, drifts, &policy->drift);
}

static int parse_mounts(struct parser *p, struct json_object *value, const char *path, void *out)
{
	return parse_rules(p, value, path, parse_path, &((struct section_parse *)out)->policy->trusted_mounts);
}

#define SECTION_KEYS                                                                                                 \
	{"default", parse_default}, {"allow", parse_allow},                                                          \
	{                                                                                                            \
		"deny", parse_deny                                                                                   \
	}

static const struct key section_keys[] = {SECTION_KEYS, {NULL, NULL}};

static const struct key exec_keys[] = {
	SECTION_KEYS,
	{"drift", parse_drift},
	{"trusted_mounts", parse_mounts},
	{NULL, NULL},
};

static int parse_section(struct parser *p, struct json_object *value, const char *path, const struct key *keys,
			 struct section_parse *parse)
{
	parse->section->present = true;
	parse->section->offset = json_key_offset(value);
	if (json_object_is_type(value, json_type_object))
		parse->section->deny_default = json_object_object_get_ex(value, "allow", NULL);
	return parse_object(p, value, path, keys, parse);
}

static int parse_exec(struct parser *p, struct json_object *value, const char *path, void *out)
{
	struct policy *policy = out;

	return parse_section(p, value, path, exec_keys, &(struct section_parse){policy, &policy->exec, parse_path});
}

static int parse_connect(struct parser *p, struct json_object *value, const char *path, void *out)
{
	struct policy *policy = out;

	return parse_section(p, value, path, section_keys,
			     &(struct section_parse){policy, &policy->connect, parse_peer});
}

static int parse_uid(struct parser *p, struct json_object *value, const char *path, void *out)
{
	struct policy *policy = out;

	return parse_section(p, value, path, section_keys, &(struct section_parse){policy, &policy->uid, parse_id});
}

static int parse_gid(struct parser *p, struct json_object *value, const char *path, void *out)
{
	struct policy *policy = out;

	return parse_section(p, value, path, section_keys, &(struct section_parse){policy, &policy->gid, parse_id});
}

static int parse_setid(struct parser *p, struct json_object *value, const char *path, void *out)
{
	struct policy *policy = out;

	policy->setid_offset = json_offset(value);
	return parse_choice(p, value, path, "deny", "allow", &policy->setid_deny);
}

static const struct key identity_keys[] = {
	{"uid", parse_uid},
	{"gid", parse_gid},
	{"setid_exec", parse_setid},
	{NULL, NULL},
};

static int parse_identity(struct parser *p, struct json_object *value, const char *path, void *out)
{
	return parse_object(p, value, path, identity_keys, out);
}

/* ---- which containers */

static int parse_text(struct parser *p, struct json_object *value, const char *path, char **out)
{
	int r = expect(p, value, path, json_type_string, "a text in quotes; * stands for anything");

	if (r < 0)
		return r;
	*out = strdup(json_object_get_string(value));
	return *out ? 0 : -ENOMEM;
}

static int parse_cluster(struct parser *p, struct json_object *value, const char *path, void *out)
{
	return parse_text(p, value, path, &((struct policy_match *)out)->cluster);
}

static int parse_family(struct parser *p, struct json_object *value, const char *path, void *out)
{
	return parse_text(p, value, path, &((struct policy_match *)out)->family);
}

static int parse_container(struct parser *p, struct json_object *value, const char *path, void *out)
{
	return parse_text(p, value, path, &((struct policy_match *)out)->container);
}

static int parse_image(struct parser *p, struct json_object *value, const char *path, void *out)
{
	return parse_text(p, value, path, &((struct policy_match *)out)->image);
}

static int parse_cgroup(struct parser *p, struct json_object *value, const char *path, void *out)
{
	struct policy_match *match = out;
	int r = parse_text(p, value, path, &match->cgroup);
	struct token *tokens = NULL;
	const char *why;
	size_t count;

	if (!r && *match->cgroup != '/')
		return parse_fail(p, value, "%s: expected a path from the top of cgroup v2, beginning with \"/\"",
				  path);
	if (!r && !(tokens = calloc(strlen(match->cgroup) + 1, sizeof(*tokens))))
		r = -ENOMEM;
	if (!r && pattern_tokens(match->cgroup, tokens, &count, &why) < 0)
		r = parse_fail(p, value, "%s: %s", path, why);
	free(tokens);
	return r;
}

static const struct key ecs_keys[] = {
	{"cluster", parse_cluster},
	{"family", parse_family},
	{"container", parse_container},
	{NULL, NULL},
};

static int parse_ecs(struct parser *p, struct json_object *value, const char *path, void *out)
{
	return parse_object(p, value, path, ecs_keys, out);
}

static int parse_labels(struct parser *p, struct json_object *value, const char *path, void *out)
{
	struct policy_match *match = out;
	int r = expect(p, value, path, json_type_object, "an object {…} of labels");

	if (r < 0)
		return r;
	match->label = calloc(json_object_object_length(value) + 1, sizeof(*match->label));
	if (!match->label)
		return -ENOMEM;
	json_object_object_foreach(value, name, member)
	{
		char label_path[PATH_MAX_TEXT], quoted[48];
		struct policy_label *label = &match->label[match->labels++];

		snprintf(label_path, sizeof(label_path), "%s.%s", path,
			 quote_text(name, strlen(name), quoted, sizeof(quoted)));
		label->name = strdup(name);
		r = label->name ? parse_text(p, member, label_path, &label->value) : -ENOMEM;
		if (r < 0)
			return r;
	}
	return 0;
}

static const struct key match_keys[] = {
	{"cgroup", parse_cgroup}, {"ecs", parse_ecs}, {"image", parse_image}, {"labels", parse_labels}, {NULL, NULL},
};

static int parse_match(struct parser *p, struct json_object *value, const char *path, void *out)
{
	struct policy *policy = out;

	policy->match.present = true;
	return parse_object(p, value, path, match_keys, &policy->match);
}

/* ---- the rest */

static int parse_log(struct parser *p, struct json_object *value, const char *path, void *out)
{
	struct policy *policy = out;

	policy->log_offset = json_offset(value);
	return parse_choice(p, value, path, "all", "denials", &policy->log_all);
}

static const struct key audit_keys[] = {{"log", parse_log}, {NULL, NULL}};

static int parse_audit(struct parser *p, struct json_object *value, const char *path, void *out)
{
	return parse_object(p, value, path, audit_keys, out);
}

static int parse_unenforceable(struct parser *p, struct json_object *value, const char *path, void *out)
{
	return parse_choice(p, value, path, "warn", "refuse", &((struct policy *)out)->warn_unenforceable);
}

static int parse_version(struct parser *p, struct json_object *value, const char *path, void *out)
{
	(void)out;
	if (!json_object_is_type(value, json_type_int) || json_object_get_int64(value) != 1)
		return parse_fail(p, value, "%s: expected 1, the version of the policy language", path);
	return 0;
}

static int parse_name(struct parser *p, struct json_object *value, const char *path, void *out)
{
	struct policy *policy = out;
	int r = expect(p, value, path, json_type_string, "a name in quotes");

	if (r < 0)
		return r;
	free(policy->name);
	policy->name = strdup(json_object_get_string(value));
	return policy->name ? 0 : -ENOMEM;
}

static int parse_mode(struct parser *p, struct json_object *value, const char *path, void *out)
{
	return parse_choice(p, value, path, "enforce", "audit", &((struct policy *)out)->enforce);
}

static const struct key policy_keys[] = {
	{"mantlet", parse_version},
	{"name", parse_name},
	{"mode", parse_mode},
	{"match", parse_match},
	{"exec", parse_exec},
	{"connect", parse_connect},
	{"identity", parse_identity},
	{"audit", parse_audit},
	{"on_unenforceable", parse_unenforceable},
	{NULL, NULL},
};

static void free_rules(struct policy_rules *rules, bool peers)
{
	for (size_t i = 0; i < rules->count; i++) {
		free(rules->rule[i].text);
		if (peers)
			free(rules->rule[i].peer.ports.range);
	}
	free(rules->rule);
}

static void free_match(struct policy_match *match)
{
	for (size_t i = 0; i < match->labels; i++) {
		free(match->label[i].name);
		free(match->label[i].value);
	}
	free(match->label);
	free(match->cgroup);
	free(match->cluster);
	free(match->family);
	free(match->container);
	free(match->image);
}

void policy_free(struct policy *policy)
{
	if (!policy)
		return;
	for (__u32 s = RULE_EXEC; s <= RULE_GID; s++) {
		struct policy_section *section = (struct policy_section *)policy_section(policy, s);

		free_rules(&section->allow, s == RULE_CONNECT);
		free_rules(&section->deny, s == RULE_CONNECT);
	}
	free_rules(&policy->trusted_mounts, false);
	free_match(&policy->match);
	free(policy->name);
	free(policy);
}

int policy_parse(const char *text, size_t len, struct policy **out, struct policy_error *error)
{
	struct parser p = {text, len, error};
	struct json_object *root;
	struct policy *policy;
	int r = json_read(text, len, &root, error);

	if (r < 0)
		return r;
	policy = calloc(1, sizeof(*policy));
	r = policy && (policy->name = strdup("unnamed")) ? 0 : -ENOMEM;
	if (!r) {
		policy->enforce = true;
		r = parse_object(&p, root, "", policy_keys, policy);
	}
	json_object_put(root);
	if (r < 0) {
		if (r == -ENOMEM)
			snprintf(error->text, sizeof(error->text), "out of memory");
		policy_free(policy);
		return r;
	}
	*out = policy;
	return 0;
}
