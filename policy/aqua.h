/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runtime policies of Aqua, in the JSON of their API and of their Terraform provider (resources
 * aquasec_container_runtime_policy and aquasec_function_runtime_policy) -> policy text.
 *
 * Nothing is dropped in silence: each setting that is in effect there becomes part of the policy, or a line
 * of what is said. Where there is a choice, the stricter reading is taken.
 */
#ifndef MANTLET_POLICY_AQUA_H
#define MANTLET_POLICY_AQUA_H

#include "policy.h"

/* The image's passwd and group, to turn names of users and groups into ids. NULL: not there. */
struct aqua_accounts {
	const char *passwd, *group;
};

struct aqua_import {
	char *policy;   /* the text of a policy */
	char *said;     /* lines, each with its newline: "not imported: …", "in part: …", "note: …" */
	size_t missing; /* lines of the former two kinds */
};

/* Both texts of *out are freed with free(). -EINVAL: error says where and why; -ENOMEM. */
int aqua_import(const char *text, size_t len, const struct aqua_accounts *accounts, struct aqua_import *out,
		struct policy_error *error);

#endif
