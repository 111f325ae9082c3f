/* SPDX-License-Identifier: BSD-2-Clause */
/* What effect an attempt had. */
#ifndef MANTLET_TESTS_OBSERVE_H
#define MANTLET_TESTS_OBSERVE_H

#include "technique.h"

/* Forgets the effects so far. */
void observe_clear(const struct aim *aim, enum section section);

/* How often that program ran, that address was reached, that id is had by a task. */
long observe_count(const struct aim *aim, enum section section);

#endif
