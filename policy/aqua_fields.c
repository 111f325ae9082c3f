/* SPDX-License-Identifier: BSD-2-Clause */
/* What each field means is in the tables; a field that is in none is said to be missing. */
#include "aqua_fields.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include "cidr.h"

static const char *const list_names[LISTS] = {
	[EXEC_ALLOW] = "exec.allow",        [EXEC_DENY] = "exec.deny",        [PORTS] = "connect.deny",
	[UID_ALLOW] = "identity.uid.allow", [UID_DENY] = "identity.uid.deny", [GID_ALLOW] = "identity.gid.allow",
	[GID_DENY] = "identity.gid.deny",
};

/* A field. take() fills the import from its value; else it is a block with fields of its own; else lost says
 * why it has no counterpart; else it says nothing of what is enforced. */
struct field {
	const char *name;
	int (*take)(struct import *im, struct json_object *value, const char *path);
	const struct field *block;
	const char *lost;
};

void aqua_say(struct import *im, const char *kind, const char *format, ...)
{
	va_list args;

	im->missing += strcmp(kind, "note") != 0;
	fprintf(im->said, "%s: ", kind);
	va_start(args, format);
	vfprintf(im->said, format, args);
	va_end(args);
	fputc('\n', im->said);
}

static const char *type_name(const struct import *im, struct json_object *value)
{
	static const char *const names[] = {
		[json_type_boolean] = "true or false", [json_type_double] = "a fraction",
		[json_type_int] = "a number",          [json_type_object] = "an object",
		[json_type_array] = "a list",          [json_type_string] = "a string",
	};

	return im->text[json_offset(value)] == 'n' ? "null" : names[json_object_get_type(value)];
}

int aqua_expect(struct import *im, struct json_object *value, const char *path, enum json_type type, const char *what)
{
	if (json_object_is_type(value, type))
		return 0;
	return import_fail(im, value, "%s: expected %s, got %s", path, what, type_name(im, value));
}

static bool is_unset(struct json_object *value)
{
	return json_object_is_type(value, json_type_array) && !json_object_array_length(value);
}

struct json_object *aqua_block(struct json_object *value)
{
	if (json_object_is_type(value, json_type_array) && json_object_array_length(value) == 1)
		value = json_object_array_get_idx(value, 0);
	return json_object_is_type(value, json_type_object) ? value : NULL;
}

/* Is it in effect there? */
static bool is_active(struct json_object *value)
{
	struct json_object *block = aqua_block(value), *enabled;

	if (block && json_object_object_get_ex(block, "enabled", &enabled))
		return json_object_get_boolean(enabled);
	if (json_object_is_type(value, json_type_object))
		return json_object_object_length(value) > 0;
	if (json_object_is_type(value, json_type_array))
		return !is_unset(value);
	if (json_object_is_type(value, json_type_string))
		return json_object_get_string_len(value) > 0;
	return json_object_get_double(value) != 0;
}

/* ---- lists of the policy */

void aqua_add(struct import *im, enum list list, struct json_object *element)
{
	if (!im->list[list])
		im->list[list] = json_object_new_array();
	if (im->list[list] && element && !json_object_array_add(im->list[list], element))
		return;
	im->no_memory = true;
	json_object_put(element);
}

/* The list is there, even if nothing is added to it: an allow list without members allows nothing. */
static void begin(struct import *im, enum list list)
{
	if (!im->list[list] && !(im->list[list] = json_object_new_array()))
		im->no_memory = true;
}

/* take() for each member of a list. */
static int each(struct import *im, struct json_object *value, const char *path, enum list list,
		int (*take)(struct import *im, struct json_object *member, const char *path, enum list list))
{
	char member_path[PATH_TEXT];
	int r = aqua_expect(im, value, path, json_type_array, "a list […]");

	if (r < 0)
		return r;
	if (is_unset(value)) {
		if (im->text[json_offset(value)] == '[')
			say_note(im, "%s: an empty list: taken as no restriction", path);
		return 0;
	}
	begin(im, list);
	for (size_t i = 0; i < json_object_array_length(value) && !r; i++) {
		snprintf(member_path, sizeof(member_path), "%s[%zu]", path, i);
		r = take(im, json_object_array_get_idx(value, i), member_path, list);
	}
	return r;
}

/* ---- programs */

/* Appends a path or name of Aqua's as a pattern. There * is the one wildcard, and it is not told what of /: in
 * a deny list it is any run of bytes, in an allow list any but /. */
static void put_pattern(FILE *out, const char *text, bool deny)
{
	for (; *text; text++) {
		if (*text == '*') {
			while (text[1] == '*')
				text++;
			fputs(deny ? "**" : "*", out);
			continue;
		}
		if (strchr("?[\\", *text))
			fputc('\\', out);
		fputc(*text, out);
	}
}

static void add_pattern(struct import *im, enum list list, const char *before, const char *text)
{
	char *pattern = NULL;
	size_t len;
	FILE *out = open_memstream(&pattern, &len);

	if (!out) {
		im->no_memory = true;
		return;
	}
	fputs(before, out);
	put_pattern(out, text, list == EXEC_DENY);
	if (!fclose(out))
		aqua_add(im, list, json_object_new_string_len(pattern, (int)len));
	else
		im->no_memory = true;
	free(pattern);
}

/* Why a text can name no program; NULL: it can. */
static const char *program_fault(const char *text)
{
	size_t len = strlen(text), stars = strspn(text, "*");

	if (!len)
		return "names no program";
	if (strchr(text, '\\'))
		return "a path of Windows";
	if (text[len - 1] == '/')
		return "a directory: name the programs, or end it in \"**\" by hand";
	if (*text != '/' && strchr(text, '/') && !(stars && text[stars] == '/'))
		return "neither a name nor an absolute path";
	return NULL;
}

static int take_program(struct import *im, struct json_object *value, const char *path, enum list list)
{
	int r = aqua_expect(im, value, path, json_type_string, "a program's path or name in quotes");
	const char *text, *why;
	char buf[PATH_TEXT];

	if (r < 0)
		return r;
	text = json_object_get_string(value);
	why = program_fault(text);
	if (why) {
		say_lost(im, "%s: \"%s\": %s", path, quoted(text, buf), why);
		return 0;
	}
	if (strchr(text, '*'))
		say_note(im, "%s: \"%s\": * is taken as any run of bytes%s", path, quoted(text, buf),
			 list == EXEC_DENY ? "" : " but /");
	if (*text == '/') {
		add_pattern(im, list, "", text);
		return 0;
	}
	if (list == EXEC_ALLOW)
		say_note(im, "%s: \"%s\": is allowed in any directory: better write its path", path,
			 quoted(text, buf));
	if (strchr(text, '/')) /* "*" and a path */
		text += strspn(text, "*") + 1;
	add_pattern(im, list, "/", text);
	add_pattern(im, list, "/**/", text);
	return 0;
}

static int take_allowed(struct import *im, struct json_object *value, const char *path)
{
	return each(im, value, path, EXEC_ALLOW, take_program);
}

static int take_denied(struct import *im, struct json_object *value, const char *path)
{
	return each(im, value, path, EXEC_DENY, take_program);
}

/* ---- ports */

static int take_port(struct import *im, struct json_object *value, const char *path, enum list list)
{
	bool typed = json_object_is_type(value, json_type_string) || json_object_is_type(value, json_type_int);
	const char *text = typed ? json_object_get_string(value) : "", *p = text, *why;
	struct policy_range range;
	char buf[PATH_TEXT];
	__u32 port;

	if (number_parse(&p, 65535, &port) && !*p)
		aqua_add(im, list, json_object_new_int64(port));
	else if (!range_parse(text, 65535, &range, &why))
		aqua_add(im, list, json_object_new_string(text));
	else if (typed)
		return import_fail(im, value,
				   "%s: expected a port from 0 to 65535 or a range such as \"8000-8999\", got \"%s\"",
				   path, quoted(text, buf));
	else
		return import_fail(im, value,
				   "%s: expected a port from 0 to 65535 or a range such as \"8000-8999\", got %s",
				   path, type_name(im, value));
	return 0;
}

static int take_ports(struct import *im, struct json_object *value, const char *path)
{
	return each(im, value, path, PORTS, take_port);
}

/* ---- users and groups */

/* The id that follows "NAME:…:" in a passwd or group. */
static bool find_account(const char *table, const char *name, __u32 *id)
{
	size_t len = strlen(name);

	for (const char *line = table; line && *line; line = strchr(line, '\n')) {
		const char *password;

		line += *line == '\n';
		if (strncmp(line, name, len) != 0 || line[len] != ':')
			continue;
		password = line + len + 1;
		password += strcspn(password, ":\n");
		if (*password++ == ':' && number_parse(&password, UINT32_MAX, id) && *password == ':')
			return true;
	}
	return false;
}

static bool find_id(const struct import *im, const char *name, bool group, __u32 *id)
{
	const char *p = name;

	*id = 0;
	if (!strcmp(name, "root"))
		return true;
	if (number_parse(&p, UINT32_MAX, id) && !*p)
		return true;
	return find_account(group ? im->accounts->group : im->accounts->passwd, name, id);
}

static int take_account(struct import *im, struct json_object *value, const char *path, enum list list)
{
	bool group = list == GID_ALLOW || list == GID_DENY, number = json_object_is_type(value, json_type_int);
	const char *name;
	char buf[PATH_TEXT];
	__u32 id;
	int r = number ? 0 : aqua_expect(im, value, path, json_type_string, "a name or an id in quotes");

	if (r < 0)
		return r;
	name = json_object_get_string(value);
	if (find_id(im, name, group, &id))
		aqua_add(im, list, json_object_new_int64(id));
	else if (number)
		return import_fail(im, value, "%s: expected an id from 0 to %u, got %s", path, UINT32_MAX, name);
	else
		say_lost(im, "%s: \"%s\": a name: add its id to %s, or give the image's file with --%s", path,
			 quoted(name, buf), list_names[list], group ? "group" : "passwd");
	return 0;
}

static int take_users_allowed(struct import *im, struct json_object *value, const char *path)
{
	return each(im, value, path, UID_ALLOW, take_account);
}

static int take_groups_allowed(struct import *im, struct json_object *value, const char *path)
{
	return each(im, value, path, GID_ALLOW, take_account);
}

static int take_users_denied(struct import *im, struct json_object *value, const char *path)
{
	return each(im, value, path, UID_DENY, take_account);
}

static int take_groups_denied(struct import *im, struct json_object *value, const char *path)
{
	return each(im, value, path, GID_DENY, take_account);
}

/* ---- what is true or false */

static int take_bool(struct import *im, struct json_object *value, const char *path, bool *out)
{
	int r = is_unset(value) ? 0 : aqua_expect(im, value, path, json_type_boolean, "true or false");

	if (!r)
		*out = *out || (json_object_is_type(value, json_type_boolean) && json_object_get_boolean(value));
	return r;
}

static int take_enforce(struct import *im, struct json_object *value, const char *path)
{
	return take_bool(im, value, path, &im->enforce);
}

static int take_enabled(struct import *im, struct json_object *value, const char *path)
{
	bool on = false;
	int r = take_bool(im, value, path, &on);

	im->off = !on;
	return r;
}

static int take_drift(struct import *im, struct json_object *value, const char *path)
{
	return take_bool(im, value, path, &im->drift);
}

static int take_fileless(struct import *im, struct json_object *value, const char *path)
{
	return take_bool(im, value, path, &im->fileless);
}

static int take_setid(struct import *im, struct json_object *value, const char *path)
{
	int r = take_bool(im, value, path, &im->setid);

	if (!r && im->setid)
		say_note(im, "%s: a program that would gain a privilege is refused, not run without it", path);
	return r;
}

static int take_no_root(struct import *im, struct json_object *value, const char *path)
{
	bool on = false;
	int r = take_bool(im, value, path, &on);

	if (on) {
		im->no_root = true;
		aqua_say(im, "in part", "%s: becoming root is refused; a container that is started as root is not",
			 path);
	}
	return r;
}

static int take_log_exec(struct import *im, struct json_object *value, const char *path)
{
	return take_bool(im, value, path, &im->log_exec);
}

static int take_log_connect(struct import *im, struct json_object *value, const char *path)
{
	return take_bool(im, value, path, &im->log_connect);
}

static int take_tmp(struct import *im, struct json_object *value, const char *path)
{
	bool on = false;
	int r = take_bool(im, value, path, &on);

	if (on)
		aqua_add(im, EXEC_DENY, json_object_new_string("/tmp/**"));
	return r;
}

static int take_name(struct import *im, struct json_object *value, const char *path)
{
	int r = is_unset(value) ? 0 : aqua_expect(im, value, path, json_type_string, "a name in quotes");

	if (!r && json_object_is_type(value, json_type_string))
		im->name = json_object_get_string(value);
	return r;
}

/* ---- the tables */

#define FILES "Mantlet does not judge access to files"
#define IMAGES "Mantlet does not judge which images may run"
#define START "Mantlet does not judge how a container is started: set it in the task definition"
#define THREATS "Mantlet has no list of threats"
#define SCOPE "write \"match\" by hand; until then the policy is for every container that it is given to"
#define INBOUND "Mantlet does not judge inbound"
#define LOGINS "Mantlet reports the ids that a task takes, not logins"
#define ARGUMENTS "Mantlet does not report arguments"
#define ENTRY "a program that enters the container is judged as all others are"
#define WINDOWS "for Windows"
#define NO_DRIFT_LIST "drift exempts mount points, not programs: see exec.trusted_mounts"

static const struct field allowed_executables[] = {
	{.name = "allow_executables", .take = take_allowed},
	{.name = "allow_root_executables",
	 .lost = "Mantlet's rules are the same for all users: add to exec.allow what all may run"},
	{.name = "separate_executables"},
	{.name = NULL},
};

static const struct field executable_blacklist[] = {
	{.name = "executables", .take = take_denied},
	{.name = NULL},
};

static const struct field drift_prevention[] = {
	{.name = "exec_lockdown", .take = take_drift},
	{.name = "exec_lockdown_white_list", .lost = NO_DRIFT_LIST},
	{.name = "image_lockdown", .lost = IMAGES},
	{.name = "prevent_privileged", .lost = START},
	{.name = NULL},
};

static const struct field port_block[] = {
	{.name = "block_outbound_ports", .take = take_ports},
	{.name = "block_inbound_ports", .lost = INBOUND},
	{.name = NULL},
};

static const struct field whitelisted_os_users[] = {
	{.name = "user_white_list", .take = take_users_allowed},
	{.name = "group_white_list", .take = take_groups_allowed},
	{.name = NULL},
};

static const struct field blacklisted_os_users[] = {
	{.name = "user_black_list", .take = take_users_denied},
	{.name = "group_black_list", .take = take_groups_denied},
	{.name = NULL},
};

static const struct field limit_container_privileges[] = {
	{.name = "prevent_root_user", .take = take_no_root},
	{.name = "privileged", .lost = START},
	{.name = "netmode", .lost = START},
	{.name = "pidmode", .lost = START},
	{.name = "utsmode", .lost = START},
	{.name = "usermode", .lost = START},
	{.name = "ipcmode", .lost = START},
	{.name = "use_host_user", .lost = START},
	{.name = "block_add_capabilities", .lost = START},
	{.name = "prevent_low_port_binding", .lost = INBOUND},
	{.name = NULL},
};

static const struct field auditing[] = {
	{.name = "audit_all_processes", .take = take_log_exec},
	{.name = "audit_all_network", .take = take_log_connect},
	{.name = "audit_process_cmdline", .lost = ARGUMENTS},
	{.name = "audit_os_user_activity", .lost = LOGINS},
	{.name = "audit_success_login", .lost = LOGINS},
	{.name = "audit_failed_login", .lost = LOGINS},
	{.name = "audit_user_account_management", .lost = LOGINS},
	{.name = NULL},
};

static const struct field policy_fields[] = {
	{.name = "name", .take = take_name},
	{.name = "enabled", .take = take_enabled},
	{.name = "enforce", .take = take_enforce},
	{.name = "enforce_after_days", .lost = "set \"mode\" to \"enforce\" by hand when the days are over"},
	{.name = "allowed_executables", .take = take_allowed, .block = allowed_executables},
	{.name = "executable_blacklist", .take = take_denied, .block = executable_blacklist},
	{.name = "blocked_executables", .take = take_denied},
	{.name = "block_running_executables_in_tmp_folder", .take = take_tmp},
	{.name = "drift_prevention", .block = drift_prevention},
	{.name = "exec_lockdown_white_list", .lost = NO_DRIFT_LIST},
	{.name = "block_fileless_exec", .take = take_fileless},
	{.name = "port_block", .block = port_block},
	{.name = "blocked_outbound_ports", .take = take_ports},
	{.name = "blocked_inbound_ports", .lost = INBOUND},
	{.name = "block_low_port_binding", .lost = INBOUND},
	{.name = "whitelisted_os_users", .block = whitelisted_os_users},
	{.name = "blacklisted_os_users", .block = blacklisted_os_users},
	{.name = "block_root_user", .take = take_no_root},
	{.name = "no_new_privileges", .take = take_setid},
	{.name = "limit_container_privileges", .block = limit_container_privileges},
	{.name = "auditing", .block = auditing},
	{.name = "audit_all_processes_activity", .take = take_log_exec},
	{.name = "audit_all_network_activity", .take = take_log_connect},
	{.name = "audit_full_command_arguments", .lost = ARGUMENTS},
	{.name = "audit_brute_force_login", .lost = LOGINS},

	{.name = "allowed_registries", .lost = IMAGES},
	{.name = "block_disallowed_images", .lost = IMAGES},
	{.name = "block_non_compliant_images", .lost = IMAGES},
	{.name = "block_non_compliant_workloads", .lost = IMAGES},
	{.name = "block_non_k8s_containers", .lost = IMAGES},
	{.name = "failed_kubernetes_checks", .lost = IMAGES},
	{.name = "only_registered_images", .lost = IMAGES},
	{.name = "block_access_host_network", .lost = START},
	{.name = "block_adding_capabilities", .lost = START},
	{.name = "block_privileged_containers", .lost = START},
	{.name = "block_use_ipc_namespace", .lost = START},
	{.name = "block_use_pid_namespace", .lost = START},
	{.name = "block_use_user_namespace", .lost = START},
	{.name = "block_use_uts_namespace", .lost = START},
	{.name = "blocked_capabilities", .lost = START},
	{.name = "linux_capabilities", .lost = START},
	{.name = "prevent_override_default_config", .lost = START},
	{.name = "blocked_volumes", .lost = START},
	{.name = "restricted_volumes", .lost = START},
	{.name = "block_container_exec", .lost = ENTRY},
	{.name = "container_exec", .lost = ENTRY},
	{.name = "container_exec_allowed_processes", .lost = ENTRY},
	{.name = "blocked_files", .lost = FILES},
	{.name = "blocked_packages", .lost = FILES},
	{.name = "file_block", .lost = FILES},
	{.name = "file_integrity_monitoring", .lost = FILES},
	{.name = "package_block", .lost = FILES},
	{.name = "readonly_files", .lost = FILES},
	{.name = "system_integrity_protection", .lost = FILES},
	{.name = "monitor_system_time_changes", .lost = "Mantlet does not judge the clock"},
	{.name = "readonly_registry", .lost = WINDOWS},
	{.name = "registry_access_monitoring", .lost = WINDOWS},
	{.name = "block_cryptocurrency_mining", .lost = THREATS},
	{.name = "block_malicious_executables", .lost = THREATS},
	{.name = "block_malicious_executables_allowed_processes", .lost = THREATS},
	{.name = "block_reverse_shell", .lost = THREATS},
	{.name = "enable_crypto_mining_dns", .lost = THREATS},
	{.name = "enable_ip_reputation", .lost = THREATS},
	{.name = "enable_port_scan_protection", .lost = THREATS},
	{.name = "malware_scan_options", .lost = THREATS},
	{.name = "reverse_shell", .lost = THREATS},
	{.name = "honeypot_access_key", .lost = THREATS},
	{.name = "honeypot_apply_on", .lost = THREATS},
	{.name = "honeypot_secret_key", .lost = THREATS},
	{.name = "honeypot_serverless_app_name", .lost = THREATS},
	{.name = "tripwire", .lost = THREATS},
	{.name = "enable_fork_guard", .lost = "Mantlet does not count processes"},
	{.name = "fork_guard_process_limit", .lost = "Mantlet does not count processes"},
	{.name = "application_scopes", .lost = SCOPE},
	{.name = "bypass_scope", .lost = SCOPE},
	{.name = "exclude_application_scopes", .lost = SCOPE},
	{.name = "scope", .lost = SCOPE},
	{.name = "scope_expression", .lost = SCOPE},
	{.name = "scope_variables", .lost = SCOPE},
	{.name = "default_security_profile", .lost = "name what it holds in a policy of its own"},

	{.name = "author"},
	{.name = "created"},
	{.name = "cve"},
	{.name = "description"},
	{.name = "digest"},
	{.name = "enforce_scheduler_added_on"},
	{.name = "id"},
	{.name = "image_name"},
	{.name = "is_audit_checked"},
	{.name = "is_auto_generated"},
	{.name = "is_ootb_policy"},
	{.name = "lastupdate"},
	{.name = "permission"},
	{.name = "registry"},
	{.name = "repo_name"},
	{.name = "resource_name"},
	{.name = "resource_type"},
	{.name = "runtime_mode"},
	{.name = "runtime_type"},
	{.name = "type"},
	{.name = "updated"},
	{.name = "version"},
	{.name = "vpatch_version"},
	{.name = NULL},
};

static int take_fields(struct import *im, struct json_object *object, const char *path, const struct field *fields);

static int expect_enabled(struct import *im, struct json_object *enabled, const char *path)
{
	char enabled_path[PATH_TEXT + 16];

	snprintf(enabled_path, sizeof(enabled_path), "%s.enabled", path);
	return aqua_expect(im, enabled, enabled_path, json_type_boolean, "true or false");
}

static int take_block(struct import *im, struct json_object *value, const char *path, const struct field *fields)
{
	struct json_object *block = aqua_block(value), *enabled;
	int r = 0;

	if (is_unset(value) || (block && !json_object_object_length(block)))
		return 0;
	if (!block && json_object_is_type(value, json_type_array))
		return import_fail(im, value, "%s: expected one block, got a list of %zu", path,
				   json_object_array_length(value));
	if (!block)
		return aqua_expect(im, value, path, json_type_object, "a block {…}");
	if (!json_object_object_get_ex(block, "enabled", &enabled) || is_unset(enabled))
		say_note(im, "%s: does not say \"enabled\": taken as enabled", path);
	else
		r = expect_enabled(im, enabled, path);
	if (r < 0)
		return r;
	if (!is_active(block)) {
		say_note(im, "%s: is not enabled there: left out", path);
		return 0;
	}
	return take_fields(im, block, path, fields);
}

/* A field that was a list of strings before it became a block is one still, where it holds strings. */
static bool is_strings(struct json_object *value)
{
	return json_object_is_type(value, json_type_array) && !is_unset(value) &&
	       json_object_is_type(json_object_array_get_idx(value, 0), json_type_string);
}

static int take_field(struct import *im, struct json_object *value, const char *path, const struct field *field)
{
	if (field->block && !(field->take && is_strings(value)))
		return take_block(im, value, path, field->block);
	if (field->take)
		return field->take(im, value, path);
	if (field->lost && is_active(value))
		say_lost(im, "%s: %s", path, field->lost);
	return 0;
}

static int take_fields(struct import *im, struct json_object *object, const char *path, const struct field *fields)
{
	char member_path[PATH_TEXT], short_name[64];
	int r = 0;

	json_object_object_foreach(object, name, member)
	{
		const struct field *field = fields;

		snprintf(member_path, sizeof(member_path), "%s%s%s", path, *path ? "." : "",
			 quote_text(name, strlen(name), short_name, sizeof(short_name)));
		while (field->name && strcmp(field->name, name) != 0)
			field++;
		if (field->name)
			r = take_field(im, member, member_path, field);
		else if (is_active(member) && !(*path && !strcmp(name, "enabled")))
			say_lost(im, "%s: is not known to this import", member_path);
		if (r < 0)
			break;
	}
	return r;
}

int aqua_take(struct import *im, struct json_object *policy)
{
	return take_fields(im, policy, "", policy_fields);
}
