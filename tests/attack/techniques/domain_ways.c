/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Out of the domain, or through somebody who is outside of it, or past a guard that is kept from its work: each to execute a
 * program then. What a root task may try against mode lsm's own programs is in tests/lsm/protect.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>

#include "run.h"
#include "technique.h"
#include "victim.h"

static pid_t victim(const struct aim *aim)
{
	long pid = watch_ask(aim->work, ASK_VICTIM);

	need("watch", pid > 0 ? 0 : -1);
	return pid;
}

static void namespace_enter(const struct aim *aim, const char *name, int type)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", victim(aim), name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	need(path, fd);
	need("setns", setns(fd, type));
}

/* The namespaces of a task outside: where it runs in others than that one has. */
static void by_setns_mount(const struct aim *aim)
{
	need("unshare", unshare(CLONE_NEWNS));
	namespace_enter(aim, "mnt", CLONE_NEWNS);
	run(aim->program);
}

static void by_setns_pid(const struct aim *aim)
{
	pid_t pid;

	namespace_enter(aim, "pid", CLONE_NEWPID);
	pid = fork();
	if (pid == 0) {
		run(aim->program);
		_exit(1);
	}
	end_as(pid);
}

static void by_setns_all(const struct aim *aim)
{
	int fd = syscall(434 /* pidfd_open */, victim(aim), 0);

	need("pidfd_open", fd);
	need("setns", setns(fd, CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWCGROUP));
	run(aim->program);
}

static void by_unshare_all(const struct aim *aim)
{
	pid_t pid;

	need("unshare", unshare(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWCGROUP |
				CLONE_NEWPID | CLONE_FILES | CLONE_FS | CLONE_SYSVSEM));
	pid = fork();
	if (pid == 0) {
		setsid();
		run(aim->program);
		_exit(1);
	}
	end_as(pid);
}

/* A sibling, not a child: its parent is the guard. */
static void by_parent(const struct aim *aim)
{
	int pipe_fd[2];
	char end;
	pid_t pid;

	need("pipe", pipe(pipe_fd));
	if (fork() == 0) {
		pid = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);
		if (pid == 0)
			run(aim->program); /* the pipe is closed by its end */
		_exit(pid < 0);
	}
	close(pipe_fd[1]);
	if (read(pipe_fd[0], &end, 1) < 0)
		_exit(1);
}

static void by_subreaper(const struct aim *aim)
{
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (fork() == 0) {
		if (fork() == 0) {
			usleep(20000); /* until it is ours */
			run(aim->program);
		}
		_exit(0);
	}
	wait(NULL);
	wait(NULL);
}

/* The file that takes a task into the root of a cgroup hierarchy, or into a new cgroup of it. */
static void cgroup_enter(const char *sub)
{
	static const char *const roots[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/pids", "/sys/fs/cgroup/cpu"};
	char path[128];
	int fd = -1;

	for (size_t i = 0; i < 3 && fd < 0; i++) {
		snprintf(path, sizeof(path), "%s%s", roots[i], sub);
		if (*sub)
			mkdir(path, 0755);
		strcat(path, "/cgroup.procs");
		fd = open(path, O_WRONLY | O_CLOEXEC);
	}
	need("cgroup", fd);
	need("cgroup", write(fd, "0", 1));
}

static void by_cgroup_root(const struct aim *aim)
{
	cgroup_enter("");
	run(aim->program);
}

static void by_new_cgroup(const struct aim *aim)
{
	cgroup_enter("/technique");
	run(aim->program);
}

static void by_clone_into_cgroup(const struct aim *aim)
{
	struct clone_args args = {.flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD};
	int fd;
	long pid;

	mkdir("/sys/fs/cgroup/technique", 0755);
	fd = open("/sys/fs/cgroup/technique", O_PATH | O_DIRECTORY | O_CLOEXEC);
	need("cgroup", fd);
	args.cgroup = fd;
	pid = syscall(435 /* clone3 */, &args, sizeof(args));
	if (pid == 0) {
		run(aim->program);
		_exit(1);
	}
	need("CLONE_INTO_CGROUP", pid);
	end_as(pid);
}

/* A listener of its own, which lets every call go on. */
static void by_listener(const struct aim *aim)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_execve, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {.len = 4, .filter = code};
	struct seccomp_notif asked = {0};
	struct seccomp_notif_resp answer = {.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};
	int listener;

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	listener = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
	need("listener", listener);
	if (fork() == 0) {
		run(aim->program);
		_exit(1);
	}
	need("notification", ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &asked));
	answer.id = asked.id;
	ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
	wait(NULL);
}

static void by_filter(const struct aim *aim)
{
	struct sock_filter code = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog program = {.len = 1, .filter = &code};

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	need("seccomp", prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program));
	run(aim->program);
}

/* Until it has executed what it was told, and ended. */
static void victim_wait(pid_t pid)
{
	for (int i = 0; i < 300 && kill(pid, 0) == 0; i++)
		usleep(10000);
}

/* A task outside runs the program if its memory says so. */
static void by_outside_memory(const struct aim *aim)
{
	pid_t pid = victim(aim);
	struct iovec from = {.iov_base = (void *)aim->program, .iov_len = strlen(aim->program) + 1};
	struct iovec to = {.iov_base = victim_order, .iov_len = from.iov_len};

	need("process_vm_writev", process_vm_writev(pid, &from, 1, &to, 1, 0));
	victim_wait(pid);
}

static void by_outside_mem_file(const struct aim *aim)
{
	pid_t pid = victim(aim);
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	fd = open(path, O_RDWR | O_CLOEXEC);
	need(path, fd);
	need(path, pwrite(fd, aim->program, strlen(aim->program) + 1, (long)victim_order));
	victim_wait(pid);
}

static void by_outside_ptrace(const struct aim *aim)
{
	pid_t pid = victim(aim);
	char text[PATH_MAX + 8] = {0};

	strcpy(text, aim->program);
	need("ptrace", ptrace(PTRACE_ATTACH, pid, NULL, NULL));
	waitpid(pid, NULL, 0);
	/* from its end: its first byte is the order */
	for (long at = strlen(text) / 8 * 8; at >= 0; at -= 8)
		ptrace(PTRACE_POKEDATA, pid, victim_order + at, *(long *)(text + at));
	ptrace(PTRACE_DETACH, pid, NULL, NULL);
	victim_wait(pid);
}

/* The guard does not get to run meanwhile. */
static void by_stopped_guard(const struct aim *aim)
{
	need("SIGSTOP", kill(aim->guard, SIGSTOP));
	if (fork() == 0) {
		run(aim->program);
		_exit(1);
	}
	usleep(300000);
	kill(aim->guard, SIGCONT);
}

static void by_starved_guard(const struct aim *aim)
{
	struct rlimit none, old;

	need("prlimit", prlimit(aim->guard, RLIMIT_NOFILE, NULL, &old));
	none = (struct rlimit){0, old.rlim_max};
	need("prlimit", prlimit(aim->guard, RLIMIT_NOFILE, &none, NULL));
	if (fork() == 0) {
		setsid();
		run(aim->program);
		_exit(1);
	}
	usleep(300000);
	prlimit(aim->guard, RLIMIT_NOFILE, &old, NULL);
}

/* All descriptors that there are. */
static void by_used_up_files(const struct aim *aim)
{
	struct rlimit many;
	pid_t pid;

	getrlimit(RLIMIT_NOFILE, &many);
	for (rlim_t i = 0; i < many.rlim_cur && dup(0) >= 0; i++)
		;
	pid = fork();
	if (pid == 0) {
		run(aim->program);
		_exit(1);
	}
	end_as(pid);
}

/* More execs at once than a guard may be ready for. */
static void by_many_at_once(const struct aim *aim)
{
	for (int i = 0; i < 200; i++)
		if (fork() == 0) {
			run(aim->program);
			_exit(1);
		}
	while (wait(NULL) > 0)
		;
}

/* What docker exec or ECS Exec puts into a container. */
#define OUTSIDE                                                                                                      \
	"without SYS_PTRACE a task that others put into the container, of the same user and capabilities, can be "   \
	"used"

static const struct technique techniques[] = {
	{"setns to the mount namespace of a task outside", by_setns_mount, ANY, 0, 0},
	{"setns to its pid namespace", by_setns_pid, ANY, 0, 0},
	{"setns to all of its namespaces", by_setns_all, ANY, 0, 0},
	{"unshare of everything", by_unshare_all, ANY, 0, 0},
	{"clone as the guard's child (CLONE_PARENT)", by_parent, SAME, 0, 0},
	{"child of another reaper", by_subreaper, SAME, 0, 0},
	{"move to the root of the cgroups", by_cgroup_root, ANY, 0, 0},
	{"move to a new cgroup", by_new_cgroup, ANY, 0, 0},
	{"clone into a new cgroup", by_clone_into_cgroup, ANY, 0, 0},
	{"seccomp listener of its own that allows all", by_listener, ANY, 0, 0},
	{"seccomp filter of its own that allows all", by_filter, SAME, 0, 0},
	{"a task outside, by process_vm_writev", by_outside_memory, ANY, 0, OUTSIDE},
	{"a task outside, by /proc/PID/mem", by_outside_mem_file, ANY, 0, OUTSIDE},
	{"a task outside, by ptrace", by_outside_ptrace, ANY, 0, OUTSIDE},
	{"while the guard is stopped", by_stopped_guard, ANY, 0, 0},
	{"while the guard may open no file", by_starved_guard, ANY, 0, 0},
	{"while no descriptor is left", by_used_up_files, ANY, 0, 0},
	{"two hundred at once", by_many_at_once, SAME, 0, 0},
};

const struct technique_list domain_ways = TECHNIQUE_LIST(SECTION_DOMAIN, techniques);
