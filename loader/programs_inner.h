/* SPDX-License-Identifier: BSD-2-Clause */
/* What programs.c, persist.c and host.c share, and nobody else sees: the object of libbpf. */
#ifndef MANTLET_PROGRAMS_INNER_H
#define MANTLET_PROGRAMS_INNER_H

#include <stdbool.h>

#include "mantlet.skel.h"
#include "programs.h"

/* Programs that are attached nowhere, but called by us. */
enum programs_calls { CALLED_ENTER, CALLED_GUARD, CALLED };

struct programs {
	struct mantlet_bpf *bpf;
	struct domain_counts *counts; /* the maps, as shared memory */
	struct domain *domains;
	struct host *host;
	uint64_t *classes;
	struct catalog *catalog;
	struct unlisted_page *unlisted;
	int called[CALLED]; /* programs' descriptors */
	bool stays;         /* the pins are not ours to take away */
};

/* Opens the object without loading it. Only what is for hosts, too, if host says so. */
int programs_open(struct programs **out, bool host, struct fault *fault);

struct bpf_program **programs_called(const struct programs *programs, enum programs_calls which);

/* Loads what is not yet there (maps may be taken over by then), and maps the maps. */
int programs_load_opened(struct programs *programs, struct fault *fault);
int programs_map(struct programs *programs, struct fault *fault);

#endif
