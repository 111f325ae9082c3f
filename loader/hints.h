/* SPDX-License-Identifier: BSD-2-Clause */
/* What is allowed, but probably not meant, in the place where a policy is about to run. */
#ifndef MANTLET_HINTS_H
#define MANTLET_HINTS_H

#include "cli.h"

/* Rules that name a symbolic link of this root: the kernel opens what it points to, so they match nothing. The first
 * few are said on standard error. */
void hints_links(const struct policy_source *source);

#endif
