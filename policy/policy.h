/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Policies: from the text of a policy file to the policy image that both modes enforce.
 *
 * Nothing here logs, exits, or knows of the kernel's interfaces. A function that can fail returns 0 or a
 * negative errno, leaves its outputs untouched on failure, and says where and why in a struct policy_error.
 */
#ifndef MANTLET_POLICY_H
#define MANTLET_POLICY_H

#include <stdbool.h>
#include <stddef.h>

#include "image.h"

#define POLICY_TEXT_MAX (4u << 20)   /* bytes of policy text that are read at most */
#define POLICY_IMAGE_MAX (64u << 20) /* bytes of policy image that are built at most */

struct policy_error {
	unsigned int line, column; /* from 1, columns in bytes; 0: about the policy as a whole */
	char text[512];            /* one line: the key's path, what is wrong, what was expected */
};

struct policy_rule {
	char *text;    /* as in the file, with JSON's escapes resolved; no NUL inside */
	size_t offset; /* where it stands in the policy text */
};

struct policy_rules {
	struct policy_rule *rule;
	size_t count;
};

struct policy_exec {
	bool present;
	bool deny_default;
	size_t offset; /* of "default" if written, else of the section */
	struct policy_rules allow, deny;
};

struct policy {
	char *name;
	bool enforce;
	struct policy_exec exec;
};

/* JSON text -> policy. text need not end in NUL. *out is freed with policy_free(). -EINVAL: see error. */
int policy_parse(const char *text, size_t len, struct policy **out, struct policy_error *error);

void policy_free(struct policy *policy);

/* policy -> image. text is what the policy was parsed from: errors are placed in it. *image is freed with
 * free(). The same policy gives the same bytes. -EINVAL: a pattern is malformed; -E2BIG: it makes the
 * automaton too large; see error. */
int policy_compile(const struct policy *policy, const char *text, size_t len, struct image_cell **image,
		   struct policy_error *error);

/* Is this a whole image, of this version, that no walk can leave? size in bytes. 0, -EINVAL or -EBADMSG. */
int policy_image_check(const void *image, size_t size);

/* The size of an image in bytes. */
static inline size_t policy_image_size(const struct image_cell *image)
{
	return (size_t)((const struct image_header *)image)->cells * sizeof(*image);
}

/* Line and column of an offset in a text. */
void policy_place(const char *text, size_t len, size_t offset, struct policy_error *place);

/* A rule's name by its place in the policy file: "exec.allow[3]", "exec.default"; "-" for RULE_NONE and
 * numbers that name nothing. Returns buf. */
#define POLICY_RULE_NAME_MAX 64
const char *policy_rule_name(__u32 rule, char buf[POLICY_RULE_NAME_MAX]);

/* The offset in the policy's text of the rule with that number; false if it has none of its own there. */
bool policy_rule_offset(const struct policy *policy, __u32 rule, size_t *offset);

#endif
