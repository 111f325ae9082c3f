/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two domains with opposite policies, many tasks of each on one processor of a kernel that preempts programs: does a verdict,
 * or what an event says, ever belong to the other? Tasks of high priority that wake up all the time interrupt the others
 * in the middle. Tells TAP.
 *
 * usage: crossed SECONDS [TASKS]     TASKS of each domain (40)
 */
#include <bpf/libbpf.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "stage.h"

#define BASE 0x7f000001 /* 127.0.0.1 is domain 0's, 127.0.0.2 domain 1's */

static const char *const texts[] = {
	"{\"mantlet\": 1, \"name\": \"a\", \"exec\": {\"allow\": [\"/w/a/*\"]}, \"connect\": {\"allow\": [{\"cidr\": "
	"\"127.0.0.1/32\"}]}}",
	"{\"mantlet\": 1, \"name\": \"b\", \"exec\": {\"allow\": [\"/w/b/*\"]}, \"connect\": {\"allow\": [{\"cidr\": "
	"\"127.0.0.2/32\"}]}}",
};
static const char *const files[] = {"/w/a/run", "/w/b/run"};

/* In memory that all share. */
struct tally {
	uint64_t verdicts, crossed, preempted;
};

/* What the other domain may do. */
struct heard {
	uint64_t events, crossed;
};

static void judge(struct tally *tally, bool right)
{
	__atomic_add_fetch(&tally->verdicts, 1, __ATOMIC_RELAXED);
	if (!right)
		__atomic_add_fetch(&tally->crossed, 1, __ATOMIC_RELAXED);
}

static void be_urgent(void)
{
	sched_setscheduler(0, SCHED_FIFO, &(struct sched_param){.sched_priority = 1});
}

/* One task: all that is its own works, and nothing that is the other's. */
static void work(struct programs *programs, struct tally *tally, unsigned int own, bool urgent, uint64_t until)
{
	int sock = socket(AF_INET, SOCK_DGRAM, 0);
	unsigned int seed = getpid();
	struct rusage usage;

	setpriority(PRIO_PROCESS, 0, 0);
	prctl(PR_SET_NAME, own ? "b" : "a");
	if (programs_enter(programs, own, NULL) < 0)
		bail("a task cannot enter its domain");
	if (urgent)
		be_urgent();
	for (unsigned int i = 0; stage_now() < until; i++) {
		judge(tally, stage_connects(sock, BASE + own));
		judge(tally, !stage_connects(sock, BASE + !own));
		if (i % 64 == 0) {
			judge(tally, stage_runs(files[own]));
			judge(tally, !stage_runs(files[!own]));
		}
		if (urgent)
			usleep(1000 + rand_r(&seed) % 10000);
	}
	getrusage(RUSAGE_SELF, &usage);
	__atomic_add_fetch(&tally->preempted, usage.ru_nivcsw, __ATOMIC_RELAXED);
	_exit(0);
}

static bool event_fits(const struct event *event)
{
	const char *path = (const char *)(event + 1) + event->script_size;
	unsigned int other = event->domain == 1;

	if (event->comm[0] != (other ? 'a' : 'b') || event->version != EVENT_VERSION)
		return false;
	if (event->kind == EVENT_CONNECT)
		return event->connect.low == (0xffff00000000ull | (BASE + other));
	return event->kind == EVENT_EXEC && !memcmp(path, "run", 4) && path[4] == (other ? 'b' : 'a');
}

static int on_event(void *ctx, void *data, size_t size)
{
	struct heard *heard = ctx;

	heard->events++;
	if (size < sizeof(struct event) || !event_fits(data))
		heard->crossed++;
	return 0;
}

static void start(struct programs *programs, struct tally *tally, int tasks, uint64_t until)
{
	for (int i = 0; i < 2 * tasks; i++)
		if (!fork())
			work(programs, tally, i % 2, i < 8, until);
}

int main(int argc, char **argv)
{
	struct tally *tally = mmap(NULL, sizeof(*tally), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int seconds = argc > 1 ? atoi(argv[1]) : 0, tasks = argc > 2 ? atoi(argv[2]) : 40;
	struct heard heard = {};
	struct ring_buffer *ring;
	struct programs *programs;
	struct fault fault;

	if (!strcmp(argv[0], "run"))
		return RAN;
	if (seconds < 1 || tally == MAP_FAILED)
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	stage_copy(files[0]);
	stage_copy(files[1]);
	if (programs_load(&programs, false, &fault) < 0)
		bail(fault.text);
	stage_domain(programs, 0, stage_compile(texts[0]));
	stage_domain(programs, 1, stage_compile(texts[1]));
	ring = ring_buffer__new(programs_events(programs), on_event, &heard, NULL);
	if (!ring || programs_attach(programs, &fault) < 0)
		bail(fault.text);
	setpriority(PRIO_PROCESS, 0, -20); /* who forks and reads must not starve */
	start(programs, tally, tasks, stage_now() + seconds * 1000000000ull);
	for (; waitpid(-1, NULL, WNOHANG) >= 0; usleep(10000))
		ring_buffer__consume(ring);
	ring_buffer__consume(ring);
	printf("1..3\n");
	printf("# %llu verdicts, %llu crossed; %llu events, %llu crossed; preempted %llu times; skipped %llu\n",
	       (unsigned long long)tally->verdicts, (unsigned long long)tally->crossed,
	       (unsigned long long)heard.events, (unsigned long long)heard.crossed,
	       (unsigned long long)tally->preempted, (unsigned long long)programs_skipped(programs));
	printf("%sok 1 - verdicts of two domains on one processor: none is the other's\n",
	       tally->verdicts > 1000 && !tally->crossed ? "" : "not ");
	printf("%sok 2 - events: none tells what the other did\n",
	       heard.events > 100 && !heard.crossed ? "" : "not ");
	printf("%sok 3 - no program was skipped\n", programs_skipped(programs) ? "not " : "");
	programs_close(programs);
	return 0;
}
