/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rules that name ranges of numbers, flattened: disjoint intervals, each with the one rule that decides there.
 */
#ifndef MANTLET_POLICY_INTERVALS_H
#define MANTLET_POLICY_INTERVALS_H

#include "cells.h"
#include "policy.h"

/* A range and the number of the rule that speaks for it. */
struct span {
	__u32 first, last;
	__u32 rule;
};

struct intervals {
	struct image_interval *interval; /* ascending, the first begins at 0; freed with free() */
	size_t count;
};

/* Spans in order of precedence: the first that holds a number decides there, rest where none does. -ENOMEM. */
int intervals_make(const struct span *spans, size_t count, __u32 rest, struct intervals *out);

/* A table of connect: for one protocol, IPv4 or IPv6 addresses and behind them ports. */
int intervals_connect(const struct policy_section *section, enum policy_protocols protocol, bool ipv4,
		      struct cells *cells, struct image_table *table);

/* The table of identity.uid or identity.gid. */
int intervals_ids(const struct policy_section *section, enum rule_section number, struct cells *cells,
		  struct image_table *table);

#endif
