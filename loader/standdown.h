/* SPDX-License-Identifier: BSD-2-Clause */
/* A host Enforcer guards this container already: then there is nothing to do here. */
#ifndef MANTLET_STANDDOWN_H
#define MANTLET_STANDDOWN_H

#include <stdbool.h>

/* Does the kernel say that this task is in a domain that is enforced? It is asked itself, since a file or a variable could
 * be forged by whoever made the container's image. */
bool standdown_told(void);

/* Becomes the command, after one start record. No policy is read: a container may have none of its own. Returns an exit
 * code if that fails. */
int standdown(char **command, const char *sink);

/* Becomes the command; if that fails, says so, and returns the exit code. */
int command_become(char **command);

#endif
