/* SPDX-License-Identifier: BSD-2-Clause */
/* By which call a task takes an id. The raw calls: the library's change all threads, and cut to 32 bits. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "elf32.h"
#include "run.h"
#include "technique.h"

#define KEEP (-1L)
#define WIDE (1UL << 32)

static void by_setuid(const struct aim *aim)
{
	need("setuid", syscall(SYS_setuid, aim->id));
}

static void by_setuid_wide(const struct aim *aim)
{
	need("setuid", syscall(SYS_setuid, WIDE | aim->id));
}

static void by_seteuid(const struct aim *aim)
{
	need("setresuid", syscall(SYS_setresuid, KEEP, aim->id, KEEP));
}

static void by_ruid(const struct aim *aim)
{
	need("setresuid", syscall(SYS_setresuid, aim->id, KEEP, KEEP));
}

static void by_suid(const struct aim *aim)
{
	need("setresuid", syscall(SYS_setresuid, KEEP, KEEP, aim->id));
}

static void by_setresuid_wide(const struct aim *aim)
{
	need("setresuid", syscall(SYS_setresuid, WIDE | 0xffffffff, WIDE | aim->id, 0xffffffff));
}

static void by_setreuid(const struct aim *aim)
{
	need("setreuid", syscall(SYS_setreuid, KEEP, aim->id));
}

static void by_setreuid_real(const struct aim *aim)
{
	need("setreuid", syscall(SYS_setreuid, aim->id, KEEP));
}

static void by_setfsuid(const struct aim *aim)
{
	syscall(SYS_setfsuid, aim->id);
	need_not("setfsuid was refused", (id_t)syscall(SYS_setfsuid, KEEP) != aim->id);
}

static void by_setfsuid_wide(const struct aim *aim)
{
	syscall(SYS_setfsuid, WIDE | aim->id);
	need_not("setfsuid was refused", (id_t)syscall(SYS_setfsuid, KEEP) != aim->id);
}

static void by_setgid(const struct aim *aim)
{
	need("setgid", syscall(SYS_setgid, aim->id));
}

static void by_setgid_wide(const struct aim *aim)
{
	need("setgid", syscall(SYS_setgid, 7 * WIDE | aim->id));
}

static void by_setegid(const struct aim *aim)
{
	need("setresgid", syscall(SYS_setresgid, KEEP, aim->id, KEEP));
}

static void by_sgid(const struct aim *aim)
{
	need("setresgid", syscall(SYS_setresgid, KEEP, KEEP, aim->id));
}

static void by_setregid(const struct aim *aim)
{
	need("setregid", syscall(SYS_setregid, aim->id, KEEP));
}

static void by_setfsgid(const struct aim *aim)
{
	syscall(SYS_setfsgid, aim->id);
	need_not("setfsgid was refused", (id_t)syscall(SYS_setfsgid, KEEP) != aim->id);
}

static void by_setgroups(const struct aim *aim)
{
	const gid_t groups[] = {aim->id};

	need("setgroups", syscall(SYS_setgroups, 1, groups));
}

static void by_setgroups_last(const struct aim *aim)
{
	gid_t groups[600];

	for (int i = 0; i < 600; i++)
		groups[i] = 70000 + i;
	groups[599] = aim->id;
	need("setgroups", syscall(SYS_setgroups, WIDE | 600, groups));
	/* /proc/PID/status has them all */
}

struct told {
	const struct aim *aim;
	int done[2];
};

static void *thread_setuid(void *arg)
{
	const struct told *told = arg;

	by_setuid(told->aim);
	close(told->done[1]);
	pause();
	return NULL;
}

/* Only that thread has it then. */
static void by_thread(const struct aim *aim)
{
	struct told told = {.aim = aim};
	pthread_t thread;
	char byte;

	need("pipe", pipe(told.done));
	need("thread", -pthread_create(&thread, NULL, thread_setuid, &told));
	if (read(told.done[0], &byte, 1) < 0)
		_exit(1);
}

static void by_child(const struct aim *aim)
{
	int life[2], done[2];
	char byte;

	need_not("it takes uid 0", geteuid() != 0);
	need("pipe", pipe2(life, O_CLOEXEC) || pipe2(done, O_CLOEXEC) ? -1 : 0);
	if (fork() == 0) {
		close(life[1]);
		setsid();
		if (fork())
			_exit(0);
		by_setuid(aim);
		close(done[1]);
		/* until the technique is ended */
		_exit(read(life[0], &byte, 1) < 0);
	}
	close(done[1]);
	if (read(done[0], &byte, 1) < 0)
		_exit(1);
}

static void i386(const char *name, long number, long a, long b, long c)
{
	errno = 0;
	call_i386(number, a, b, c, 0, 0);
	need(name, errno == ENOSYS || errno == EPERM ? -1 : 0);
}

static void by_i386_setuid(const struct aim *aim)
{
	i386("int 0x80", 23, aim->id, 0, 0);
}

static void by_i386_setuid32(const struct aim *aim)
{
	i386("int 0x80", 213, aim->id, 0, 0);
}

static void by_i386_setresuid(const struct aim *aim)
{
	i386("int 0x80", 164, 0xffff, aim->id, 0xffff);
}

static void by_i386_setreuid32(const struct aim *aim)
{
	i386("int 0x80", 203, KEEP, aim->id, 0);
}

static void by_i386_setfsuid(const struct aim *aim)
{
	i386("int 0x80", 138, aim->id, 0, 0);
	need_not("setfsuid was refused", (id_t)syscall(SYS_setfsuid, KEEP) != aim->id);
}

static void by_i386_setgid(const struct aim *aim)
{
	i386("int 0x80", 46, aim->id, 0, 0);
}

static void by_i386_setfsgid32(const struct aim *aim)
{
	i386("int 0x80", 216, aim->id, 0, 0);
	need_not("setfsgid was refused", (id_t)syscall(SYS_setfsgid, KEEP) != aim->id);
}

static void by_i386_setgroups(const struct aim *aim)
{
	const unsigned short groups[] = {aim->id};

	i386("int 0x80", 81, 1, (long)low_memory(groups, sizeof(groups)), 0);
}

static void by_i386_setgroups32(const struct aim *aim)
{
	const unsigned int groups[] = {aim->id};

	i386("int 0x80", 206, 1, (long)low_memory(groups, sizeof(groups)), 0);
}

static void by_x32(const struct aim *aim)
{
	need("x32", syscall(X32 | 105, aim->id));
}

/* A child's call, changed by its tracer. */
static void by_tracer(const struct aim *aim)
{
	int status;
	pid_t pid;

	need_not("it takes uid 0", geteuid() != 0);
	pid = fork();
	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		syscall(SYS_getppid);
		pause();
		_exit(1);
	}
	waitpid(pid, &status, 0);
	ptrace(PTRACE_SYSCALL, pid, NULL, NULL);
	waitpid(pid, &status, 0);
	call_change(pid, SYS_setuid, aim->id, 0, 0);
	ptrace(PTRACE_DETACH, pid, NULL, NULL);
	usleep(200000);
}

static void by_elf32(const struct aim *aim)
{
	const char *path = in_work(aim, "open/elf32-setuid");
	int status = 0;
	pid_t pid;

	need_not("it takes uid 0", geteuid() != 0);
	elf32_setuid(path, aim->id);
	pid = fork();
	if (pid == 0) {
		run(path);
		_exit(errno == ENOEXEC ? TECHNIQUE_CANNOT : 0);
	}
	usleep(300000);
	errno = ENOEXEC;
	need("32-bit program",
	     waitpid(pid, &status, WNOHANG) == pid && WEXITSTATUS(status) == TECHNIQUE_CANNOT ? -1 : 0);
}

static void map_write(pid_t pid, const char *name, id_t id)
{
	char path[64], line[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	snprintf(line, sizeof(line), "0 %u 1\n", id);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	need(path, fd < 0 ? -1 : write(fd, line, strlen(line)));
	close(fd);
}

/* In a user namespace whose 0 is that id outside. By setuid or setgid, in the child itself or in one that enters. */
static void user_namespace(const struct aim *aim, long call, bool enter)
{
	int ready[2], mapped[2], ns;
	char path[64], byte;
	pid_t pid;

	need("pipe", pipe(ready) || pipe(mapped) ? -1 : 0);
	pid = fork();
	if (pid == 0) {
		if (unshare(CLONE_NEWUSER) || write(ready[1], "x", 1) != 1 || read(mapped[0], &byte, 1) != 1)
			_exit(1);
		if (!enter)
			syscall(call, 0);
		pause();
	}
	close(ready[1]);
	need_not("a user namespace was refused", read(ready[0], &byte, 1) != 1);
	map_write(pid, "uid_map", aim->id);
	map_write(pid, "gid_map", aim->id);
	if (enter) {
		snprintf(path, sizeof(path), "/proc/%d/ns/user", pid);
		ns = open(path, O_RDONLY | O_CLOEXEC);
		need("setns", setns(ns, CLONE_NEWUSER));
		syscall(call, 0);
	} else if (write(mapped[1], "x", 1) != 1) {
		return;
	}
	usleep(200000);
}

static void by_user_namespace(const struct aim *aim)
{
	user_namespace(aim, SYS_setuid, false);
}

static void by_user_namespace_gid(const struct aim *aim)
{
	user_namespace(aim, SYS_setgid, false);
}

static void by_entered_user_namespace(const struct aim *aim)
{
	user_namespace(aim, SYS_setuid, true);
}

static const struct technique techniques[] = {
	{"setuid", by_setuid, SAME, 0, 0},
	{"setuid with more than 32 bits", by_setuid_wide, SAME, 0, 0},
	{"seteuid", by_seteuid, SAME, 0, 0},
	{"setresuid, the real uid alone", by_ruid, SAME, 0, 0},
	{"setresuid, the saved uid alone", by_suid, SAME, 0, 0},
	{"setresuid with more than 32 bits", by_setresuid_wide, SAME, 0, 0},
	{"setreuid, effective", by_setreuid, SAME, 0, 0},
	{"setreuid, real", by_setreuid_real, SAME, 0, 0},
	{"setfsuid", by_setfsuid, SAME, 0, 0},
	{"setfsuid with more than 32 bits", by_setfsuid_wide, SAME, 0, 0},
	{"setuid in one thread", by_thread, SAME, 0, 0},
	{"setuid by an orphan", by_child, SAME, 0, 0},
	{"int 0x80 setuid, 16 bits", by_i386_setuid, ANY, 0, 0},
	{"int 0x80 setuid32", by_i386_setuid32, ANY, 0, 0},
	{"int 0x80 setresuid, 16 bits", by_i386_setresuid, ANY, 0, 0},
	{"int 0x80 setreuid32", by_i386_setreuid32, ANY, 0, 0},
	{"int 0x80 setfsuid, 16 bits", by_i386_setfsuid, ANY, 0, 0},
	{"x32 setuid", by_x32, ANY, 0, 0},
	{"32-bit program that calls setuid", by_elf32, ANY, 0, 0},
	{"tracer that makes a setuid of another call", by_tracer, ANY, 0, 0},
	{"setuid in a user namespace that maps it", by_user_namespace, ANY, 0, 0},
	{"setuid after setns into such a one", by_entered_user_namespace, ANY, 0, 0},
};

const struct technique_list identity_calls = TECHNIQUE_LIST(SECTION_IDENTITY, techniques);

static const struct technique of_groups[] = {
	{"setgid", by_setgid, SAME, 0, 0},
	{"setgid with more than 32 bits", by_setgid_wide, SAME, 0, 0},
	{"setegid", by_setegid, SAME, 0, 0},
	{"setresgid, the saved gid alone", by_sgid, SAME, 0, 0},
	{"setregid", by_setregid, SAME, 0, 0},
	{"setfsgid", by_setfsgid, SAME, 0, 0},
	{"setgroups", by_setgroups, SAME, 0, 0},
	{"setgroups, the last of 600", by_setgroups_last, SAME, 0, 0},
	{"int 0x80 setgid, 16 bits", by_i386_setgid, ANY, 0, 0},
	{"int 0x80 setfsgid32", by_i386_setfsgid32, ANY, 0, 0},
	{"int 0x80 setgroups, 16 bits", by_i386_setgroups, ANY, 0, 0},
	{"int 0x80 setgroups32", by_i386_setgroups32, ANY, 0, 0},
	{"setgid in a user namespace that maps it", by_user_namespace_gid, ANY, 0, 0},
};

const struct technique_list identity_gids = TECHNIQUE_LIST(SECTION_GID, of_groups);
