/* SPDX-License-Identifier: BSD-2-Clause */
#include "gaps.h"

#include <string.h>

#define PATIENCE 1000 /* ms */

void gaps_begin(struct gaps *gaps, uint64_t before)
{
	*gaps = (struct gaps){.begin = before, .newest = before};
}

uint64_t gaps_number(const struct gaps *gaps, uint64_t seq)
{
	return seq ? seq : gaps->newest + 1;
}

void gaps_resume(struct gaps *gaps, const struct domain_counts *counts)
{
	*gaps = (struct gaps){.newest = counts->newest, .received = counts->received, .told = counts->lost_said};
}

static void remove_gap(struct gaps *gaps, unsigned int at)
{
	gaps->count--;
	memmove(gaps->gaps + at, gaps->gaps + at + 1, (gaps->count - at) * sizeof(*gaps->gaps));
}

static void insert_gap(struct gaps *gaps, unsigned int at, struct gap gap)
{
	memmove(gaps->gaps + at + 1, gaps->gaps + at, (gaps->count - at) * sizeof(*gaps->gaps));
	gaps->gaps[at] = gap;
	gaps->count++;
}

static void append_gap(struct gaps *gaps, uint64_t first, uint64_t last)
{
	struct gap *newest = &gaps->gaps[GAPS_MAX - 1];

	if (gaps->count < GAPS_MAX) {
		insert_gap(gaps, gaps->count, (struct gap){first, last, last - first + 1, 0});
		return;
	}
	newest->last = last;
	newest->missing += last - first + 1;
}

static bool is_whole(const struct gap *gap)
{
	return gap->missing == gap->last - gap->first + 1;
}

/* An event that is late. Of a gap that swallowed others, or that cannot be divided, only the count is known. */
static void fill(struct gaps *gaps, unsigned int at, uint64_t seq)
{
	struct gap *gap = &gaps->gaps[at], rest = *gap;
	bool divisible = is_whole(gap) && (gaps->count < GAPS_MAX || seq == gap->first || seq == gap->last);

	if (--gap->missing == 0) {
		remove_gap(gaps, at);
		return;
	}
	if (!divisible)
		return;
	if (seq == gap->first) {
		gap->first++;
	} else if (seq == gap->last) {
		gap->last--;
	} else {
		gap->last = seq - 1;
		gap->missing = gap->last - gap->first + 1;
		rest.first = seq + 1;
		rest.missing = rest.last - rest.first + 1;
		insert_gap(gaps, at + 1, rest);
	}
}

void gaps_seen(struct gaps *gaps, uint64_t seq)
{
	gaps->received++;
	if (seq > gaps->newest) {
		if (seq > gaps->newest + 1)
			append_gap(gaps, gaps->newest + 1, seq - 1);
		gaps->newest = seq;
		return;
	}
	for (unsigned int i = 0; i < gaps->count; i++) {
		if (seq >= gaps->gaps[i].first && seq <= gaps->gaps[i].last) {
			fill(gaps, i, seq);
			return;
		}
	}
}

static bool take(struct gaps *gaps, unsigned int at, uint64_t most, struct gap *gap)
{
	*gap = gaps->gaps[at];
	remove_gap(gaps, at);
	if (gap->missing > most)
		gap->missing = most;
	gaps->told += gap->missing;
	return gap->missing;
}

/* What is missing behind the newest that came. */
static void add_tail(struct gaps *gaps, uint64_t taken)
{
	if (taken <= gaps->newest)
		return;
	append_gap(gaps, gaps->newest + 1, taken);
	gaps->newest = taken;
}

bool gaps_take(struct gaps *gaps, struct gaps_counted counted, uint64_t now, struct gap *gap)
{
	uint64_t most = counted.lost - gaps->told;

	if (!most)
		return false;
	if (counted.taken - gaps->begin == gaps->received + counted.lost) {
		add_tail(gaps, counted.taken);
		if (!gaps->count) /* of before gaps_resume() */
			append_gap(gaps, gaps->begin + 1, counted.taken);
		return take(gaps, 0, most, gap);
	}
	for (unsigned int i = 0; i < gaps->count; i++) {
		if (!gaps->gaps[i].since)
			gaps->gaps[i].since = now;
		else if (now - gaps->gaps[i].since >= PATIENCE)
			return take(gaps, i, most, gap);
	}
	return false;
}

bool gaps_take_last(struct gaps *gaps, uint64_t taken, struct gap *gap)
{
	uint64_t missing = taken - gaps->begin - gaps->received;

	add_tail(gaps, taken);
	if (missing <= gaps->told)
		return false;
	if (!gaps->count) /* taken for late when it was told of them: they never came */
		append_gap(gaps, gaps->begin + 1, taken);
	return take(gaps, 0, missing - gaps->told, gap);
}

struct losses losses_read(const struct domain_counts *counts)
{
	return (struct losses){
		.ring = __atomic_load_n(&counts->lost_ring, __ATOMIC_ACQUIRE),
		.room = __atomic_load_n(&counts->lost_room, __ATOMIC_ACQUIRE),
	};
}

const char *losses_reason(const struct losses *before, const struct losses *now)
{
	if (now->ring == before->ring && now->room == before->room)
		return "the kernel's events could not be read";
	if (now->ring == before->ring)
		return "the kernel's ring buffer was half full: the rest of it is kept for denials";
	return now->room == before->room ? "the kernel's ring buffer was full"
					 : "the kernel's ring buffer was full; half of it is kept for denials";
}
