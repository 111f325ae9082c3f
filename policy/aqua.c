/* SPDX-License-Identifier: BSD-2-Clause */
/* The text that is imported, and the policy that is written of it. */
#include "aqua.h"

#include <errno.h>
#include <stdlib.h>

#include "aqua_fields.h"

/* ---- the policy */

/* A new object under a key, or the one that is there. */
static struct json_object *section(struct import *im, struct json_object *parent, const char *key)
{
	struct json_object *object = NULL;

	if (!parent || json_object_object_get_ex(parent, key, &object))
		return object;
	object = json_object_new_object();
	if (object && !json_object_object_add(parent, key, object))
		return object;
	im->no_memory = true;
	json_object_put(object);
	return NULL;
}

static void set(struct import *im, struct json_object *object, const char *key, struct json_object *value)
{
	if (object && value && !json_object_object_add(object, key, value))
		return;
	im->no_memory = true;
	json_object_put(value);
}

static void set_text(struct import *im, struct json_object *object, const char *key, const char *text)
{
	set(im, object, key, json_object_new_string(text));
}

static void set_list(struct import *im, struct json_object *object, const char *key, enum list list)
{
	if (!im->list[list])
		return;
	set(im, object, key, im->list[list]);
	im->list[list] = NULL;
}

static void write_exec(struct import *im, struct json_object *policy)
{
	struct json_object *exec;

	if (!im->list[EXEC_ALLOW] && !im->list[EXEC_DENY] && !im->drift && !im->log_exec)
		return;
	exec = section(im, policy, "exec");
	set_text(im, exec, "default", im->list[EXEC_ALLOW] ? "deny" : "allow");
	set_list(im, exec, "allow", EXEC_ALLOW);
	set_list(im, exec, "deny", EXEC_DENY);
	if (im->drift)
		set_text(im, exec, "drift", "deny");
}

static void write_peer(struct import *im, struct json_object *deny, const char *cidr, struct json_object *ports)
{
	struct json_object *peer = json_object_new_object();

	set_text(im, peer, "cidr", cidr);
	set(im, peer, "ports", json_object_get(ports));
	if (!peer || !deny || json_object_array_add(deny, peer) < 0) {
		json_object_put(peer);
		im->no_memory = true;
	}
}

static void write_connect(struct import *im, struct json_object *policy)
{
	struct json_object *connect, *deny;

	if (!im->list[PORTS] && !im->log_connect)
		return;
	connect = section(im, policy, "connect");
	set_text(im, connect, "default", "allow");
	if (!im->list[PORTS])
		return;
	deny = json_object_new_array();
	write_peer(im, deny, "0.0.0.0/0", im->list[PORTS]);
	write_peer(im, deny, "::/0", im->list[PORTS]);
	set(im, connect, "deny", deny);
}

static void write_ids(struct import *im, struct json_object *policy, const char *key, enum list allow, enum list deny)
{
	struct json_object *ids;

	if (!im->list[allow] && !im->list[deny])
		return;
	ids = section(im, section(im, policy, "identity"), key);
	set_text(im, ids, "default", im->list[allow] ? "deny" : "allow");
	set_list(im, ids, "allow", allow);
	set_list(im, ids, "deny", deny);
}

/* What only the whole policy tells. */
static void conclude(struct import *im)
{
	if (im->off)
		say_lost(im, "enabled: false: a policy of Mantlet is always on; \"mode\" is \"audit\", which refuses "
			     "nothing");
	if (im->fileless && !im->drift)
		say_lost(im, "block_fileless_exec: \"drift\": \"deny\" refuses it, with all else that was not in the "
			     "image");
	if (im->list[UID_ALLOW] || im->list[GID_ALLOW])
		say_note(im, "identity: is judged where it changes; the user that the container starts as is not");
	if (im->no_root)
		aqua_add(im, UID_DENY, json_object_new_int(0));
}

static void write_policy(struct import *im, struct json_object *policy)
{
	set(im, policy, "mantlet", json_object_new_int(1));
	if (im->name)
		set_text(im, policy, "name", im->name);
	set_text(im, policy, "mode", im->enforce && !im->off ? "enforce" : "audit");
	write_exec(im, policy);
	write_connect(im, policy);
	write_ids(im, policy, "uid", UID_ALLOW, UID_DENY);
	write_ids(im, policy, "gid", GID_ALLOW, GID_DENY);
	if (im->setid)
		set_text(im, section(im, policy, "identity"), "setid_exec", "deny");
	if (im->log_exec || im->log_connect)
		set_text(im, section(im, policy, "audit"), "log", "all");
}

static char *policy_text(struct import *im)
{
	struct json_object *policy = json_object_new_object();
	const char *text;
	char *copy = NULL;

	write_policy(im, policy);
	text = policy ? json_object_to_json_string_ext(policy, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
								       JSON_C_TO_STRING_NOSLASHESCAPE)
		      : NULL;
	if (!text || im->no_memory || asprintf(&copy, "%s\n", text) < 0)
		copy = NULL;
	json_object_put(policy);
	return copy;
}

/* ---- the text */

/* Terraform writes null for what is not set. It becomes an empty list, which means the same here, in as many
 * bytes, so that places stay true. */
static void replace_nulls(char *text, size_t len)
{
	bool string = false;

	for (size_t i = 0; i < len; i++) {
		if (text[i] == '"')
			string = !string;
		else if (string && text[i] == '\\')
			i++;
		else if (!string && i + 4 <= len && !memcmp(text + i, "null", 4))
			memcpy(text + i, "[]  ", 4); /* NOLINT(bugprone-not-null-terminated-result): in place */
	}
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* A list of one policy becomes that policy. Where the policy begins, or the text if it has none. */
static size_t strip_list(char *text, size_t len)
{
	size_t start = 0, end = len;

	while (start < end && is_space(text[start]))
		start++;
	while (end > start && is_space(text[end - 1]))
		end--;
	if (end - start < 2 || text[start] != '[' || text[end - 1] != ']')
		return start;
	text[start] = text[end - 1] = ' ';
	while (start < end && is_space(text[start]))
		start++;
	return start;
}

/* Reads the policy, and says of a list of more what json-c cannot know. */
static int read_one(struct import *im, const char *copy, size_t start, struct json_object **root)
{
	bool list = memchr(im->text, '[', start);
	int r = json_read(copy, im->len, root, im->error);
	size_t at = 0;

	for (unsigned int line = 1; list && r == -EINVAL && line < im->error->line; line++)
		at = (size_t)((char *)memchr(copy + at, '\n', im->len - at) - copy) + 1;
	at += im->error->column - 1;
	if (list && r == -EINVAL && at < im->len && copy[at] == ',')
		r = json_fail(copy, im->len, at, im->error,
			      "expected one policy, got a list of more: import them one at a time");
	return r;
}

static int read_input(struct import *im, struct json_object **root)
{
	char *copy = malloc(im->len + 1);
	size_t start;
	int r;

	if (!copy)
		return -ENOMEM;
	memcpy(copy, im->text, im->len);
	copy[im->len] = '\0';
	start = strip_list(copy, im->len);
	replace_nulls(copy, im->len);
	if (copy[start] == '{')
		r = read_one(im, copy, start, root);
	else
		r = json_fail(im->text, im->len, start, im->error,
			      "expected a runtime policy of Aqua's: a JSON object {\"name\": …}, or a list of one");
	free(copy);
	return r;
}

/* The one member of an object. */
static int only_member(struct import *im, struct json_object *object, const char *path, const char *what,
		       const char **name, struct json_object **out)
{
	int r = aqua_expect(im, object, path, json_type_object, what);

	if (r < 0)
		return r;
	if (json_object_object_length(object) != 1)
		return import_fail(im, object, "%s: expected %s, got %d of them: import them one at a time", path,
				   what, json_object_object_length(object));
	json_object_object_foreach(object, key, member)
	{
		*name = key;
		*out = member;
	}
	return 0;
}

/* A configuration of Terraform's: {"resource": {TYPE: {NAME: POLICY}}}. */
static int unwrap(struct import *im, struct json_object **policy)
{
	struct json_object *object;
	const char *name = "";
	char buf[PATH_TEXT];
	int r;

	if (!json_object_object_get_ex(*policy, "resource", &object))
		return 0;
	r = only_member(im, object, "resource", "one type of resource", &name, &object);
	if (!r && strcmp(name, "aquasec_container_runtime_policy") != 0 &&
	    strcmp(name, "aquasec_function_runtime_policy") != 0)
		r = json_fail(
			im->text, im->len, json_key_offset(object), im->error,
			"resource.%s: expected aquasec_container_runtime_policy or aquasec_function_runtime_policy",
			quoted(name, buf));
	if (!r)
		r = only_member(im, object, "resource", "one policy", &name, &object);
	if (!r && !aqua_block(object))
		r = aqua_expect(im, object, quoted(name, buf), json_type_object, "a policy {…}");
	if (!r)
		*policy = aqua_block(object);
	return r;
}

static int import_text(struct import *im, struct aqua_import *out)
{
	struct json_object *root = NULL, *policy;
	int r = read_input(im, &root);

	if (r < 0)
		return r;
	policy = root;
	r = unwrap(im, &policy);
	if (!r)
		r = aqua_take(im, policy);
	if (!r) {
		conclude(im);
		out->policy = policy_text(im);
		out->missing = im->missing;
		r = out->policy ? 0 : -ENOMEM;
	}
	json_object_put(root);
	return r;
}

int aqua_import(const char *text, size_t len, const struct aqua_accounts *accounts, struct aqua_import *out,
		struct policy_error *error)
{
	struct import im = {.text = text, .len = len, .accounts = accounts, .error = error};
	struct aqua_import made = {0};
	size_t said_len;
	int r;

	memset(error, 0, sizeof(*error));
	im.said = open_memstream(&made.said, &said_len);
	r = im.said ? import_text(&im, &made) : -ENOMEM;
	if (im.said && fclose(im.said) && !r)
		r = -ENOMEM;
	for (size_t i = 0; i < LISTS; i++)
		json_object_put(im.list[i]);
	if (r == -ENOMEM)
		snprintf(error->text, sizeof(error->text), "out of memory");
	if (r < 0) {
		free(made.policy);
		free(made.said);
		return r;
	}
	*out = made;
	return 0;
}
