/* SPDX-License-Identifier: BSD-2-Clause */
/* A task outside of the domain that does what its memory says; see watch.c. */
#ifndef MANTLET_TESTS_VICTIM_H
#define MANTLET_TESTS_VICTIM_H

#include <limits.h>

/* The path of a program that it is to execute; empty at first. At one address in every process of this program, which
 * is static. */
extern char victim_order[PATH_MAX + 8] __attribute__((aligned(8)));

#endif
