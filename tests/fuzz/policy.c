/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Parse, compile, decide: the input's first line is a path, the rest a policy. Whatever compiles must be a
 * sound image, compile to the same bytes again, and give the same verdict on a path however it is cut into
 * components. What check finds in it is true of that path.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "policy/lint.h"
#include "policy/policy.h"
#include "policy/verdict.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int truth)
{
	if (!truth)
		abort();
}

/* As a kernel hook walks it: component by component, from the last one up. */
static __u32 walk_components(const struct image_cell *image, const char *path, size_t len)
{
	struct verdict_walk walk;

	verdict_exec_begin(image, &walk);
	while (len) {
		size_t start = len;

		while (start && path[start - 1] != '/')
			start--;
		require(start > 0);
		verdict_exec_name(image, &walk, path + start, len - start);
		len = start - 1;
	}
	return verdict_exec_end(image, &walk).rule;
}

static void decide(const struct image_cell *image, const char *path, size_t len)
{
	__u32 rule = verdict_exec(image, path, len).rule;
	char name[POLICY_RULE_NAME_MAX];

	policy_rule_name(rule, name);
	require(RULE_SECTION(rule) < RULE_SECTIONS);
	if (len && len < 200 && path[0] == '/')
		require(RULE_SECTION(rule) == RULE_SECTION_NONE || walk_components(image, path, len) == rule);
}

/* A rule that decides is not called dead. */
static void lint(const struct policy *policy, const struct image_cell *image, const char *path, size_t len)
{
	bool plain = len > 1 && path[0] == '/' && path[len - 1] != '/' && !memchr(path, 0, len) &&
		     !memchr(path, '.', len) && !memmem(path, len, "//", 2);
	__u32 rule = verdict_exec(image, path, len).rule;
	struct lint found;

	require(!policy_lint(policy, image, &found));
	for (size_t i = 0; i < found.count && plain; i++)
		require(found.finding[i].rule != rule || found.finding[i].kind == LINT_OVERLAP);
	free(found.finding);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = memchr(data, '\n', size);
	size_t path_len = end ? (size_t)(end - data) : 0, len = size - path_len - !!end;
	const char *text = (const char *)data + path_len + !!end;
	struct policy_error error;
	struct image_cell *image, *again;
	struct policy *policy;

	if (policy_parse(text, len, &policy, &error) < 0) {
		require(error.text[0] && !strchr(error.text, '\n'));
		return 0;
	}
	if (!policy_compile(policy, text, len, &image, &error)) {
		require(!policy_image_check(image, policy_image_size(image)));
		require(!policy_compile(policy, text, len, &again, &error));
		require(!memcmp(image, again, policy_image_size(image)));
		decide(image, (const char *)data, path_len);
		lint(policy, image, (const char *)data, path_len);
		free(again);
		free(image);
	}
	policy_free(policy);
	return 0;
}
