/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Import of Aqua's policies: the input's first line is the image's passwd (with ; for line breaks), the rest a
 * policy. What is refused has a reason in one line; what is not becomes a policy that parses, and everything
 * said of it is whole lines.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "policy/aqua.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int truth)
{
	if (!truth)
		abort();
}

static bool begins(const char *line, const char *word)
{
	return !strncmp(line, word, strlen(word));
}

static void check_lines(const char *said, size_t missing)
{
	const char *end;

	for (; *said; said = end + 1) {
		end = strchr(said, '\n');
		require(end && end - said < 2048);
		require(begins(said, "note: ") || begins(said, "in part: ") || begins(said, "not imported: "));
		missing -= !begins(said, "note: ");
	}
	require(!missing);
}

static void check_policy(const char *text)
{
	struct policy_error error;
	struct image_cell *image;
	struct policy *policy;
	int r;

	require(!policy_parse(text, strlen(text), &policy, &error));
	r = policy_compile(policy, text, strlen(text), &image, &error);
	require(!r || r == -E2BIG);
	if (!r)
		free(image);
	policy_free(policy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = memchr(data, '\n', size);
	size_t passwd_len = end ? (size_t)(end - data) : 0, skip = passwd_len + !!end;
	char *passwd = calloc(passwd_len + 1, 1);
	struct aqua_accounts accounts = {passwd, passwd};
	struct policy_error error;
	struct aqua_import import;
	char *semicolon;

	require(passwd != NULL);
	memcpy(passwd, data, passwd_len);
	while ((semicolon = strchr(passwd, ';')))
		*semicolon = '\n';
	if (aqua_import((const char *)data + skip, size - skip, &accounts, &import, &error) < 0) {
		require(error.line && error.text[0] && !strchr(error.text, '\n'));
	} else {
		check_lines(import.said, import.missing);
		check_policy(import.policy);
		free(import.policy);
		free(import.said);
	}
	free(passwd);
	return 0;
}
