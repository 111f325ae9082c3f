/* SPDX-License-Identifier: BSD-2-Clause */
#include "init.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* What our own writing can bring is ignored, and is not handed on. A fault of our own code ends us although it is taken:
 * the kernel does not queue what it must deliver. */
static const int own_signals[] = {SIGPIPE, SIGXFSZ, SIGXCPU};

#define SIGNALS_SIZE 8 /* of the kernel's set: the C library's own two are in it, too, which its calls leave out */

/* Signals whose action matters to us: an ignored SIGCHLD would have the kernel reap the command itself. */
static const struct {
	int signal;
	void (*action)(int);
} actions[INIT_ACTIONS] = {
	{SIGCHLD, SIG_DFL},
	{SIGPIPE, SIG_IGN},
	{SIGXFSZ, SIG_IGN},
	{SIGXCPU, SIG_IGN},
};

uint64_t init_taken(void)
{
	uint64_t taken = ~(1ull << (SIGKILL - 1) | 1ull << (SIGSTOP - 1));

	for (size_t i = 0; i < sizeof(own_signals) / sizeof(*own_signals); i++)
		taken &= ~(1ull << (own_signals[i] - 1));
	return taken;
}

int init_open(struct init *init, struct fault *fault)
{
	uint64_t taken = init_taken();

	for (size_t i = 0; i < INIT_ACTIONS; i++)
		sigaction(actions[i].signal, &(struct sigaction){.sa_handler = actions[i].action}, &init->actions[i]);
	syscall(SYS_rt_sigprocmask, SIG_BLOCK, &taken, &init->original, SIGNALS_SIZE);
	init->signals = syscall(SYS_signalfd4, -1, &taken, SIGNALS_SIZE, SFD_NONBLOCK | SFD_CLOEXEC);
	if (init->signals < 0)
		return fault_set(fault, errno, "cannot receive signals: %s", strerror(errno));
	init->proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (init->proc < 0)
		return fault_set(fault, errno, "cannot open /proc: %s; mount it", strerror(errno));
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		return fault_set(fault, errno, "cannot adopt orphans: %s", strerror(errno));
	return 0;
}

void init_release(const struct init *init)
{
	for (size_t i = 0; i < INIT_ACTIONS; i++)
		sigaction(actions[i].signal, &init->actions[i], NULL);
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &init->original, NULL, SIGNALS_SIZE);
}

void init_signals(struct init *init)
{
	struct signalfd_siginfo info[8];
	ssize_t got = read(init->signals, info, sizeof(info));

	for (ssize_t i = 0; i < got / (ssize_t)sizeof(*info); i++) {
		if (info[i].ssi_signo == SIGCHLD)
			continue;
		/* what a terminal sends goes to its whole foreground group: the command has it already */
		if (info[i].ssi_code > 0 && getpgid(init->child) == getpgrp())
			continue;
		kill(init->child, info[i].ssi_signo);
	}
}

void init_stopped(const struct init *init, int status)
{
	int sig = WSTOPSIG(status);

	if ((sig == SIGTSTP || sig == SIGTTIN || sig == SIGTTOU) && getpgid(init->child) == getpgrp())
		raise(SIGSTOP);
}

static pid_t parent_of(int proc, const char *pid)
{
	char path[64], stat[512], *end;
	int fd, parent = 0;
	ssize_t n;

	snprintf(path, sizeof(path), "%.20s/stat", pid);
	fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	n = read(fd, stat, sizeof(stat) - 1);
	close(fd);
	if (n <= 0)
		return 0;
	stat[n] = '\0';
	end = strrchr(stat, ')'); /* the name in front of it may hold anything */
	if (end)
		sscanf(end + 1, " %*c %d", &parent);
	return parent;
}

/* A child that ends hands its own children to us, so the round is repeated until none is left. */
static void kill_children(int proc)
{
	DIR *entries = fdopendir(dup(proc));
	struct dirent *entry;
	pid_t self = getpid();

	if (!entries)
		return;
	rewinddir(entries);
	while ((entry = readdir(entries)))
		if (*entry->d_name >= '1' && *entry->d_name <= '9' && parent_of(proc, entry->d_name) == self)
			kill(atoi(entry->d_name), SIGKILL);
	closedir(entries);
}

bool init_finish(const struct init *init)
{
	struct timespec pause = {.tv_nsec = 1000000};
	int rounds = 0;

	if (getpid() == 1)
		return true; /* the kernel ends the whole pid namespace with us */
	for (;;) {
		pid_t pid = waitpid(-1, NULL, WNOHANG | __WALL);

		if (pid < 0 && errno == ECHILD)
			return true;
		if (pid > 0)
			continue;
		if (rounds++ == 10000)
			return false;
		kill_children(init->proc);
		nanosleep(&pause, NULL);
	}
}
