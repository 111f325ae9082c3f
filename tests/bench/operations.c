/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * usage: operations measure [PROGRAM]   each operation: its name, and by the CPU's clock the median and the tenth
 *                                      percentile; as often as PROCESSES says, each time in a process of its own
 *        operations do NAME TIMES       one of them, as often
 *        operations filtered PROGRAM        the same, under a filter that allows everything: what any filter costs
 * PROGRAM is what exec executes, and does nothing.
 * In a VM that counts instructions (-icount shift=0) a tick of that clock is one instruction.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define RUNS 1001 /* of each, for the median: the timer's tick falls into few of them */
#define WARM 50
#define PROGRAM "/usr/local/lib/app/bin/program" /* does nothing; put there by tests/bench/lsm.inside */

static uint64_t now(void)
{
#ifdef __x86_64__
	uint32_t low, high;

	__asm__ volatile("lfence; rdtsc; lfence" : "=a"(low), "=d"(high)::"memory");
	return (uint64_t)high << 32 | low;
#else
	uint64_t ticks;

	__asm__ volatile("isb; mrs %0, cntvct_el0" : "=r"(ticks)::"memory");
	return ticks * 16; /* of 62.5 MHz */
#endif
}

__attribute__((noreturn)) static void die(const char *what)
{
	fprintf(stderr, "operations: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* What the operations work on. */
struct state {
	const char *program;
	int udp, listener, pair[2], zero, null;
	struct sockaddr_in to[2], server;
	unsigned int turn;
};

/* Each does one operation and tells what it took. */
typedef uint64_t operation_fn(struct state *state);

static uint64_t do_nothing(struct state *state)
{
	uint64_t begin = now();

	(void)state;
	return now() - begin;
}

static uint64_t do_exec(struct state *state)
{
	uint64_t begin = now();
	char *const argv[] = {(char *)state->program, NULL};
	pid_t child = fork();
	int status;

	if (!child) {
		execv(state->program, argv);
		_exit(1);
	}
	if (child < 0 || waitpid(child, &status, 0) < 0 || status)
		die(state->program);
	return now() - begin;
}

static uint64_t do_fork(struct state *state)
{
	uint64_t begin = now();
	pid_t child = fork();

	(void)state;
	if (!child)
		_exit(0);
	if (child < 0 || waitpid(child, NULL, 0) < 0)
		die("fork");
	return now() - begin;
}

static uint64_t do_udp(struct state *state)
{
	const struct sockaddr_in *to = &state->to[state->turn++ & 1];
	uint64_t begin = now();
	int r = connect(state->udp, (const struct sockaddr *)to, sizeof(*to));
	uint64_t took = now() - begin;

	if (r < 0)
		die("udp");
	return took;
}

static uint64_t do_tcp(struct state *state)
{
	int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), r, server;
	uint64_t begin = now(), took;

	r = connect(client, (const struct sockaddr *)&state->server, sizeof(state->server));
	close(client);
	took = now() - begin;
	server = accept4(state->listener, NULL, NULL, SOCK_CLOEXEC);
	if (r < 0 || server < 0)
		die("tcp");
	close(server);
	return took;
}

static uint64_t do_setresuid(struct state *state)
{
	uid_t real = state->turn++ & 1;
	uint64_t begin = now();
	long r = syscall(SYS_setresuid, real, -1, -1);
	uint64_t took = now() - begin;

	if (r < 0)
		die("setresuid");
	return took;
}

static uint64_t do_getppid(struct state *state)
{
	uint64_t begin = now();

	(void)state;
	syscall(SYS_getppid);
	return now() - begin;
}

static uint64_t do_open(struct state *state)
{
	uint64_t begin = now();
	int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);

	(void)state;
	if (fd < 0 || close(fd) < 0)
		die("open");
	return now() - begin;
}

static uint64_t do_read(struct state *state)
{
	uint64_t begin = now();
	char byte;

	if (read(state->zero, &byte, 1) != 1)
		die("read");
	return now() - begin;
}

static uint64_t do_write(struct state *state)
{
	uint64_t begin = now();

	if (write(state->null, "", 1) != 1)
		die("write");
	return now() - begin;
}

static uint64_t do_send(struct state *state)
{
	uint64_t begin = now(), took;
	char byte;

	if (send(state->pair[0], "", 1, 0) != 1)
		die("send");
	took = now() - begin;
	if (recv(state->pair[1], &byte, 1, 0) != 1)
		die("recv");
	return took;
}

static uint64_t do_accept(struct state *state)
{
	int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), server;
	uint64_t begin, took;

	if (connect(client, (const struct sockaddr *)&state->server, sizeof(state->server)) < 0)
		die("connect");
	begin = now();
	server = accept4(state->listener, NULL, NULL, SOCK_CLOEXEC);
	took = now() - begin;
	if (server < 0)
		die("accept");
	close(client);
	close(server);
	return took;
}

static const struct {
	const char *name;
	operation_fn *run;
} operations[] = {
	{"exec", do_exec},           {"fork", do_fork},       {"udp", do_udp},       {"tcp", do_tcp},
	{"setresuid", do_setresuid}, {"getppid", do_getppid}, {"open", do_open},     {"read", do_read},
	{"write", do_write},         {"send", do_send},       {"accept", do_accept},
};

#define OPERATIONS (sizeof(operations) / sizeof(*operations))

static void prepare(struct state *state)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(state->server);

	state->zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	state->null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (state->zero < 0 || state->null < 0 || socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, state->pair) < 0)
		die("files");
	state->udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	state->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (state->udp < 0 || state->listener < 0 || bind(state->listener, (struct sockaddr *)&at, sizeof(at)) < 0 ||
	    listen(state->listener, 16) < 0 ||
	    getsockname(state->listener, (struct sockaddr *)&state->server, &len) < 0)
		die("sockets");
	/* a port has its place in a table: a random one would cost what the list there is long */
	at.sin_port = htons(5353);
	if (bind(state->udp, (struct sockaddr *)&at, sizeof(at)) < 0)
		die("udp");
	state->to[0] = state->to[1] = at;
	state->to[1].sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1);
}

static int compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Sorted. */
static const uint64_t *sample(struct state *state, operation_fn *run)
{
	static uint64_t took[RUNS];

	for (int i = 0; i < WARM; i++)
		run(state);
	for (int i = 0; i < RUNS; i++)
		took[i] = run(state);
	qsort(took, RUNS, sizeof(*took), compare);
	return took;
}

static void print_samples(struct state *state)
{
	uint64_t clock = sample(state, do_nothing)[RUNS / 2];

	for (size_t i = 0; i < OPERATIONS; i++) {
		const uint64_t *took = sample(state, operations[i].run);

		printf("median %s %llu %llu\n", operations[i].name, (unsigned long long)(took[RUNS / 2] - clock),
		       (unsigned long long)(took[RUNS / 10] - clock));
	}
	fflush(stdout);
}

/* How the kernel finds free memory differs a bit from one process to the next. */
static void measure(struct state *state)
{
	const char *processes = getenv("PROCESSES");

	for (int n = processes ? atoi(processes) : 1; n > 0; n--) {
		pid_t child = fork();

		if (!child) {
			print_samples(state);
			_exit(0);
		}
		if (child < 0 || waitpid(child, NULL, 0) < 0)
			die("fork");
	}
}

static void filter(void)
{
	struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog program = {1, &allow};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW, &program))
		die("filter");
}

int main(int argc, char **argv)
{
	struct state state = {.program = argc == 3 ? argv[2] : PROGRAM};

	prepare(&state);
	if (argc == 3 && !strcmp(argv[1], "filtered"))
		filter();
	if (argc >= 2 && argc <= 3 && (!strcmp(argv[1], "measure") || !strcmp(argv[1], "filtered"))) {
		measure(&state);
		return 0;
	}
	for (size_t i = 0; argc == 4 && !strcmp(argv[1], "do") && i < OPERATIONS; i++)
		if (!strcmp(argv[2], operations[i].name)) {
			for (int n = atoi(argv[3]); n > 0; n--)
				operations[i].run(&state);
			return 0;
		}
	fprintf(stderr, "usage: operations measure [PROGRAM] | filtered PROGRAM | do NAME TIMES\n");
	return 2;
}
