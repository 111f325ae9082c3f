/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * usage: verdict-bench RULES PATTERNS [TIMES]
 * Compiles a policy with that many literal rules and patterns, and asks for the verdict on 60-byte paths: one
 * that a literal rule allows, one that a pattern allows, one that nothing matches. asked() is the only part
 * whose instructions are to be counted.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "policy/policy.h"
#include "policy/verdict.h"

#define PATH_LENGTH 60

static const char *const paths[] = {
	"/usr/lib/package-00000/bin/a-program-with-a-name-of-00000000",
	"/srv/data/app-00000/releases/current/bin/worker-process-0001",
	"/home/somebody/downloads/a-program-that-no-rule-speaks-of-xx",
};

unsigned int asked(const struct image_cell *image, const char *path);

__attribute__((noinline)) unsigned int asked(const struct image_cell *image, const char *path)
{
	return verdict_exec(image, path, PATH_LENGTH).rule;
}

static char *policy_text(int rules, int patterns)
{
	char *text = malloc(100 + (size_t)(rules + patterns) * 80), *at = text;

	at += sprintf(at, "{\"exec\": {\"allow\": [");
	for (int i = 0; i < rules; i++)
		at += sprintf(at, "%s\"/usr/lib/package-%05d/bin/a-program-with-a-name-of-%08d\"", i ? "," : "", i,
			      i);
	for (int i = 0; i < patterns; i++)
		at += sprintf(at, ",\"/srv/data/app-%05d/**\"", i);
	sprintf(at, "]}}");
	return text;
}

int main(int argc, char **argv)
{
	int rules = argc > 1 ? atoi(argv[1]) : 10, patterns = argc > 2 ? atoi(argv[2]) : 1;
	int times = argc > 3 ? atoi(argv[3]) : 1000;
	char *text = policy_text(rules, patterns);
	struct policy_error error;
	struct image_cell *image;
	struct policy *policy;
	struct timespec a, b, c;
	unsigned int sum = 0;

	clock_gettime(CLOCK_MONOTONIC, &a);
	if (policy_parse(text, strlen(text), &policy, &error) < 0 ||
	    policy_compile(policy, text, strlen(text), &image, &error) < 0) {
		fprintf(stderr, "verdict-bench: %u:%u: %s\n", error.line, error.column, error.text);
		return 1;
	}
	clock_gettime(CLOCK_MONOTONIC, &b);
	for (int i = 0; i < times; i++)
		for (size_t p = 0; p < sizeof(paths) / sizeof(*paths); p++)
			sum += asked(image, paths[p]) & 1;
	clock_gettime(CLOCK_MONOTONIC, &c);
	printf("rules %d patterns %d bytes %zu compile_ms %.0f ns_per_verdict %.0f (%u)\n", rules, patterns,
	       policy_image_size(image), (double)(b.tv_sec - a.tv_sec) * 1e3 + (double)(b.tv_nsec - a.tv_nsec) / 1e6,
	       ((double)(c.tv_sec - b.tv_sec) * 1e9 + (double)(c.tv_nsec - b.tv_nsec)) / times / 3, sum);
	policy_free(policy);
	free(image);
	free(text);
	return 0;
}
