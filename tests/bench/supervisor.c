/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What no supervisor of system calls can do without:
 *
 *   supervisor continue CMD…   is asked about each exec and connect of CMD, and lets the kernel go on
 *   supervisor stop CMD…       and holds each exec by ptrace until it is done, as one that checks it has to
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define SET_FLAGS SECCOMP_IOW(4, __u64) /* 6.6 */
#define SYNC_WAKE_UP 1UL

__attribute__((noreturn)) static void die(const char *what)
{
	fprintf(stderr, "supervisor: %s: %s\n", what, strerror(errno));
	exit(125);
}

static int filter_install(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_execve, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_connect, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof(code) / sizeof(*code), code};

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
		       SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_SPEC_ALLOW, &program);
}

/* Tells its listener, and waits until it was taken. */
__attribute__((noreturn)) static void become(char **command, int told, int taken)
{
	int listener = filter_install();

	if (listener < 0 || write(told, &listener, sizeof(listener)) < 0 ||
	    read(taken, &listener, sizeof(listener)) < 0)
		die("seccomp");
	close(listener);
	execv(command[0], command);
	die(command[0]);
}

static int listener_take(pid_t child, int told, int taken)
{
	int number, fd;

	if (read(told, &number, sizeof(number)) != sizeof(number))
		exit(125);
	fd = syscall(SYS_pidfd_getfd, syscall(SYS_pidfd_open, child, 0), number, 0);
	if (fd < 0 || write(taken, &number, sizeof(number)) < 0)
		die("pidfd_getfd");
	ioctl(fd, SET_FLAGS, SYNC_WAKE_UP);
	return fd;
}

static void answer(int listener, bool stop)
{
	struct seccomp_notif asked = {0};
	struct seccomp_notif_resp go_on = {.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};

	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &asked) < 0)
		return;
	go_on.id = asked.id;
	stop = stop && asked.data.nr == SYS_execve;
	if (stop)
		ptrace(PTRACE_SEIZE, asked.pid, NULL, PTRACE_O_TRACEEXEC);
	ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &go_on);
	if (stop && waitpid(asked.pid, NULL, __WALL) > 0)
		ptrace(PTRACE_DETACH, asked.pid, NULL, 0L);
}

int main(int argc, char **argv)
{
	struct pollfd poller = {.events = POLLIN};
	int told[2], taken[2], status;
	pid_t child;

	if (argc < 3 || pipe(told) || pipe(taken))
		return 2;
	child = fork();
	if (!child)
		become(argv + 2, told[1], taken[0]);
	poller.fd = listener_take(child, told[0], taken[1]);
	while (poll(&poller, 1, -1) > 0 && poller.revents & POLLIN)
		answer(poller.fd, !strcmp(argv[1], "stop"));
	return waitpid(child, &status, 0) < 0 || !WIFEXITED(status) ? 125 : WEXITSTATUS(status);
}
