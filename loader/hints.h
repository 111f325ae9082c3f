/* SPDX-License-Identifier: BSD-2-Clause */
/* What is allowed, but probably not meant, in the place where a policy is about to run. */
#ifndef MANTLET_HINTS_H
#define MANTLET_HINTS_H

#include "cli.h"

/* Path rules that match nothing: they name a symbolic link of this root (the kernel opens what it points to), or no
 * path as the kernel writes one. The first few are said on standard error. */
void hints_paths(const struct policy_source *source);

#endif
