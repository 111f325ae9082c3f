/* SPDX-License-Identifier: BSD-2-Clause */
/* This process's capabilities. */
#ifndef MANTLET_CAPABILITY_H
#define MANTLET_CAPABILITY_H

#include <linux/capability.h>
#include <stdbool.h>

bool capability_effective(int capability);
bool capability_permitted(int capability);

/* Puts it into effect where it is permitted: a file capability of the binary may be no more than that (`=p`), so that the
 * binary can also be executed where the container has not got it. */
void capability_raise(int capability);

/* For good, as far as this process's own sets go. -errno */
int capability_drop(int capability);

#endif
