/* SPDX-License-Identifier: BSD-2-Clause */
/* "ADDRESS/PREFIX" and "FIRST-LAST", as policies write them. */
#ifndef MANTLET_POLICY_CIDR_H
#define MANTLET_POLICY_CIDR_H

#include "policy.h"

/* Fills first, last, ipv4 of peer. -EINVAL: why is filled, one clause without the text itself. */
int cidr_parse(const char *text, struct policy_peer *peer, char *why, size_t size);

/* A decimal number without sign or leading zeros, at most max; moves *text behind it. */
bool number_parse(const char **text, __u32 max, __u32 *number);

/* "A-B", A at most B at most max. -EINVAL: *why, a constant string. */
int range_parse(const char *text, __u32 max, struct policy_range *range, const char **why);

#endif
