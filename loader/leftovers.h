/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a `mantlet run -m lsm` that was killed leaves in PROGRAMS_PINS: its programs go on refusing, for as long as tasks of
 * its domain live. Afterwards they are in the way of nobody, but every exec of the host passes them.
 */
#ifndef MANTLET_LEFTOVERS_H
#define MANTLET_LEFTOVERS_H

#include <stddef.h>

/* Takes away what guards nobody any more, and counts sets of programs: those that it removed, and those of the killed that
 * still guard somebody. Not the calling process's own. Of what cannot be looked at, nothing is removed: it takes root, and the host's own pids. */
struct leftovers {
	size_t removed, kept;
};
struct leftovers leftovers_remove(void);

#endif
