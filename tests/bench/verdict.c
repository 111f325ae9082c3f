/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * usage: verdict-bench exec|connect|uid RULES TIMES [--kernel]
 * Compiles a policy with that many rules, and asks for the verdict TIMES times on what a rule early in the list
 * allows, what a late one allows, and what nothing matches. asked() is the only part whose instructions are to be
 * counted. With --kernel the kernel is asked instead (tests/parity/), and the clock counts.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "policy/policy.h"
#include "tests/parity/kernel.h"

#define ASKED 3
#define PATTERNS(rules) ((rules) / 50 + 1)

/* Of 60 bytes: a literal rule, a pattern, and none. */
static const char *const paths[ASKED] = {
	"/usr/lib/package-00000/bin/a-program-with-a-name-of-00000000",
	"/srv/data/app-00000/releases/current/bin/worker-process-0001",
	"/home/somebody/downloads/a-program-that-no-rule-speaks-of-xx",
};

struct verdict asked(const struct image_cell *image, const struct ask_question *question, const char *path);

__attribute__((noinline)) struct verdict asked(const struct image_cell *image, const struct ask_question *question,
					       const char *path)
{
	return question->kind == IMAGE_EXEC ? verdict_exec(image, path, strlen(paths[0]))
					    : ask_number(image, question);
}

static char *exec_text(char *at, int rules)
{
	at += sprintf(at, "{\"exec\": {\"allow\": [");
	for (int i = 0; i < rules; i++)
		at += sprintf(at, "\"/usr/lib/package-%05d/bin/a-program-with-a-name-of-%08d\",", i, i);
	for (int i = 0; i < PATTERNS(rules); i++)
		at += sprintf(at, "%s\"/srv/data/app-%05d/**\"", i ? "," : "", i);
	return at + sprintf(at, "]}}");
}

/* Every second address, so that none can be merged with the next. */
static __u32 peer_address(int rule)
{
	return (10u << 24) + 2 * (__u32)rule;
}

static char *connect_text(char *at, int rules)
{
	at += sprintf(at, "{\"connect\": {\"allow\": [");
	for (int i = 0; i < rules; i++) {
		__u32 a = peer_address(i);

		at += sprintf(
			at, "%s{\"cidr\": \"%u.%u.%u.%u/32\", \"ports\": [%d, \"8000-8999\"], \"protocol\": \"tcp\"}",
			i ? "," : "", a >> 24, a >> 16 & 255, a >> 8 & 255, a & 255, 400 + i % 100);
	}
	return at + sprintf(at, "]}}");
}

static char *uid_text(char *at, int rules)
{
	at += sprintf(at, "{\"identity\": {\"uid\": {\"allow\": [");
	for (int i = 0; i < rules; i++)
		at += sprintf(at, "%s\"%d-%d\"", i ? "," : "", 10 * i, 10 * i + 4);
	return at + sprintf(at, "]}}}");
}

static void exec_questions(struct ask_question *question, int rules)
{
	(void)rules;
	for (int i = 0; i < ASKED; i++)
		question[i].kind = IMAGE_EXEC;
}

static void connect_questions(struct ask_question *question, int rules)
{
	const __u32 address[ASKED] = {peer_address(0), peer_address(rules - 1), peer_address(rules / 2) + 1};

	for (int i = 0; i < ASKED; i++)
		question[i] =
			(struct ask_question){.kind = IMAGE_TCP, .number = 8080, .address = verdict_ipv4(address[i])};
}

static void uid_questions(struct ask_question *question, int rules)
{
	const __u32 id[ASKED] = {0, 10 * (__u32)rules - 6, 10 * (__u32)(rules / 2) + 5};

	for (int i = 0; i < ASKED; i++)
		question[i] = (struct ask_question){.kind = IMAGE_UID, .number = id[i]};
}

static const struct guarded {
	const char *name;
	char *(*text)(char *at, int rules);
	void (*questions)(struct ask_question *question, int rules);
} guardeds[] = {
	{"exec", exec_text, exec_questions},
	{"connect", connect_text, connect_questions},
	{"uid", uid_text, uid_questions},
};

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static struct image_cell *compile(const struct guarded *guarded, int rules)
{
	char *text = malloc(1000 + (size_t)rules * 160);
	struct image_cell *image = NULL;
	struct policy_error error;
	struct policy *policy;
	size_t len;

	if (!text)
		return NULL;
	len = guarded->text(text, rules) - text;
	if (policy_parse(text, len, &policy, &error) < 0) {
		fprintf(stderr, "verdict-bench: %u:%u: %s\n", error.line, error.column, error.text);
	} else {
		if (policy_compile(policy, text, len, &image, &error) < 0)
			fprintf(stderr, "verdict-bench: %u:%u: %s\n", error.line, error.column, error.text);
		policy_free(policy);
	}
	free(text);
	return image;
}

/* Two allowed, one denied: else it is not this that was measured. */
static int check_answers(const struct ask_question *question)
{
	for (int i = 0; i < ASKED; i++)
		if (question[i].answer.denied != (i == ASKED - 1)) {
			fprintf(stderr, "verdict-bench: question %d was answered wrongly\n", i);
			return -1;
		}
	return 0;
}

static int ask_user(const struct image_cell *image, const struct guarded *guarded, int rules, int times)
{
	struct ask_question question[ASKED] = {0};

	guarded->questions(question, rules);
	for (int n = 0; n < times; n++)
		question[n % ASKED].answer = asked(image, &question[n % ASKED], paths[n % ASKED]);
	return check_answers(question);
}

static void path_names(struct ask_question *question, struct ask_name *names, __u32 *used, const char *path)
{
	size_t len = strlen(path);

	question->first_name = *used;
	while (len) {
		struct ask_name *name = &names[(*used)++];
		size_t start = len;

		while (path[start - 1] != '/')
			start--;
		name->len = len - start;
		memcpy(name->text, path + start, name->len);
		len = start - 1;
	}
	question->names = *used - question->first_name;
}

/* The fastest of some runs, in seconds; negative on failure. */
static double fastest(const struct kernel *kernel, int times)
{
	double best = -1;

	for (int i = 0; i < 7; i++) {
		double begun = seconds(), took;

		if (kernel_ask(kernel, ASKED, times) < 0)
			return -1;
		took = seconds() - begun;
		best = best < 0 || took < best ? took : best;
	}
	return best;
}

/* Nanoseconds a verdict, without what asking for nothing costs. */
static int ask_kernel(const struct image_cell *image, const struct guarded *guarded, int rules, int times, double *ns)
{
	struct kernel *kernel = kernel_open();
	struct ask_question *question;
	double nothing, took = -1;
	__u32 used = 0;
	int r = -1;

	if (!kernel)
		return -1;
	question = kernel_questions(kernel);
	if (!kernel_policy(kernel, image)) {
		nothing = fastest(kernel, times);
		guarded->questions(question, rules);
		for (int i = 0; i < ASKED; i++)
			path_names(&question[i], kernel_names(kernel), &used, paths[i]);
		took = nothing < 0 ? -1 : fastest(kernel, times);
		*ns = (took - nothing) / times * 1e9;
		r = took < 0 ? -1 : check_answers(question);
	}
	kernel_close(kernel);
	return r;
}

int main(int argc, char **argv)
{
	const struct guarded *guarded = guardeds, *end = guardeds + sizeof(guardeds) / sizeof(*guardeds);
	int rules = argc > 2 ? atoi(argv[2]) : 0, times = argc > 3 ? atoi(argv[3]) : 0, r;
	double begun, took, ns = 0;
	struct image_cell *image;

	while (guarded < end && (argc < 2 || strcmp(guarded->name, argv[1]) != 0))
		guarded++;
	if (guarded == end || rules < 2 || times < ASKED) {
		fputs("usage: verdict-bench exec|connect|uid RULES TIMES [--kernel]\n", stderr);
		return 2;
	}
	begun = seconds();
	image = compile(guarded, rules);
	took = seconds() - begun;
	if (!image)
		return 1;
	r = argc > 4 ? ask_kernel(image, guarded, rules, times, &ns) : ask_user(image, guarded, rules, times);
	if (!r)
		printf("bytes %zu compile_ms %.0f ns %.0f\n", policy_image_size(image), took * 1e3, ns);
	free(image);
	return r ? 1 : 0;
}
