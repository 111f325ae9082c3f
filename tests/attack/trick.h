/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program of tricks: one technique a test. FORBIDDEN must not run by it, and what is allowed must run by
 * the same. Each is tried in a child of its own, and judged by what ran and not by what the call returned.
 */
#ifndef MANTLET_TESTS_TRICK_H
#define MANTLET_TESTS_TRICK_H

#include <fcntl.h>
#include <sys/syscall.h>

#include "attack.h"

#define CANNOT 113 /* the exit code of a trick that could not be tried */

static char *const args[] = {(char *)"tricks", NULL};
static const char *target; /* FORBIDDEN, or ALLOWED for the control */

static void run(const char *path)
{
	execve(path, args, environ);
}

__attribute__((unused)) static void run_at(int dirfd, const char *path, int flags)
{
	syscall(SYS_execveat, dirfd, path, args, environ, flags);
}

static void need(int done)
{
	if (done < 0)
		_exit(CANNOT);
}

__attribute__((unused)) static void copy(const char *from, int to)
{
	char buf[65536];
	int in = open(from, O_RDONLY | O_CLOEXEC);
	ssize_t got;

	need(in);
	while ((got = read(in, buf, sizeof(buf))) > 0)
		need(write(to, buf, got) == got ? 0 : -1);
	close(in);
}

__attribute__((unused)) static const char *fd_link(int fd)
{
	static char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return path;
}

enum expect {
	BOTH,  /* FORBIDDEN does not run, ALLOWED does */
	NEVER, /* neither runs */
	ANY,   /* FORBIDDEN does not; of ALLOWED it depends on the mode */
	SEEN,  /* as BOTH; but a supervisor without SYS_PTRACE refuses both, and the caller says so by
		  $NO_SYS_PTRACE */
};

struct trick {
	const char *name;
	void (*run)(void);
	enum expect expect;
};

/* Its exit code, or 128 + the signal. */
static int trick_try(const struct trick *trick, const char *on)
{
	int status;
	pid_t pid;

	effects_clear();
	unlink(in_work("jail/effect/allowed"));
	unlink(in_work("jail/effect/forbidden"));
	target = on;
	pid = fork();
	if (pid == 0) {
		trick->run();
		_exit(errno);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		bail(trick->name);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void trick_run(const struct trick *trick)
{
	int code = trick_try(trick, forbidden);
	long ran = effects("forbidden") + effects("jail/effect/forbidden");

	if (code == CANNOT) {
		tap_ok(1, "%s # SKIP it takes a privilege that is not there", trick->name);
		return;
	}
	tap_ok(!ran, "%s: forbidden ran %ld (exit %d)", trick->name, ran, code);
	if (trick->expect == ANY)
		return;
	code = trick_try(trick, allowed);
	ran = effects("allowed") + effects("jail/effect/allowed");
	if (trick->expect == SEEN && getenv("NO_SYS_PTRACE")) {
		tap_ok(!ran, "%s: allowed refused, for want of SYS_PTRACE (exit %d)", trick->name, code);
		return;
	}
	tap_ok(!ran == (trick->expect == NEVER), "%s: allowed ran %ld (exit %d)", trick->name, ran, code);
}

/* NUMBER: one trick alone, to look into it. */
static int tricks_main(int argc, char **argv, const struct trick *tricks, size_t count)
{
	if (argc < 4) {
		fprintf(stderr, "usage: %s ALLOWED FORBIDDEN WORK [NUMBER]\n", argv[0]);
		return 2;
	}
	attack_begin(argv);
	for (size_t i = 0; i < count; i++)
		if (argc == 4 || (size_t)atoi(argv[4]) == i)
			trick_run(&tricks[i]);
	return tap_done();
}

#endif
