/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a program in a domain may try to run what it must not: each a case, with one expectation. Runs as root
 * inside `mantlet run -m lsm` in a VM, under tests/lsm/policy.json; tells TAP.
 *
 * What lies under /w/ok, /w/deep and /w/bound may run, and /w/over/merged/ok, and this program; nothing else. The program that is run is this one again, by the name `run`: it exits with 42. So a
 * case that ends with 42 did run.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "case.h"

static void write_script(const char *path, const char *interpreter)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0755);

	need(fd >= 0 && dprintf(fd, "#!%s\n", interpreter) > 0);
	close(fd);
}

/* clang-format off */
static void allowed(void) { run("/w/ok/prog"); }
static void denied(void) { run("/w/no/prog"); }
static void relative(void) { need(!chdir("/w/no")); run("./prog"); }
static void prefix(void) { copy_self("/w/okay"); run("/w/okay"); }
static void link_to_denied(void) { symlink("/w/no/prog", "/w/ok/link"); run("/w/ok/link"); }
static void link_to_allowed(void) { symlink("/w/ok/prog", "/w/no/link"); run("/w/no/link"); }
static void hard_link(void) { link("/w/ok/prog", "/w/no/hard"); run("/w/no/hard"); }
static void by_descriptor(void) { run_fd(open("/w/no/prog", O_PATH)); }
static void by_descriptor_allowed(void) { run_fd(open("/w/ok/prog", O_PATH)); }
static void by_proc(void) { open("/w/no/prog", O_RDONLY); run("/proc/self/fd/3"); }
/* clang-format on */

static void memory_file(void)
{
	char path[64];
	int fd = memfd_create("/w/ok/prog", 0);

	need(fd >= 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	copy_self(path);
	run_fd(open(path, O_RDONLY));
}

static void deleted(void)
{
	int fd;

	copy_self("/w/ok/gone");
	fd = open("/w/ok/gone", O_RDONLY);
	need(!unlink("/w/ok/gone"));
	run_fd(fd);
}

static void deleted_and_replaced(void)
{
	int fd;

	copy_self("/w/ok/gone2");
	fd = open("/w/ok/gone2", O_RDONLY);
	need(!unlink("/w/ok/gone2"));
	copy_self("/w/ok/gone2");
	run_fd(fd);
}

static void nameless(void)
{
	char path[64];
	int fd = open("/w/ok", O_TMPFILE | O_RDWR, 0755), readable;

	need(fd >= 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	copy_self(path);
	readable = open(path, O_RDONLY);
	close(fd); /* what is open for writing is not run anyway */
	run_fd(readable);
}

/* clang-format off */
static void script(void) { write_script("/w/ok/script", "/w/ok/interp"); run("/w/ok/script"); }
static void script_denied(void) { write_script("/w/no/script", "/w/ok/interp"); run("/w/no/script"); }
static void interpreter_denied(void) { write_script("/w/ok/script2", "/w/no/prog"); run("/w/ok/script2"); }
/* clang-format on */

static void interpreter_of_interpreter(void)
{
	write_script("/w/ok/outer", "/w/ok/inner");
	write_script("/w/ok/inner", "/w/no/prog");
	run("/w/ok/outer");
}

static void run_at(int dir, const char *name)
{
	need(dir >= 0);
	syscall(SYS_execveat, dir, name, run_argv, environ, 0);
	_exit(errno);
}

static volatile bool idling = true;

static void *idle(void *arg)
{
	(void)arg;
	while (idling)
		pause();
	return NULL;
}

static void script_by_descriptor(void)
{
	write_script("/w/ok/script-fd", "/w/ok/interp");
	run_fd(open("/w/ok/script-fd", O_RDONLY));
}

static void script_by_shared_descriptor(void)
{
	pthread_t thread;

	need(!pthread_create(&thread, NULL, idle, NULL));
	script_by_descriptor();
}

static void script_by_shared_directory(void)
{
	pthread_t thread;

	write_script("/w/ok/script-at", "/w/ok/interp");
	need(!pthread_create(&thread, NULL, idle, NULL));
	run_at(open("/w/ok", O_PATH), "script-at");
}

static void program_by_shared_descriptor(void)
{
	pthread_t thread;

	need(!pthread_create(&thread, NULL, idle, NULL));
	run_fd(open("/w/ok/prog", O_PATH));
}

static void chrooted(void)
{
	need(!chroot("/w/jail") && !chdir("/"));
	run("/w/ok/prog");
}

static void chrooted_to_allowed(void)
{
	need(!chroot("/w/ok") && !chdir("/"));
	run("/prog");
}

static void private_namespace(void)
{
	need(!unshare(CLONE_NEWNS) && !mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
}

static void private_bind_file(void)
{
	private_namespace();
	need(!mount("/w/no/prog", "/w/ok/prog", NULL, MS_BIND, NULL));
	run("/w/ok/prog");
}

static void private_bind_directory(void)
{
	private_namespace();
	need(!mount("/w/no", "/w/ok", NULL, MS_BIND, NULL));
	run("/w/ok/prog");
}

static void private_tmpfs(void)
{
	private_namespace();
	need(!mount("none", "/w/ok", "tmpfs", 0, NULL));
	copy_self("/w/ok/prog");
	run("/w/ok/prog");
}

static void private_allowed(void)
{
	private_namespace();
	run("/w/ok/prog");
}

static void private_chroot(void)
{
	private_namespace();
	need(!mount("/w/jail", "/w/jail", NULL, MS_BIND, NULL) && !chroot("/w/jail") && !chdir("/"));
	run("/w/ok/prog");
}

static void pivoted(void)
{
	private_namespace();
	need(!mount("none", "/w/pivot", "tmpfs", 0, NULL));
	mkdir("/w/pivot/w", 0755);
	mkdir("/w/pivot/w/ok", 0755);
	mkdir("/w/pivot/old", 0755);
	copy_self("/w/pivot/w/ok/prog");
	need(!syscall(SYS_pivot_root, "/w/pivot", "/w/pivot/old") && !chdir("/"));
	need(!umount2("/old", MNT_DETACH));
	run("/w/ok/prog");
}

static int detached(const char *path)
{
	return syscall(SYS_open_tree, AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
}

static void detached_denied(void)
{
	run_at(detached("/w/jail/w/ok"), "prog");
}
static void detached_allowed(void)
{
	run_at(detached("/w/ok"), "prog");
}

static void detached_tmpfs(void)
{
	int fs = syscall(SYS_fsopen, "tmpfs", 0), dir;
	char path[64];

	need(fs >= 0 && !syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0));
	dir = syscall(SYS_fsmount, fs, 0, 0);
	need(dir >= 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d/prog", dir);
	copy_self(path);
	run_at(dir, "prog");
}

static void unmounted(void)
{
	int dir;

	need(!mount("none", "/w/lazy", "tmpfs", 0, NULL));
	copy_self("/w/lazy/prog");
	dir = open("/w/lazy", O_PATH);
	need(!umount2("/w/lazy", MNT_DETACH));
	run_at(dir, "prog");
}

static void bound_in_place(void)
{
	run("/w/bound/prog");
}
static void bound_denied(void)
{
	run("/w/bound-no/prog");
}
static void overlay(void)
{
	run("/w/over/merged/ok");
}
static void overlay_denied(void)
{
	run("/w/over/merged/no");
}
static void overlay_lower(void)
{
	run("/w/over/lower/ok");
}

/* 200 components, more than 4,096 bytes: only a relative name gets there. */
static void go_deep(const char *base)
{
	char name[32];

	need(!chdir(base));
	for (int i = 0; i < 200; i++) {
		snprintf(name, sizeof(name), "component-number-%06d", i);
		need((!mkdir(name, 0755) || errno == EEXIST) && !chdir(name));
	}
	copy_self("prog");
}

static void deep(void)
{
	go_deep("/w/deep");
	run("./prog");
}
static void deep_denied(void)
{
	go_deep("/w/no");
	run("./prog");
}

/* 70,000 bytes. */
static void too_deep(void)
{
	char name[256] = "";

	memset(name, 'd', 250);
	need(!chdir("/w/deep"));
	for (int i = 0; i < 280; i++)
		need((!mkdir(name, 0755) || errno == EEXIST) && !chdir(name));
	copy_self("prog");
	run("./prog");
}

static void long_name(void)
{
	char path[300] = "/w/ok/";

	memset(path + strlen(path), 'n', 255);
	copy_self(path);
	run(path);
}

static void forked(void)
{
	pid_t pid = fork();

	if (!pid)
		denied();
	_exit(wait_for(pid));
}

static void vforked(void)
{
	pid_t pid = vfork();

	if (!pid)
		run("/w/no/prog");
	_exit(wait_for(pid));
}

static void spawned(void)
{
	pid_t pid;
	int r = posix_spawn(&pid, "/w/no/prog", NULL, NULL, run_argv, environ);

	_exit(r ? r : wait_for(pid));
}

/* Not a child of the domain by birth order any more: its parent is gone, and so is its session. */
static void forked_twice(void)
{
	int pipes[2], code = 0;
	pid_t pid;

	need(!pipe(pipes));
	if (!(pid = fork())) {
		if (!fork()) {
			setsid();
			usleep(50000);
			pid = fork();
			if (!pid)
				denied();
			code = wait_for(pid);
			need(write(pipes[1], &code, sizeof(code)) == sizeof(code));
		}
		_exit(0);
	}
	wait_for(pid);
	need(read(pipes[0], &code, sizeof(code)) == sizeof(code));
	_exit(code);
}

static void *thread_main(void *arg)
{
	(void)arg;
	denied();
	return NULL;
}

static void threaded(void)
{
	pthread_t thread;

	need(!pthread_create(&thread, NULL, thread_main, NULL));
	pause();
}

static void cloned(void)
{
	struct clone_args args = {.flags = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUSER, .exit_signal = SIGCHLD};
	long pid = syscall(SYS_clone3, &args, sizeof(args));

	if (!pid)
		denied();
	_exit(wait_for(pid));
}

/* Makes a namespace of users in which the task is root and may mount. */
static void write_map(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	need(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
}

static void in_user_namespace(void)
{
	need(!unshare(CLONE_NEWUSER | CLONE_NEWNS));
	write_map("/proc/self/setgroups", "deny");
	write_map("/proc/self/uid_map", "0 0 1");
	write_map("/proc/self/gid_map", "0 0 1");
	need(!mount("none", "/w/ok", "tmpfs", 0, NULL));
	copy_self("/w/ok/prog");
	run("/w/ok/prog");
}

/* The program that an allowed one becomes tries the denied one: argv[0] says so. */
static void run_again(void)
{
	execve("/w/ok/prog", (char *[]){"again", NULL}, environ);
	_exit(errno);
}

static void *again_main(void *arg)
{
	(void)arg;
	run_again();
	return NULL;
}

/* The thread takes its leader's number. */
static void execed_by_thread(void)
{
	pthread_t thread;

	need(!pthread_create(&thread, NULL, again_main, NULL));
	pause();
}

static void *leaderless_main(void *arg)
{
	(void)arg;
	usleep(20000);
	run_again();
	return NULL;
}

static void execed_without_leader(void)
{
	pthread_t thread;

	need(!pthread_create(&thread, NULL, leaderless_main, NULL));
	syscall(SYS_exit, 0);
}

static int open_cgroup(void)
{
	int fd;

	mkdir("/w/cgroup2", 0755);
	mount("none", "/w/cgroup2", "cgroup2", 0, NULL);
	mkdir("/w/cgroup2/other", 0755);
	fd = open("/w/cgroup2/other", O_RDONLY | O_DIRECTORY);
	need(fd >= 0);
	return fd;
}

static bool in_other_cgroup(void)
{
	char text[4096] = "";
	int fd = open("/proc/self/cgroup", O_RDONLY);

	return fd >= 0 && read(fd, text, sizeof(text) - 1) > 0 && strstr(text, "/other");
}

static void moved_to_cgroup(void)
{
	int fd = openat(open_cgroup(), "cgroup.procs", O_WRONLY);

	need(fd >= 0 && write(fd, "0", 1) == 1 && in_other_cgroup());
	denied();
}

static void born_in_cgroup(void)
{
	struct clone_args args = {.flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = open_cgroup()};
	long pid = syscall(SYS_clone3, &args, sizeof(args));

	if (!pid) {
		need(in_other_cgroup());
		denied();
	}
	_exit(wait_for(pid));
}

static void unshared(void)
{
	need(!unshare(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP));
	forked();
}

/* The namespaces of a task outside, whose number is in /tmp/elsewhere. */
static void joined(void)
{
	static const char *const names[] = {"net", "uts", "ipc", "mnt"};
	char path[64], text[16] = "";
	int file = open("/tmp/elsewhere", O_RDONLY), fds[4];

	need(file >= 0 && read(file, text, sizeof(text) - 1) > 0);
	for (int i = 0; i < 4; i++) {
		snprintf(path, sizeof(path), "/proc/%d/ns/%s", atoi(text), names[i]);
		fds[i] = open(path, O_RDONLY);
		need(fds[i] >= 0);
	}
	for (int i = 0; i < 4; i++)
		need(!setns(fds[i], 0));
	forked();
}

/* A brother of who makes it: its parent is another. */
static void cloned_by_parent(void)
{
	struct clone_args args = {.flags = CLONE_PARENT};
	int pipes[2], code = 0;
	long pid;

	need(!pipe(pipes));
	pid = syscall(SYS_clone3, &args, sizeof(args));
	if (!pid) {
		if (!(pid = fork()))
			denied();
		code = wait_for(pid);
		need(write(pipes[1], &code, sizeof(code)) == sizeof(code));
		_exit(0);
	}
	need(pid > 0 && read(pipes[0], &code, sizeof(code)) == sizeof(code));
	_exit(code);
}

/* The number of a task that was outside: it is in /tmp/gone. */
static void reborn(void)
{
	char text[16] = "", before[16];
	int file = open("/tmp/gone", O_RDONLY), last = open("/proc/sys/kernel/ns_last_pid", O_WRONLY), wanted;
	pid_t pid;

	need(file >= 0 && last >= 0 && read(file, text, sizeof(text) - 1) > 0);
	wanted = atoi(text);
	snprintf(before, sizeof(before), "%d", wanted - 1);
	need(write(last, before, strlen(before)) > 0);
	pid = fork();
	if (!pid) {
		need(getpid() == wanted);
		denied();
	}
	_exit(wait_for(pid));
}

static volatile bool racing = true;

/* Moves the directory of a denied program to and fro; nothing of that is a place that is allowed. */
static void *mover(void *arg)
{
	(void)arg;
	while (racing) {
		rename("/w/race/no/dir", "/w/race/maybe/ok");
		rename("/w/race/maybe/ok", "/w/race/no/dir");
	}
	return NULL;
}

static void moved_while_walked(void)
{
	pthread_t thread;
	int dir = open("/w/race/no/dir", O_PATH), code;

	need(dir >= 0 && !pthread_create(&thread, NULL, mover, NULL));
	for (int i = 0; i < 300; i++) {
		pid_t pid = fork();

		if (!pid)
			run_at(dir, "prog");
		code = wait_for(pid);
		if (code != EACCES)
			_exit(code);
	}
	_exit(EACCES);
}

/* clang-format off */
static const struct case_of cases[] = {
	{"an allowed program", allowed, RAN},
	{"a denied program", denied, EACCES},
	{"a denied program by a relative name", relative, EACCES},
	{"a name that an allowed one begins", prefix, EACCES},
	{"a symbolic link to a denied program", link_to_denied, EACCES},
	{"a symbolic link to an allowed program", link_to_allowed, RAN},
	{"a hard link of an allowed program at a denied name", hard_link, EACCES},
	{"a denied program by descriptor", by_descriptor, EACCES},
	{"an allowed program by descriptor", by_descriptor_allowed, RAN},
	{"a denied program by /proc/self/fd", by_proc, EACCES},
	{"a memory file with an allowed name", memory_file, EACCES},
	{"a deleted file", deleted, EACCES},
	{"a deleted file, with another in its place", deleted_and_replaced, EACCES},
	{"a file that never had a name", nameless, EACCES},
	{"a script, all allowed", script, RAN},
	{"a denied script", script_denied, EACCES},
	{"a script with a denied interpreter", interpreter_denied, EACCES},
	{"an interpreter that is a script with a denied interpreter", interpreter_of_interpreter, EACCES},
	{"a script by descriptor", script_by_descriptor, RAN},
	{"a script by a descriptor that another thread can change", script_by_shared_descriptor, EACCES},
	{"a script below a directory whose descriptor another thread can change", script_by_shared_directory, EACCES},
	{"a program by a descriptor that another thread can change", program_by_shared_descriptor, RAN},
	{"chroot to a copy of the tree", chrooted, EACCES},
	{"chroot to an allowed directory", chrooted_to_allowed, RAN},
	{"private namespace: a denied file bound over an allowed one", private_bind_file, EACCES},
	{"private namespace: a denied directory bound over an allowed one", private_bind_directory, EACCES},
	{"private namespace: a new file system over an allowed directory", private_tmpfs, EACCES},
	{"private namespace: an allowed program is still allowed", private_allowed, RAN},
	{"private namespace and chroot", private_chroot, EACCES},
	{"private namespace and pivot_root to a new file system", pivoted, EACCES},
	{"a detached mount of a copy of the tree", detached_denied, EACCES},
	{"a detached mount of an allowed directory", detached_allowed, RAN},
	{"a detached new file system", detached_tmpfs, EACCES},
	{"a lazily unmounted file system", unmounted, EACCES},
	{"a mount in the container's own namespace, allowed there", bound_in_place, RAN},
	{"a mount in the container's own namespace, denied there", bound_denied, EACCES},
	{"overlay: allowed by its place in it", overlay, RAN},
	{"overlay: denied", overlay_denied, EACCES},
	{"overlay: the lower file", overlay_lower, EACCES},
	{"200 components, 4,800 bytes, allowed", deep, RAN},
	{"200 components, 4,800 bytes, denied", deep_denied, EACCES},
	{"70,000 bytes", too_deep, EACCES},
	{"a name of 255 bytes, allowed", long_name, RAN},
	{"after fork", forked, EACCES},
	{"after vfork", vforked, EACCES},
	{"by posix_spawn", spawned, EACCES},
	{"after two forks, without parent, in another session", forked_twice, EACCES},
	{"from a thread", threaded, EACCES},
	{"from new namespaces", cloned, EACCES},
	{"a user namespace, root and mounts in it", in_user_namespace, EACCES},
	{"what a thread became by exec", execed_by_thread, EACCES},
	{"what a thread became whose leader had ended", execed_without_leader, EACCES},
	{"in another cgroup", moved_to_cgroup, EACCES},
	{"born in another cgroup", born_in_cgroup, EACCES},
	{"every namespace unshared", unshared, EACCES},
	{"in the namespaces of a task outside", joined, EACCES},
	{"a child that is its parent's brother", cloned_by_parent, EACCES},
	{"with the number that a task outside had", reborn, EACCES},
	{"a directory that is moved meanwhile", moved_while_walked, EACCES},
};
/* clang-format on */

#define CASES (sizeof(cases) / sizeof(*cases))

static int try_all(void)
{
	int failed = 0;

	printf("1..%zu\n", CASES);
	for (size_t i = 0; i < CASES; i++)
		failed |= !case_try(i + 1, &cases[i], cases[i].expected);
	return failed;
}

/* Many denials at once, from two processes. */
static int flood(int count)
{
	pid_t other = fork();

	for (int i = 0; i < count; i++) {
		execve("/w/no/prog", run_argv, environ);
		if (errno != EACCES)
			return 1;
	}
	if (!other)
		_exit(0);
	return wait_for(other);
}

int main(int argc, char **argv)
{
	if (!strcmp(argv[0], "again"))
		denied();
	if (argc == 3 && !strcmp(argv[1], "flood"))
		return flood(atoi(argv[2]));
	if (argc == 2 && !strcmp(argv[1], "all"))
		return try_all();
	return RAN;
}
