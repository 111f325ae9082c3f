/* SPDX-License-Identifier: BSD-2-Clause */
/* `mantlet probe`, and the faces of probe.h that try a mode as a whole. */
#include "probe.h"

#include <errno.h>
#include <getopt.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "capability.h"
#include "cli.h"

static const char usage[] =
	"usage: mantlet probe [--json]\n"
	"\n"
	"Tries, one by one, what enforcing needs on this machine; says what is missing, why, what to do about\n"
	"it, and which mode `mantlet run` would take. Changes nothing. Run it where the command would run.\n"
	"\n"
	"  --json  one JSON object\n"
	"\n"
	"Exit: 0 if some mode works, 1 if none does, 125 if it could not be tried, 2 usage.\n";

static const struct mode {
	const char *name;
	const struct probe_check *checks;
} modes[] = {
	{"lsm", probe_lsm_checks},
	{"seccomp", probe_seccomp_checks},
};

#define MODES (sizeof(modes) / sizeof(*modes))
#define CHECKS_MAX 16

/* What was found of one mode. */
struct report {
	bool works;
	struct probe_finding findings[CHECKS_MAX];
};

static const char *const status_words[] = {
	[PROBE_OK] = "ok",
	[PROBE_LACKS] = "no",
	[PROBE_UNKNOWN] = "?",
};

_Static_assert(sizeof(status_words) / sizeof(*status_words) == PROBE_STATUSES, "a word for each status");

void probe_found(struct probe_finding *finding, enum probe_status status, const char *remedy, const char *format, ...)
{
	va_list args;

	finding->status = status;
	snprintf(finding->remedy, sizeof(finding->remedy), "%s", remedy);
	va_start(args, format);
	vsnprintf(finding->found, sizeof(finding->found), format, args);
	va_end(args);
}

/* The first required thing that is missing, before the canary that comes of it. */
static int explain(const struct probe_check *checks, int (*canary)(struct fault *), struct fault *fault)
{
	struct probe_finding finding;
	int r = canary(fault);

	for (; r < 0 && checks[1].name; checks++) {
		if (!checks->required)
			continue;
		checks->check(&finding);
		if (finding.status == PROBE_LACKS)
			return fault_set(fault, -r, "%s%s%s", finding.found, finding.remedy[0] ? ": " : "",
					 finding.remedy);
	}
	return r;
}

static int silent(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

int probe_lsm(struct fault *fault)
{
	libbpf_print_fn_t before = libbpf_set_print(silent);
	int r = explain(probe_lsm_checks, probe_lsm_canary, fault);

	libbpf_set_print(before);
	return r;
}

int probe_seccomp(struct fault *fault)
{
	struct probe_finding finding;

	capability_raise(CAP_SYS_PTRACE);
	/* the canary does not need it, but an exec does */
	for (const struct probe_check *check = probe_seccomp_checks; check->name; check++) {
		if (!check->required)
			continue;
		check->check(&finding);
		if (finding.status == PROBE_LACKS)
			return fault_set(fault, ENOTSUP, "%s%s%s", finding.found, finding.remedy[0] ? ": " : "",
					 finding.remedy);
	}
	return 0;
}

static void try_mode(const struct mode *mode, struct report *report)
{
	report->works = true;
	for (size_t i = 0; mode->checks[i].name; i++) {
		mode->checks[i].check(&report->findings[i]);
		/* what could not be tried is no proof of anything; the canary is, and comes last of those */
		if (mode->checks[i].required && report->findings[i].status == PROBE_LACKS)
			report->works = false;
	}
}

static const char *auto_mode(const struct report *reports)
{
	for (size_t m = 0; m < MODES; m++)
		if (reports[m].works)
			return modes[m].name;
	return NULL;
}

/* Why: what the canary of the mode saw, and the first thing that the mode before it lacks. */
static void auto_because(const struct report *reports, char *text, size_t size)
{
	size_t used = 0;

	for (size_t m = 0; m < MODES; m++) {
		const struct probe_finding *finding = reports[m].findings;

		for (size_t i = 0; modes[m].checks[i].name; i++) {
			const struct probe_check *check = &modes[m].checks[i];
			bool tells = reports[m].works ? !strcmp(check->name, "verdict")
						      : check->required && finding[i].status == PROBE_LACKS;

			if (!tells)
				continue;
			used += snprintf(text + used, size - used, "%s%s: %s", m ? "; " : "", modes[m].name,
					 finding[i].found);
			break;
		}
		if (reports[m].works || used >= size)
			return;
	}
}

static void print_text(const struct report *reports)
{
	const char *name = auto_mode(reports);
	char because[512] = "";

	for (size_t m = 0; m < MODES; m++) {
		printf("%s: %s\n", modes[m].name, reports[m].works ? "works" : "does not work");
		for (size_t i = 0; modes[m].checks[i].name; i++) {
			const struct probe_finding *finding = &reports[m].findings[i];

			printf("  %-2s  %-18s  %s\n", status_words[finding->status], modes[m].checks[i].name,
			       finding->found);
			if (finding->remedy[0])
				printf("                          -> %s%s\n", finding->remedy,
				       modes[m].checks[i].required ? "" : " (optional)");
		}
	}
	auto_because(reports, because, sizeof(because));
	if (name)
		printf("auto would take %s: %s\n", name, because);
	else
		printf("auto would refuse to start: %s\n", because);
}

static struct json_object *mode_object(const struct mode *mode, const struct report *report)
{
	struct json_object *object = json_object_new_object(), *checks = json_object_new_array();

	json_object_object_add(object, "works", json_object_new_boolean(report->works));
	for (size_t i = 0; mode->checks[i].name; i++) {
		const struct probe_finding *finding = &report->findings[i];
		struct json_object *check = json_object_new_object();

		json_object_object_add(check, "name", json_object_new_string(mode->checks[i].name));
		json_object_object_add(check, "status", json_object_new_string(status_words[finding->status]));
		json_object_object_add(check, "required", json_object_new_boolean(mode->checks[i].required));
		json_object_object_add(check, "found", json_object_new_string(finding->found));
		if (finding->remedy[0])
			json_object_object_add(check, "remedy", json_object_new_string(finding->remedy));
		json_object_array_add(checks, check);
	}
	json_object_object_add(object, "checks", checks);
	return object;
}

static void print_json(const struct report *reports)
{
	struct json_object *object = json_object_new_object();
	const char *name = auto_mode(reports);
	char because[512] = "";

	auto_because(reports, because, sizeof(because));
	json_object_object_add(object, "v", json_object_new_int(1));
	for (size_t m = 0; m < MODES; m++)
		json_object_object_add(object, modes[m].name, mode_object(&modes[m], &reports[m]));
	json_object_object_add(object, "auto", name ? json_object_new_string(name) : NULL);
	json_object_object_add(object, "because", json_object_new_string(because));
	puts(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(object);
}

static int probe(bool json)
{
	struct report reports[MODES];

	memset(reports, 0, sizeof(reports));
	libbpf_set_print(silent);
	for (size_t m = 0; m < MODES; m++)
		try_mode(&modes[m], &reports[m]);
	(json ? print_json : print_text)(reports);
	if (fflush(stdout))
		return say(EXIT_MANTLET, "probe: the report cannot be written");
	return auto_mode(reports) ? 0 : 1;
}

int command_probe(int argc, char **argv)
{
	static const struct option options[] = {
		{"json", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'}, {0}};
	bool json = false;
	int option;

	while ((option = getopt_long(argc, argv, "+:h", options, NULL)) >= 0) {
		if (option == 'h')
			return fputs(usage, stdout) < 0;
		if (option != 'j')
			return say(EXIT_USAGE, "probe: unknown option %s; see mantlet probe --help",
				   argv[optind - 1]);
		json = true;
	}
	if (optind < argc)
		return say(EXIT_USAGE, "probe: takes no arguments; see mantlet probe --help");
	capability_raise(CAP_SYS_PTRACE);
	return probe(json);
}
