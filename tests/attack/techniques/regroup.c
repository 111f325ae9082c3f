/* SPDX-License-Identifier: BSD-2-Clause */
#include "regroup.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MANY 32768 /* the kernel sorts them for a millisecond */
#define LOOKS 2000

struct regroup {
	void (*execute)(void *arg);
	void *arg;
	pid_t leader;
	volatile bool over; /* or it is not followed here, and will not be */
};

static bool followed(pid_t tid)
{
	char path[64], status[4096];
	const char *tracer;
	ssize_t got;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/task/%d/status", tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	got = read(fd, status, sizeof(status) - 1);
	close(fd);
	status[got > 0 ? got : 0] = 0;
	tracer = strstr(status, "\nTracerPid:\t");
	return tracer && atoi(tracer + 12);
}

static void *execute_meanwhile(void *arg)
{
	struct regroup *regroup = arg;

	for (int i = 0; i < LOOKS && !regroup->over && !followed(regroup->leader); i++)
		sched_yield();
	regroup->execute(regroup->arg);
	_exit(111);
}

pid_t regroup_start(void (*execute)(void *arg), void *arg)
{
	struct regroup regroup = {.execute = execute, .arg = arg};
	static gid_t group[MANY];
	pthread_t thread;
	pid_t pid = fork();

	if (pid)
		return pid;
	alarm(5);
	regroup.leader = getpid();
	for (unsigned int i = 0; i < MANY; i++)
		group[i] = 100000 + i * 20251u % MANY;
	if (pthread_create(&thread, NULL, execute_meanwhile, &regroup))
		_exit(112);
	syscall(SYS_setgroups, MANY, group);
	regroup.over = true;
	for (;;)
		pause();
}
