/* SPDX-License-Identifier: BSD-2-Clause */
#include "lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCK RUN_DIRECTORY "/lock"

static pid_t read_pid(int fd)
{
	char text[16] = "";

	return pread(fd, text, sizeof(text) - 1, 0) > 0 ? atoi(text) : 0;
}

static int write_pid(int fd)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%d\n", getpid());

	return ftruncate(fd, 0) < 0 || pwrite(fd, text, len, 0) != len ? -errno : 0;
}

int lock_take(struct fault *fault)
{
	int fd, r = 0;

	if (mkdir(RUN_DIRECTORY, 0700) < 0 && errno != EEXIST)
		return fault_set(fault, errno, "cannot make %s: %s; it takes root", RUN_DIRECTORY, strerror(errno));
	fd = open(LOCK, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return fault_set(fault, errno, "cannot open %s: %s; it takes root", LOCK, strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		r = fault_set(fault, EBUSY, "mantlet daemon runs already, as process %d", read_pid(fd));
	else if (write_pid(fd) < 0)
		r = fault_set(fault, EIO, "cannot write %s: is its file system full?", LOCK);
	if (r < 0) {
		close(fd);
		return r;
	}
	return fd;
}

int lock_wait(int seconds, struct fault *fault)
{
	int fd = lock_take(fault);

	for (int i = 0; fd == -EBUSY && i < 10 * seconds; i++) {
		usleep(100000);
		fd = lock_take(fault);
	}
	return fd;
}

pid_t lock_holder(void)
{
	int fd = open(LOCK, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	pid_t pid = 0;

	if (fd < 0)
		return 0;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		pid = read_pid(fd);
	close(fd);
	return pid;
}
