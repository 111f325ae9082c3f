/* SPDX-License-Identifier: BSD-2-Clause */
/* To execute a program, in the ways that most techniques share. */
#ifndef MANTLET_TESTS_RUN_H
#define MANTLET_TESTS_RUN_H

#include <sys/syscall.h>
#include <unistd.h>

extern char **environ;

static char *const run_args[] = {(char *)"technique", NULL};

static inline void run(const char *path)
{
	execve(path, run_args, environ);
}

static inline void run_at(int dirfd, const char *path, int flags)
{
	syscall(SYS_execveat, dirfd, path, run_args, environ, flags);
}

#endif
