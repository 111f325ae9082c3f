/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * places ALLOWED FORBIDDEN WORK [NUMBER]
 *
 * Tricks with what a task takes for the root, for a mount or for a pid. See trick.h.
 */
#include <sched.h>
#include <sys/mount.h>

#include "trick.h"

static void by_pid_namespace(void)
{
	int status;
	pid_t pid;

	need(unshare(CLONE_NEWPID));
	pid = fork();
	if (pid == 0) {
		run(target);
		_exit(errno);
	}
	waitpid(pid, &status, 0);
	_exit(WEXITSTATUS(status));
}

static void by_pid_namespace_self(void)
{
	int status;
	pid_t pid;

	need(unshare(CLONE_NEWPID | CLONE_NEWNS));
	need(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	pid = fork();
	if (pid == 0) {
		need(mount("proc", "/proc", "proc", 0, NULL));
		run(fd_link(open(target, O_RDONLY | O_CLOEXEC)));
		_exit(errno);
	}
	waitpid(pid, &status, 0);
	_exit(WEXITSTATUS(status));
}

static void by_mount_namespace(void)
{
	need(unshare(CLONE_NEWNS));
	need(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	run(target);
}

/* The control is an allowed file over an allowed one. */
static void by_private_bind(void)
{
	need(unshare(CLONE_NEWNS));
	need(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	need(mount(target, allowed, NULL, MS_BIND, NULL));
	run(allowed);
}

static void by_user_namespace_bind(void)
{
	need(unshare(CLONE_NEWUSER | CLONE_NEWNS));
	need(mount(target, allowed, NULL, MS_BIND, NULL));
	run(allowed);
}

static void copy_to(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);

	need(fd);
	copy(target, fd);
	close(fd);
}

/* WORK/open/link is a link to WORK/hidden, and WORK/open is allowed. In a namespace of its own a task mounts WORK/hidden
 * there, so that the kernel calls the program WORK/open/link/program; and from outside that name leads to it, too. */
static void by_private_link(void)
{
	int hidden;

	mkdir(in_work("open"), 0755);
	mkdir(in_work("hidden"), 0755);
	unlink(in_work("open/link"));
	need(symlink(in_work("hidden"), in_work("open/link")));
	copy_to(in_work("hidden/program"));
	need(unshare(CLONE_NEWNS));
	need(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	hidden = open(in_work("hidden"), O_PATH | O_DIRECTORY);
	need(hidden);
	need(mount("none", in_work("open"), "tmpfs", 0, NULL));
	need(mkdir(in_work("open/link"), 0755));
	need(mount(fd_link(hidden), in_work("open/link"), NULL, MS_BIND, NULL));
	run(in_work("open/link/program"));
}

/* WORK/jail holds a copy of FORBIDDEN, under the very name of ALLOWED. */
static void by_chroot(void)
{
	char path[2 * PATH_MAX];

	snprintf(path, sizeof(path), "%s%s", in_work("jail"), allowed);
	for (char *at = path + strlen(work) + 1; (at = strchr(at, '/')); *at++ = '/') {
		*at = 0;
		mkdir(path, 0755);
	}
	copy_to(path);
	/* the effect would have to be seen from in there */
	need(mkdir(in_work("jail/effect"), 0777) < 0 && errno != EEXIST ? -1 : 0);
	setenv("EFFECT_DIR", "/effect", 1);
	need(chroot(in_work("jail")));
	need(chdir("/"));
	run(allowed);
}

static const struct trick tricks[] = {
	{"pid namespace", by_pid_namespace, BOTH},
	{"pid namespace's /proc/self/fd", by_pid_namespace_self, BOTH},
	{"mount namespace", by_mount_namespace, BOTH},
	{"bind mount in a mount namespace", by_private_bind, BOTH},
	{"bind mount in a user namespace", by_user_namespace_bind, ANY},
	{"link that leads into a private mount", by_private_link, NEVER},
	{"copy in a chroot", by_chroot, NEVER},
};

int main(int argc, char **argv)
{
	return tricks_main(argc, argv, tricks, sizeof(tricks) / sizeof(tricks[0]));
}
