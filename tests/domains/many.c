/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * As many domains as a large host has, each with a policy of its own, and one of 10,000 rules: that they load, what memory
 * they take, and that a verdict costs what it cost alone. In a VM that counts instructions, a time in ns is a number of
 * instructions. Tells TAP.
 *
 * usage: many [DOMAINS [RULES]]     DOMAINS (1000) of RULES (200) each
 */
#include <bpf/libbpf.h>

#include "stage.h"

#define ROUNDS 301
#define KINDS 10 /* policies that differ; each domain has a copy of its own */
#define LARGE 10000
#define LARGE_SLOT 1010

/* Half of them paths, a third CIDRs, the rest ranges of uids; what is measured comes last. */
static char *policy_text(int domain, int rules)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	fprintf(out, "{\"mantlet\": 1, \"name\": \"d%d\", \"exec\": {\"allow\": [", domain);
	for (int i = 0; i < rules / 2; i++)
		fprintf(out, "\"/usr/lib/domain-%d/bin/program-%d\", ", domain, i);
	fprintf(out, "\"/w/a/run\"]}, \"connect\": {\"allow\": [");
	for (int i = 0; i < rules / 3; i++)
		fprintf(out, "{\"cidr\": \"10.%d.%d.%d/32\", \"ports\": [%d]}, ", domain % 250, i / 250, i % 250,
			1000 + i);
	fprintf(out, "{\"cidr\": \"127.0.0.1/32\"}]}, \"identity\": {\"uid\": {\"allow\": [0");
	for (int i = 1; i < rules - rules / 2 - rules / 3; i++)
		fprintf(out, ", \"%d-%d\"", 1000 + 10 * i, 1005 + 10 * i);
	fprintf(out, "]}}}");
	fclose(out);
	return text;
}

static struct image_cell *compile(int domain, int rules)
{
	char *text = policy_text(domain, rules);
	struct image_cell *image = stage_compile(text);

	free(text);
	return image;
}

static int drop(void *ctx, void *data, size_t size)
{
	(void)ctx;
	(void)data;
	(void)size;
	return 0;
}

static int compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static uint64_t median(uint64_t *times)
{
	qsort(times, ROUNDS, sizeof(*times), compare);
	return times[ROUNDS / 2];
}

struct cost {
	uint64_t connect, refused, exec;
	bool right;
};

/* In a child, in the domain. The ring has room for what is refused here. */
static struct cost measure(void)
{
	int sock = socket(AF_INET, SOCK_DGRAM, 0);
	uint64_t times[3][ROUNDS];
	struct cost cost = {.right = true};

	for (int i = 0; i < ROUNDS; i++) {
		uint64_t begin = stage_now();

		cost.right &= stage_connects(sock, 0x7f000001);
		times[0][i] = stage_now() - begin;
		begin = stage_now();
		cost.right &= !stage_connects(sock, 0x7f000002);
		times[1][i] = stage_now() - begin;
		begin = stage_now();
		cost.right &= stage_runs("/w/a/run");
		times[2][i] = stage_now() - begin;
	}
	cost.connect = median(times[0]);
	cost.refused = median(times[1]);
	cost.exec = median(times[2]);
	return cost;
}

static struct cost measure_in(struct programs *programs, struct ring_buffer *ring, uint32_t slot, const char *what)
{
	struct cost cost = {};
	int pipes[2];

	if (pipe(pipes))
		bail("no pipe");
	if (!fork()) {
		if (programs_enter(programs, slot, NULL) < 0)
			bail("a task cannot enter its domain");
		cost = measure();
		_exit(write(pipes[1], &cost, sizeof(cost)) != sizeof(cost));
	}
	wait(NULL);
	ring_buffer__consume(ring);
	if (read(pipes[0], &cost, sizeof(cost)) != sizeof(cost))
		bail("nothing was measured");
	close(pipes[0]);
	close(pipes[1]);
	printf("# %-44s connect %7llu, refused %7llu, exec %8llu\n", what, (unsigned long long)cost.connect,
	       (unsigned long long)cost.refused, (unsigned long long)cost.exec);
	return cost;
}

/* Of the whole machine, in kB. */
static long memory(void)
{
	FILE *info = fopen("/proc/meminfo", "re");
	char line[256];
	long kb = 0;

	while (info && fgets(line, sizeof(line), info))
		if (sscanf(line, "MemFree: %ld", &kb) == 1)
			break;
	if (info)
		fclose(info);
	return kb;
}

/* Within a hundredth. */
static bool same(uint64_t a, uint64_t b)
{
	return a * 100 <= b * 101 && b * 100 <= a * 101;
}

static bool is_same(const struct cost *a, const struct cost *b)
{
	return a->right && b->right && same(a->connect, b->connect) && same(a->refused, b->refused) &&
	       same(a->exec, b->exec);
}

int main(int argc, char **argv)
{
	int domains = argc > 1 ? atoi(argv[1]) : 1000, rules = argc > 2 ? atoi(argv[2]) : 200;
	struct cost alone, first, last, large;
	struct image_cell *images[KINDS];
	struct ring_buffer *ring;
	struct programs *programs;
	struct fault fault;
	long before;

	if (!strcmp(argv[0], "run"))
		return RAN;
	setvbuf(stdout, NULL, _IOLBF, 0);
	stage_copy("/w/a/run");
	for (int i = 0; i < KINDS; i++)
		images[i] = compile(i, rules);
	before = memory();
	if (programs_load(&programs, false, &fault) < 0 || programs_attach(programs, &fault) < 0)
		bail(fault.text);
	ring = ring_buffer__new(programs_events(programs), drop, NULL, NULL);
	printf("# programs and maps, and what it takes to load them: %ld kB\n", before - memory());
	stage_domain(programs, 0, images[0]);
	measure_in(programs, ring, 0, "warming up");
	alone = measure_in(programs, ring, 0, "one domain");
	before = memory();
	for (int i = 1; i < domains; i++)
		stage_domain(programs, i, images[i % KINDS]);
	printf("# %d domains of %d rules: %ld kB each, %zu kB of it the policy's image\n", domains, rules,
	       (before - memory()) / (domains - 1), policy_image_size(images[0]) / 1024);
	first = measure_in(programs, ring, 0, "the first of all");
	last = measure_in(programs, ring, domains - 1, "the last of all");
	images[0] = compile(LARGE_SLOT, LARGE);
	stage_domain(programs, LARGE_SLOT, images[0]);
	large = measure_in(programs, ring, LARGE_SLOT, "one of 10,000 rules");
	printf("1..4\nok 1 - %d domains of %d rules are loaded\n", domains, rules);
	printf("%sok 2 - a verdict costs the first of them what it cost alone\n",
	       is_same(&alone, &first) ? "" : "not ");
	printf("%sok 3 - and the last\n", is_same(&alone, &last) ? "" : "not ");
	printf("# 10,000 rules: an image of %zu kB\n", policy_image_size(images[0]) / 1024);
	printf("%sok 4 - 10,000 rules: an exec costs no more than a hundredth more, a connect 600 instructions\n",
	       large.right && large.exec * 100 <= alone.exec * 101 && large.connect <= alone.connect + 600 ? ""
													   : "not ");
	programs_close(programs);
	return 0;
}
