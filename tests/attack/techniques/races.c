/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Races of connect and of setgroups: what a call names is changed from the allowed to the forbidden and back while it is
 * made. What is forbidden must never be reached; what is allowed must, or the race proves nothing. Those of exec are in
 * tests/attack/race.c.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "regroup.h"
#include "technique.h"

enum { SWAPPED = 200, BATCH = 16 /* fewer than a listener's queue holds */ };

/* Shared with who flips. */
struct arena {
	struct sockaddr_in address, good, bad;
	struct msghdr message;
	struct mmsghdr messages[2];
	struct iovec iov;
	gid_t group;
	volatile int fds[2]; /* what SWAPPED is made in turn: at first what is allowed */
	char byte;
};

enum flipper { BY_THREAD, BY_PROCESS, BY_SHARER /* a process with the same descriptors */ };

struct race {
	enum section section;
	const char *name;
	enum flipper flipper;
	void (*flip)(struct arena *arena, int bad);
	bool (*call)(struct arena *arena, const char *work); /* whether it went where it may */
};

static void pause_some(unsigned int *seed, unsigned int most)
{
	for (unsigned int spin = rand_r(seed) % most; spin; spin--)
		atomic_signal_fence(memory_order_seq_cst);
}

static void flip_address(struct arena *arena, int bad)
{
	*(volatile in_port_t *)&arena->address.sin_port = bad ? arena->bad.sin_port : arena->good.sin_port;
}

static void flip_pointer(struct arena *arena, int bad)
{
	*(void *volatile *)&arena->message.msg_name = bad ? &arena->bad : &arena->good;
}

static void flip_second(struct arena *arena, int bad)
{
	*(void *volatile *)&arena->messages[1].msg_hdr.msg_name = bad ? &arena->bad : &arena->good;
}

static void flip_group(struct arena *arena, int bad)
{
	*(volatile gid_t *)&arena->group = bad ? ID_FORBIDDEN : ID_ALLOWED;
}

static void flip_descriptor(struct arena *arena, int bad)
{
	dup2(arena->fds[bad], SWAPPED);
}

/* With it the address, which is a local one for a local socket. */
static void flip_both(struct arena *arena, int bad)
{
	*(volatile sa_family_t *)&arena->address.sin_family = bad ? AF_INET : AF_UNIX;
	flip_descriptor(arena, bad);
}

static void flip_name_and_descriptor(struct arena *arena, int bad)
{
	*(volatile socklen_t *)&arena->message.msg_namelen = bad ? sizeof(arena->bad) : 0;
	flip_descriptor(arena, bad);
}

/* Closed at once and for good: its port is to be had again. */
static int tcp_socket(void)
{
	const struct linger now = {.l_onoff = 1};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	return fd;
}

static bool call_connect(struct arena *arena, const char *work)
{
	int fd = tcp_socket(), ret = connect(fd, (struct sockaddr *)&arena->address, sizeof(arena->address));

	(void)work;
	close(fd);
	return ret == 0;
}

static bool call_sendto(struct arena *arena, const char *work)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ssize_t ret = sendto(fd, "x", 1, 0, (struct sockaddr *)&arena->address, sizeof(arena->address));

	(void)work;
	close(fd);
	return ret == 1;
}

static bool call_fast_open(struct arena *arena, const char *work)
{
	int fd = tcp_socket();
	ssize_t ret = sendto(fd, "x", 1, MSG_FASTOPEN, (struct sockaddr *)&arena->address, sizeof(arena->address));

	(void)work, (void)ret;
	close(fd);
	return true; /* a mode may refuse them all */
}

static bool call_sendmsg(struct arena *arena, const char *work)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ssize_t ret = sendmsg(fd, &arena->message, 0);

	(void)work;
	close(fd);
	return ret == 1;
}

static bool call_sendmmsg(struct arena *arena, const char *work)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), ret = sendmmsg(fd, arena->messages, 2, 0);

	(void)work;
	close(fd);
	return ret == 2;
}

/* SWAPPED is a local socket, or one of TCP. */
static bool call_swapped_connect(struct arena *arena, const char *work)
{
	int local = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), tcp = tcp_socket(), ret;
	static unsigned int seed = 1;
	bool missing;

	(void)work;
	arena->fds[0] = local;
	arena->fds[1] = tcp;
	dup2(local, SWAPPED);
	pause_some(&seed, 6000); /* so that it is swapped as often as not */
	ret = connect(SWAPPED, (struct sockaddr *)&arena->address, sizeof(arena->address));
	missing = ret < 0 && errno == ENOENT; /* there is no such local socket */
	close(local);
	close(tcp);
	return missing;
}

static bool call_swapped_sendmsg(struct arena *arena, const char *work)
{
	(void)work;
	return sendmsg(SWAPPED, &arena->message, MSG_DONTWAIT) == 1 || errno == EAGAIN;
}

/* Its groups, once the call is over: a task that is killed for them has none any more. */
static bool call_setgroups(struct arena *arena, const char *work)
{
	gid_t got = 0;
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (setgroups(1, &arena->group) || getgroups(1, &got) != 1)
			_exit(1);
		if (got == ID_FORBIDDEN)
			watch_ask(work, ASK_ARRIVED_FORBIDDEN);
		_exit(got != ID_ALLOWED);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void execute_regrouped(void *work)
{
	execl("/proc/self/exe", "techniques", "regrouped", work, NULL);
}

static void *flip_own(void *group)
{
	for (;;) {
		*(volatile gid_t *)group ^= ID_ALLOWED ^ ID_FORBIDDEN;
		for (volatile int spin = 0; spin < 1000; spin++)
			;
	}
	return NULL;
}

int regrouped_main(const char *work)
{
	gid_t group = ID_ALLOWED, got = 0;
	pthread_t thread;

	alarm(5);
	if (pthread_create(&thread, NULL, flip_own, &group))
		return 1;
	for (int i = 0; i < 200 && got != ID_FORBIDDEN; i++)
		if (syscall(SYS_setgroups, 1, &group) == 0 && getgroups(1, &got) == 1 && got == ID_ALLOWED)
			watch_ask(work, ASK_ARRIVED_ALLOWED);
	if (got == ID_FORBIDDEN)
		watch_ask(work, ASK_ARRIVED_FORBIDDEN);
	return 0;
}

/* By a program that a thread executed while the first one was within setgroups(), too. Its like are killed mostly. */
static bool call_regrouped(struct arena *arena, const char *work)
{
	static int tries;

	(void)arena;
	if (tries++ % 100 == 0) /* it takes long, and one in a hundred will do */
		waitpid(regroup_start(execute_regrouped, (void *)work), NULL, 0);
	return true;
}

static const struct race races[] = {
	{SECTION_CONNECT, "connect, address changed by a thread", BY_THREAD, flip_address, call_connect},
	{SECTION_CONNECT, "connect, address changed by another process", BY_PROCESS, flip_address, call_connect},
	{SECTION_CONNECT, "sendto, address changed", BY_THREAD, flip_address, call_sendto},
	{SECTION_CONNECT, "fast open, address changed", BY_THREAD, flip_address, call_fast_open},
	{SECTION_CONNECT, "sendmsg, name changed in its header", BY_THREAD, flip_pointer, call_sendmsg},
	{SECTION_CONNECT, "sendmmsg, name changed in the second header", BY_PROCESS, flip_second, call_sendmmsg},
	{SECTION_CONNECT, "connect, local socket and TCP's swapped by a thread", BY_THREAD, flip_both,
	 call_swapped_connect},
	{SECTION_CONNECT, "connect, the same by a process that shares descriptors", BY_SHARER, flip_both,
	 call_swapped_connect},
	{SECTION_CONNECT, "sendmsg, local socket and UDP's swapped by a thread", BY_THREAD, flip_name_and_descriptor,
	 call_swapped_sendmsg},
	{SECTION_CONNECT, "sendmsg, the same by a process that shares descriptors", BY_SHARER,
	 flip_name_and_descriptor, call_swapped_sendmsg},
	{SECTION_GID, "setgroups, group changed", BY_PROCESS, flip_group, call_setgroups},
	{SECTION_GID, "setgroups, the same after a thread took the first one's place", BY_PROCESS, flip_group,
	 call_regrouped},
};

struct flipping {
	const struct race *race;
	struct arena *arena;
};

static void *flip_for_ever(void *arg)
{
	const struct flipping *flipping = arg;
	unsigned int seed = getpid();

	for (int bad = 0;; bad = !bad) {
		flipping->race->flip(flipping->arena, bad);
		pause_some(&seed, 3000);
	}
	return NULL;
}

static int sharer_run(void *flipping)
{
	flip_for_ever(flipping);
	return 0;
}

/* The pid to kill; 0 for a thread. */
static pid_t flipper_start(struct flipping *flipping)
{
	static char stack[65536] __attribute__((aligned(16)));
	pthread_t thread;
	pid_t pid;

	switch (flipping->race->flipper) {
	case BY_PROCESS:
		pid = fork();
		if (pid == 0)
			flip_for_ever(flipping);
		return pid;
	case BY_SHARER:
		return clone(sharer_run, stack + sizeof(stack), CLONE_FILES | SIGCHLD, flipping);
	case BY_THREAD:
		break;
	}
	return pthread_create(&thread, NULL, flip_for_ever, flipping) ? -1 : 0;
}

static void arena_fill(struct arena *arena)
{
	int pair[2];

	*arena = (struct arena){.good = {.sin_family = AF_INET, .sin_port = htons(PORT_ALLOWED)}, .byte = 'x'};
	arena->good.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	arena->bad = arena->good;
	arena->bad.sin_port = htons(PORT_FORBIDDEN);
	arena->address = arena->good;
	arena->iov = (struct iovec){.iov_base = &arena->byte, .iov_len = 1};
	arena->message = (struct msghdr){.msg_name = &arena->good,
					 .msg_namelen = sizeof(arena->good),
					 .msg_iov = &arena->iov,
					 .msg_iovlen = 1};
	arena->messages[0].msg_hdr = arena->messages[1].msg_hdr = arena->message;
	arena->group = ID_ALLOWED;
	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair))
		return;
	arena->fds[0] = pair[0];
	arena->fds[1] = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	dup2(pair[0], SWAPPED);
}

/* In a process of its own, which ends with its threads. */
static int race_run(const struct race *race, const char *work, int tries)
{
	struct arena *arena = mmap(NULL, sizeof(*arena), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct flipping flipping = {race, arena};
	unsigned int seed = 7;
	long right = 0, wrong;
	pid_t pid;

	if (arena == MAP_FAILED)
		return 2;
	/* on a busy machine a call that hangs must not hang all */
	alarm(600);
	arena_fill(arena);
	if (race->flip == flip_both)
		arena->address.sin_port = arena->bad.sin_port; /* only the family tells */
	if (race->flip == flip_name_and_descriptor)
		arena->message.msg_name = &arena->bad;
	watch_ask(work, ASK_CLEAR);
	pid = flipper_start(&flipping);
	for (int i = 0; i < tries && pid >= 0; i++) {
		pause_some(&seed, 3000);
		right += race->call(arena, work);
		if (i % BATCH == 0)
			watch_ask(work, ASK_ALLOWED);
	}
	wrong = watch_ask(work, ASK_FORBIDDEN);
	if (pid > 0)
		kill(pid, SIGKILL);
	printf("%s: %d tries, %ld as allowed, FORBIDDEN reached %ld\n", race->name, tries, right, wrong);
	fflush(stdout);
	return pid < 0 || wrong || !right;
}

int races_main(const char *work, int tries, unsigned int sections, const char *only)
{
	int count = 0, failed = 0, status;

	for (size_t i = 0; i < sizeof(races) / sizeof(races[0]); i++) {
		if (!(sections & 1u << races[i].section) || (only && !strstr(races[i].name, only)))
			continue;
		printf("# ");
		fflush(stdout);
		if (fork() == 0)
			_exit(race_run(&races[i], work, tries));
		wait(&status);
		failed += status != 0;
		printf("%sok %d - %s\n", status ? "not " : "", ++count, races[i].name);
		fflush(stdout);
	}
	printf("1..%d\n", count);
	return failed > 0;
}
