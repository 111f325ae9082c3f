/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For programs of cases: each is tried in a child of its own, which ends with RAN if what it tried came true, else with
 * an errno. What is run is the program itself again, by the name `run`: its main() then has to return RAN.
 */
#ifndef MANTLET_TESTS_LSM_CASE_H
#define MANTLET_TESTS_LSM_CASE_H

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define RAN 42
#define UNTRIED 99

extern char **environ;

static char *const run_argv[] = {"run", NULL};

/* What the case needs to be tried at all. */
static void need(bool condition)
{
	if (!condition)
		_exit(UNTRIED);
}

static void run(const char *path)
{
	execve(path, run_argv, environ);
	_exit(errno);
}

static void run_fd(int fd)
{
	syscall(SYS_execveat, fd, "", run_argv, environ, AT_EMPTY_PATH);
	_exit(errno);
}

static void copy_self(const char *to)
{
	char buffer[1 << 16];
	int in = open("/proc/self/exe", O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0755);
	ssize_t n;

	need(in >= 0 && out >= 0);
	while ((n = read(in, buffer, sizeof(buffer))) > 0)
		need(write(out, buffer, n) == n);
	close(in);
	close(out);
}

/* What a child came to. */
static int wait_for(pid_t pid)
{
	int status = 0;

	need(pid > 0 && waitpid(pid, &status, __WALL) == pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

struct case_of {
	const char *name;
	void (*attempt)(void);
	int expected; /* RAN, or an errno */
};

static const char *outcome(int code)
{
	return code == RAN ? "ran" : code == UNTRIED ? "could not be tried" : strerror(code);
}

/* As a line of TAP; false: it came to something else. */
static bool case_try(size_t number, const struct case_of *one, int expected)
{
	pid_t pid;
	int code;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		one->attempt();
		_exit(UNTRIED);
	}
	code = wait_for(pid);
	printf("%sok %zu - %s\n", code == expected ? "" : "not ", number, one->name);
	if (code != expected)
		printf("# expected: %s; got: %s\n", outcome(expected), outcome(code));
	return code == expected;
}

#endif
