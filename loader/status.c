/* SPDX-License-Identifier: BSD-2-Clause */
/* `mantlet status`: read from what is pinned, so it needs no daemon. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "cgroup.h"
#include "cli.h"
#include "host.h"
#include "lock.h"
#include "persist.h"

static const char usage[] =
	"usage: mantlet status [--json] [--prove]\n"
	"\n"
	"Tells which policies are in force on this host, and on which containers.\n"
	"\n"
	"  --json   as JSON\n"
	"  --prove  send a canary: a child in a domain of its own is to be refused what its policy refuses\n"
	"\n"
	"Exit: 0 enforcement is on (and proven, if asked), 1 it is not.\n";

static void add_number(struct json_object *object, const char *key, uint64_t value)
{
	json_object_object_add(object, key, json_object_new_uint64(value));
}

static void add_text(struct json_object *object, const char *key, const char *value)
{
	json_object_object_add(object, key, value ? json_object_new_string(value) : NULL);
}

static struct json_object *policies_object(const struct programs *programs)
{
	struct json_object *list = json_object_new_array();

	for (uint32_t i = 0; i < OPEN_POLICY; i++) {
		const struct catalog *entry = programs_catalog(programs, i);
		struct json_object *object;
		struct host_image image;

		if (!entry->file[0])
			continue;
		host_image(programs, i, &image);
		object = json_object_new_object();
		add_text(object, "file", entry->file);
		add_text(object, "name", entry->name);
		add_number(object, "generation", image.generation);
		json_object_array_add(list, object);
	}
	return list;
}

static const char *policy_name(const struct programs *programs, uint32_t policy)
{
	if (policy == CLOSED_POLICY)
		return "(no slot: everything is refused)";
	return policy < OPEN_POLICY ? programs_catalog(programs, policy)->name : "(none: nothing is refused)";
}

static struct json_object *domain_object(const struct programs *programs, uint64_t cgroup, uint32_t slot,
					 const uint32_t *tasks, int cgroup2)
{
	struct json_object *object = json_object_new_object();
	struct domain_counts *counts = programs_counts(programs, slot);
	char *path = cgroup_path(cgroup2, cgroup);

	add_number(object, "id", cgroup);
	add_text(object, "cgroup", path);
	add_text(object, "policy", policy_name(programs, programs_domain(programs, slot)->policy));
	add_number(object, "tasks", tasks[slot]);
	add_number(object, "denied", __atomic_load_n(&counts->denied, __ATOMIC_RELAXED));
	add_number(object, "lost", __atomic_load_n(&counts->lost_ring, __ATOMIC_RELAXED));
	free(path);
	return object;
}

static struct json_object *domains_object(const struct programs *programs)
{
	struct json_object *list = json_object_new_array();
	uint32_t *tasks = calloc(DOMAIN_SLOTS, sizeof(*tasks)), slot;
	int cgroup2 = cgroup_open(NULL);
	uint64_t cgroup = 0;

	if (tasks)
		host_sweep(programs, tasks, NULL);
	while (tasks && !host_cgroup_next(programs, &cgroup, &slot))
		json_object_array_add(list, domain_object(programs, cgroup, slot, tasks, cgroup2));
	if (cgroup2 >= 0)
		close(cgroup2);
	free(tasks);
	return list;
}

static void print_list(struct json_object *list, const char *format_key)
{
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *object = json_object_array_get_idx(list, i);

		printf("  %s", json_object_get_string(json_object_object_get(object, format_key)));
		json_object_object_foreach(object, key, value)
		{
			if (strcmp(key, format_key))
				printf("  %s %s", key, value ? json_object_get_string(value) : "(gone)");
		}
		putchar('\n');
	}
}

/* Since the enforcement began. */
static void print_closed(struct json_object *status, const char *key, const char *why)
{
	uint64_t count = json_object_get_uint64(json_object_object_get(status, key));

	if (count)
		printf("containers that are refused everything, since %s for them: %" PRIu64 "\n", why, count);
}

static void print_text(struct json_object *status)
{
	struct json_object *policies = json_object_object_get(status, "policies");
	struct json_object *domains = json_object_object_get(status, "domains");
	struct json_object *proven = json_object_object_get(status, "proven");
	uint64_t daemon = json_object_get_uint64(json_object_object_get(status, "daemon"));

	printf("mode: lsm, Linux %s\n", json_object_get_string(json_object_object_get(status, "kernel")));
	if (daemon)
		printf("daemon: process %" PRIu64 "\n", daemon);
	else
		puts("daemon: not running; enforcement goes on without it");
	if (proven)
		printf("proven: %s\n",
		       json_object_get_boolean(proven) ? "yes, what a policy refuses was refused just now" : "NO");
	printf("policies: %zu\n", json_object_array_length(policies));
	print_list(policies, "file");
	printf("domains: %zu\n", json_object_array_length(domains));
	print_list(domains, "cgroup");
	print_closed(status, "closed", "no slot was left");
	print_closed(status, "unlisted", "no room was left in the kernel's map");
}

static int show(struct programs *programs, bool json, bool prove)
{
	struct json_object *status = json_object_new_object();
	struct fault fault = {0};
	struct utsname host;
	int r = prove ? programs_prove(programs, &fault) : 0;

	uname(&host);
	add_text(status, "mode", "lsm");
	add_text(status, "kernel", host.release);
	add_number(status, "daemon", lock_holder());
	if (prove)
		json_object_object_add(status, "proven", json_object_new_boolean(!r));
	json_object_object_add(status, "policies", policies_object(programs));
	json_object_object_add(status, "domains", domains_object(programs));
	add_number(status, "closed", programs_host(programs)->closed);
	add_number(status, "unlisted", programs_host(programs)->unlisted);
	if (json)
		puts(json_object_to_json_string_ext(status, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	else
		print_text(status);
	json_object_put(status);
	if (!r && !programs_host(programs)->live)
		r = fault_set(&fault, EAGAIN,
			      "the daemon was ended before it knew the containers: none is guarded; "
			      "start mantlet daemon");
	return r < 0 ? say(1, "%s", fault.text) : 0;
}

int command_status(int argc, char **argv)
{
	static const struct option options[] = {{"help", no_argument, NULL, 'h'},
						{"json", no_argument, NULL, 'j'},
						{"prove", no_argument, NULL, 'p'},
						{0}};
	bool json = false, prove = false;
	struct programs *programs;
	struct fault fault;
	int option, code;

	while ((option = getopt_long(argc, argv, "h", options, NULL)) >= 0) {
		if (option == 'h')
			return fputs(usage, stdout) < 0;
		if (option == '?')
			return EXIT_USAGE;
		*(option == 'j' ? &json : &prove) = true;
	}
	if (argv[optind])
		return say(EXIT_USAGE, "status: %s: takes no arguments; see mantlet status --help", argv[optind]);
	if (persist_look(&programs, &fault) < 0)
		return say(1, "%s", fault.text);
	code = show(programs, json, prove);
	programs_close(programs);
	return code;
}
