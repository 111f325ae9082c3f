/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is probably not meant in a policy. It is read from the compiled image: a rule is dead if it decides
 * nothing there that can be asked, whatever the reason.
 */
#ifndef MANTLET_POLICY_LINT_H
#define MANTLET_POLICY_LINT_H

#include "policy.h"

enum lint_kind {
	LINT_SHADOWED,    /* earlier rules of the same list match all that it matches */
	LINT_UNREACHABLE, /* others, a deny among them, decide all that it matches */
	LINT_IMPOSSIBLE,  /* it matches nothing that can be asked */
	LINT_SWALLOWED,   /* a default, and the rules leave nothing to it */
	LINT_UNUSED,      /* trusted_mounts without drift */
	LINT_OVERLAP,     /* only a note: earlier rules of the same list decide some of what it matches */
	LINT_KINDS,
};

#define LINT_BY 4

struct lint_finding {
	enum lint_kind kind;
	__u32 rule;        /* its number, with RULE_DENY if it denies */
	size_t offset;     /* its place in the policy's text */
	__u32 by[LINT_BY]; /* who decides instead: the first of them */
	size_t bys;        /* how many there are; may be more than LINT_BY */
};

struct lint {
	struct lint_finding *finding; /* in the order of the text; freed with free() */
	size_t count;
	bool partial; /* the policy is so large that not all overlaps were looked for */
};

/* image is the policy's. -ENOMEM */
int policy_lint(const struct policy *policy, const struct image_cell *image, struct lint *out);

/* "shadowed", … */
const char *lint_name(enum lint_kind kind);

#endif
