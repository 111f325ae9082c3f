/* SPDX-License-Identifier: BSD-2-Clause */
/* loader/gaps.c: what is missing is told once, exactly, and what is late is not missing. */
#include "loader/gaps.h"

#include <stdlib.h>

#include "tap.h"

#define NOW 5000

static bool takes(struct gaps *gaps, uint64_t lost, uint64_t taken, uint64_t now, struct gap *gap)
{
	return gaps_take(gaps, (struct gaps_counted){lost, taken}, now, gap);
}

static bool is_gap(const struct gap *gap, uint64_t first, uint64_t last, uint64_t missing)
{
	return gap->first == first && gap->last == last && gap->missing == missing;
}

static void see(struct gaps *gaps, uint64_t from, uint64_t to)
{
	for (; from <= to; from++)
		gaps_seen(gaps, from);
}

static void test_none(void)
{
	struct gaps gaps;
	struct gap gap;

	gaps_begin(&gaps, 7);
	see(&gaps, 8, 20);
	ok(!takes(&gaps, 0, 20, NOW, &gap), "nothing is missing");
	ok(!gaps_take_last(&gaps, 20, &gap), "nothing is missing at the end");
}

static void test_middle(void)
{
	struct gaps gaps;
	struct gap gap;

	gaps_begin(&gaps, 0);
	see(&gaps, 1, 5);
	see(&gaps, 9, 10);
	ok(takes(&gaps, 3, 10, NOW, &gap) && is_gap(&gap, 6, 8, 3), "a gap is told with its numbers, at once");
	ok(!takes(&gaps, 3, 10, NOW, &gap) && !gaps_take_last(&gaps, 10, &gap), "and not again");
}

static void test_one(void)
{
	struct gaps gaps;
	struct gap gap;

	gaps_begin(&gaps, 0);
	see(&gaps, 1, 5);
	see(&gaps, 7, 7);
	ok(takes(&gaps, 1, 7, NOW, &gap) && is_gap(&gap, 6, 6, 1), "one number alone");
}

static void test_tail(void)
{
	struct gaps gaps;
	struct gap gap;

	gaps_begin(&gaps, 0);
	see(&gaps, 1, 5);
	ok(takes(&gaps, 4, 9, NOW, &gap) && is_gap(&gap, 6, 9, 4), "what is missing behind the last that came");
	see(&gaps, 10, 12);
	ok(!takes(&gaps, 4, 12, NOW, &gap), "and it goes on behind it");
}

static void test_late(void)
{
	struct gaps gaps;
	struct gap gap;

	gaps_begin(&gaps, 0);
	see(&gaps, 1, 3);
	see(&gaps, 5, 6);
	ok(!takes(&gaps, 0, 6, NOW, &gap), "a number that is on its way is not lost");
	ok(!takes(&gaps, 0, 6, NOW + 100000, &gap), "however long it takes");
	gaps_seen(&gaps, 4);
	ok(!takes(&gaps, 0, 6, NOW, &gap) && !gaps_take_last(&gaps, 6, &gap), "and has come");
}

static void test_patience(void)
{
	struct gaps gaps;
	struct gap gap;

	gaps_begin(&gaps, 0);
	see(&gaps, 3, 3); /* 1 and 2 are missing, one of them is lost, and 4 is on its way */
	ok(!takes(&gaps, 1, 4, NOW, &gap), "a gap that may be lost is not told at once");
	ok(!takes(&gaps, 1, 4, NOW + 999, &gap), "nor soon");
	ok(takes(&gaps, 1, 4, NOW + 1000, &gap) && is_gap(&gap, 1, 2, 1), "but then; no more than were lost");
	see(&gaps, 4, 4);
	see(&gaps, 2, 2);
	ok(!takes(&gaps, 1, 4, NOW + 1000, &gap) && !gaps_take_last(&gaps, 4, &gap), "the other one has come");
}

static void test_split(void)
{
	struct gaps gaps;
	struct gap gap;

	gaps_begin(&gaps, 0);
	see(&gaps, 11, 11);
	gaps_seen(&gaps, 5);
	gaps_seen(&gaps, 1);
	gaps_seen(&gaps, 10);
	ok(takes(&gaps, 7, 11, NOW, &gap) && is_gap(&gap, 2, 4, 3), "an event in a gap divides it");
	ok(takes(&gaps, 7, 11, NOW, &gap) && is_gap(&gap, 6, 9, 4), "the other part");
	ok(!takes(&gaps, 7, 11, NOW, &gap), "no more");
}

/* Any order, any losses, looked at at any time: told is exactly what was lost, and no record names what came. */
static bool storm(unsigned int seed, bool full)
{
	enum { COUNT = 4000 };
	static char lost[COUNT + 1], came[COUNT + 1];
	uint64_t waiting[8] = {}, counted = 0, told = 0, now = 1;
	struct gaps gaps;
	struct gap gap;
	unsigned int loss = full ? 2 : 1 + rand_r(&seed) % 40;
	bool good = true;

	memset(came, 0, sizeof(came));
	gaps_begin(&gaps, 0);
	for (uint64_t taken = 1; taken <= COUNT; taken++) {
		size_t at = rand_r(&seed) % 8;

		lost[taken] = rand_r(&seed) % loss == 0;
		if (lost[taken]) {
			counted++;
		} else {
			if (waiting[at])
				gaps_seen(&gaps, waiting[at]), came[waiting[at]] = 1;
			waiting[at] = taken;
		}
		now += rand_r(&seed) % 50;
		while (takes(&gaps, counted, taken, now, &gap))
			told += gap.missing;
		good &= told <= counted;
	}
	for (size_t i = 0; i < 8; i++)
		if (waiting[i])
			gaps_seen(&gaps, waiting[i]);
	while (gaps_take_last(&gaps, COUNT, &gap))
		told += gap.missing;
	return good && told == counted && gaps.received + told == COUNT;
}

int main(void)
{
	bool good = true;

	test_none();
	test_middle();
	test_one();
	test_tail();
	test_late();
	test_patience();
	test_split();
	for (unsigned int seed = 0; seed < 300; seed++)
		good &= storm(seed, seed % 2);
	ok(good, "any order and any losses: received and told are all there were, and told never runs ahead");
	return tap_end();
}
