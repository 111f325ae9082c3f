/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The gaps in a domain's sequence of events, one struct gaps a domain.
 *
 * A number is taken before it is known whether its event finds room, and events of several processors may come in another
 * order than their numbers. So a number that is missing is lost, or on its way. It is surely lost when as many events
 * came or were counted as lost as numbers were taken. Where events never stop coming, that moment may not be seen: then a gap
 * that stood for a while is told, but never more than the kernel counted as lost.
 */
#ifndef MANTLET_GAPS_H
#define MANTLET_GAPS_H

#include <stdbool.h>
#include <stdint.h>

#include "bpf/event.h"

#define GAPS_MAX 16 /* that are remembered one by one */

struct gap {
	uint64_t first,
		last;     /* missing are all the numbers from first to last, or of GAPS_MAX gaps and more the last: */
	uint64_t missing; /* as many of them */
	uint64_t since;   /* when it was seen first, as `now` below; 0: not yet */
};

struct gaps {
	uint64_t begin;    /* the number before the first */
	uint64_t newest;   /* the highest number that came */
	uint64_t received; /* events that came */
	uint64_t told;     /* as lost */
	unsigned int count;
	struct gap gaps[GAPS_MAX]; /* in order; the last may have swallowed others */
};

/* What the kernel counted. Read `lost` first, and `taken` last. */
struct gaps_counted {
	uint64_t lost;  /* events */
	uint64_t taken; /* the last number */
};

void gaps_begin(struct gaps *gaps, uint64_t before);

/* The number of an event that came: its own, or, from a kernel that gives none (0), the next. There, what is missing are
 * the numbers behind the last that came. */
uint64_t gaps_number(const struct gaps *gaps, uint64_t seq);

/* What another loader left of it: where its gaps lay is not known any more. */
void gaps_resume(struct gaps *gaps, const struct domain_counts *counts);

/* An event came. */
void gaps_seen(struct gaps *gaps, uint64_t seq);

/* Takes out a gap to tell, of gap->missing events; false: none for now. After all that has come was seen. now: any clock in ms,
 * not 0. */
bool gaps_take(struct gaps *gaps, struct gaps_counted counted, uint64_t now, struct gap *gap);

/* The same when nothing more can come: whatever is missing is lost. */
bool gaps_take_last(struct gaps *gaps, uint64_t taken, struct gap *gap);

/* Events that are not there, by reason. */
struct losses {
	uint64_t ring, room;
};

struct losses losses_read(const struct domain_counts *counts);

/* Why there are more than before, in words. */
const char *losses_reason(const struct losses *before, const struct losses *now);

#endif
