/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The programs of a host outlive whoever loaded them: links and maps are pinned in a directory of bpffs. It appears whole,
 * by one rename, and goes whole, so a loader that is killed at any instant leaves all of it or nothing.
 *
 *   PERSIST_PINS/MAP           each map of bpf/maps.h (constants go with the programs that have them)
 *   PERSIST_PINS/links/NAME    each attached program, and those that are called
 *
 * One process at a time may call persist_open() and persist_remove(): see lock.h.
 */
#ifndef MANTLET_PERSIST_H
#define MANTLET_PERSIST_H

#include "fault.h"
#include "programs.h"

#define PERSIST_PINS "/sys/fs/bpf/mantlet"

enum persist_how {
	PERSIST_BEGUN,   /* nothing was there: loaded, attached, proven, pinned */
	PERSIST_ADOPTED, /* the same programs were there, and go on */
	PERSIST_RELAYED, /* others were there: these were attached beside them, with the same maps, before they went */
};

/* On failure, what was enforced before goes on. programs_close() leaves all that is pinned. */
int persist_open(struct programs **out, enum persist_how *how, struct fault *fault);

/* Only looks at what is pinned. -ENOENT: nothing is. */
int persist_look(struct programs **out, struct fault *fault);

/* The end of all enforcement on this host, but for `mantlet run`. 0 also if there was none. */
int persist_remove(struct fault *fault);

#endif
