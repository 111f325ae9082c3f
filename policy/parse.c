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

#include "json.h"
#include "policy.h"
#include "quote.h"

struct parser {
	const char *text;
	size_t len;
	struct policy_error *error;
};

/* A key of an object. parse() is given the value and the struct that the object fills; path is for errors.
 * A key without parse() belongs to the language and is not enforced yet: it is refused, not ignored. */
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
		if (!key->parse)
			return json_fail(p->text, p->len, json_key_offset(member), p->error,
					 "%s: not yet: this version cannot enforce it, so it refuses the policy",
					 member_path);
		r = key->parse(p, member, member_path, out);
		if (r < 0)
			return r;
	}
	return 0;
}

/* One of two words; *out tells whether it is the first. */
static int parse_choice(struct parser *p, struct json_object *value, const char *path, const char *yes,
			const char *no, bool *out)
{
	char what[64];
	const char *word;
	int r;

	snprintf(what, sizeof(what), "\"%s\" or \"%s\"", yes, no);
	r = expect(p, value, path, json_type_string, what);
	if (r < 0)
		return r;
	word = json_object_get_string(value);
	if (strcmp(word, yes) && strcmp(word, no)) {
		char quoted[64];

		return parse_fail(p, value, "%s: expected %s, got \"%s\"", path, what,
				  quote_text(word, strlen(word), quoted, sizeof(quoted)));
	}
	*out = !strcmp(word, yes);
	return 0;
}

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
	rule->offset = json_offset(value);
	rule->text = strdup(text);
	return rule->text ? 0 : -ENOMEM;
}

static int parse_paths(struct parser *p, struct json_object *value, const char *path, struct policy_rules *rules)
{
	char rule_path[PATH_MAX_TEXT + 16];
	int r = expect(p, value, path, json_type_array, "a list of paths […]");
	size_t count;

	if (r < 0)
		return r;
	count = json_object_array_length(value);
	if (count > RULE_INDEX_MAX)
		return parse_fail(p, value, "%s: more than %u rules", path, RULE_INDEX_MAX);
	rules->rule = calloc(count + 1, sizeof(*rules->rule));
	if (!rules->rule)
		return -ENOMEM;
	for (; rules->count < count; rules->count++) {
		snprintf(rule_path, sizeof(rule_path), "%s[%zu]", path, rules->count);
		r = parse_path(p, json_object_array_get_idx(value, rules->count), rule_path,
			       &rules->rule[rules->count]);
		if (r < 0)
			return r;
	}
	return 0;
}

static int parse_exec_default(struct parser *p, struct json_object *value, const char *path, void *out)
{
	struct policy_exec *exec = out;

	exec->offset = json_offset(value);
	return parse_choice(p, value, path, "deny", "allow", &exec->deny_default);
}

static int parse_exec_allow(struct parser *p, struct json_object *value, const char *path, void *out)
{
	return parse_paths(p, value, path, &((struct policy_exec *)out)->allow);
}

static int parse_exec_deny(struct parser *p, struct json_object *value, const char *path, void *out)
{
	return parse_paths(p, value, path, &((struct policy_exec *)out)->deny);
}

static const struct key exec_keys[] = {
	{"default", parse_exec_default}, {"allow", parse_exec_allow},
	{"deny", parse_exec_deny},       {"drift", NULL},
	{"trusted_mounts", NULL},        {NULL, NULL},
};

static int parse_exec(struct parser *p, struct json_object *value, const char *path, void *out)
{
	struct policy_exec *exec = &((struct policy *)out)->exec;

	exec->present = true;
	exec->offset = json_key_offset(value);
	if (json_object_is_type(value, json_type_object))
		exec->deny_default = json_object_object_get_ex(value, "allow", NULL);
	return parse_object(p, value, path, exec_keys, exec);
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
	{"mantlet", parse_version}, {"name", parse_name}, {"mode", parse_mode}, {"match", NULL},
	{"exec", parse_exec},       {"connect", NULL},    {"identity", NULL},   {"audit", NULL},
	{"on_unenforceable", NULL}, {NULL, NULL},
};

static void free_rules(struct policy_rules *rules)
{
	for (size_t i = 0; i < rules->count; i++)
		free(rules->rule[i].text);
	free(rules->rule);
}

void policy_free(struct policy *policy)
{
	if (!policy)
		return;
	free_rules(&policy->exec.allow);
	free_rules(&policy->exec.deny);
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
