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

struct policy_range {
	__u32 first, last; /* both are in it */
};

struct policy_ranges {
	struct policy_range *range;
	size_t count;
};

enum policy_protocols {
	POLICY_TCP = 1 << 0,
	POLICY_UDP = 1 << 1,
};

/* 128 bits in the machine's byte order; IPv4 is IPv4-mapped. */
struct policy_address {
	__u64 high, low;
};

/* Of a connect rule. */
struct policy_peer {
	struct policy_address first, last; /* both are in it */
	bool ipv4;                         /* else the IPv4-mapped addresses in between are not in it */
	unsigned int protocols;            /* enum policy_protocols */
	struct policy_ranges ports;        /* none: all */
};

struct policy_rule {
	char *text;    /* as in the file, with JSON's escapes resolved; no NUL inside */
	size_t offset; /* where it stands in the policy text */
	union {
		struct policy_peer peer; /* connect; text is its "cidr" */
		struct policy_range ids; /* identity */
	};
};

struct policy_rules {
	struct policy_rule *rule;
	size_t count;
};

/* exec, connect, identity.uid, identity.gid: a matching deny wins, else a matching allow, else the default. */
struct policy_section {
	bool present; /* else it restricts nothing */
	bool deny_default;
	size_t offset; /* of "default" if written, else of the section */
	struct policy_rules allow, deny;
};

enum policy_drift { POLICY_DRIFT_ALLOW, POLICY_DRIFT_AUDIT, POLICY_DRIFT_DENY };

/* Strings with * and ?; NULL: any. labels: text is the label's name, value what it must match. */
struct policy_label {
	char *name, *value;
};

struct policy_match {
	bool present;
	char *cgroup; /* a path pattern; of the hierarchy of cgroup v2, as in /proc/PID/cgroup */
	char *cluster, *family, *container, *image;
	struct policy_label *label;
	size_t labels;
};

struct policy {
	char *name;
	bool enforce;
	bool log_all; /* "log": "all" */
	size_t log_offset;
	bool warn_unenforceable; /* "on_unenforceable": "warn" */
	struct policy_match match;
	struct policy_section exec, connect, uid, gid;
	unsigned int drift; /* enum policy_drift */
	size_t drift_offset;
	struct policy_rules trusted_mounts;
	bool setid_deny;
	size_t setid_offset;
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

/* The section that a rule of that enum rule_section belongs to; NULL: none that has lists. */
const struct policy_section *policy_section(const struct policy *policy, __u32 section);

/* The offset in the policy's text of the rule with that number; false if it has none of its own there. */
bool policy_rule_offset(const struct policy *policy, __u32 rule, size_t *offset);

#endif
