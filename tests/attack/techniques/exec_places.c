/* SPDX-License-Identifier: BSD-2-Clause */
/* What a task takes for its root, for a mount, for a pid. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "run.h"
#include "technique.h"

static void mounts_unshare(void)
{
	need("unshare", unshare(CLONE_NEWNS));
	need("mount", mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
}

static void by_pid_namespace(const struct aim *aim)
{
	pid_t pid;

	need("unshare", unshare(CLONE_NEWPID));
	pid = fork();
	if (pid == 0) {
		run(aim->program);
		_exit(errno);
	}
	end_as(pid);
}

static void by_pid_namespace_self(const struct aim *aim)
{
	pid_t pid;

	need("unshare", unshare(CLONE_NEWPID));
	mounts_unshare();
	pid = fork();
	if (pid == 0) {
		need("mount proc", mount("proc", "/proc", "proc", 0, NULL));
		run(fd_link(open(aim->program, O_RDONLY | O_CLOEXEC)));
		_exit(errno);
	}
	end_as(pid);
}

static void by_mount_namespace(const struct aim *aim)
{
	mounts_unshare();
	run(aim->program);
}

/* The control is an allowed file over an allowed one. */
static void by_private_bind(const struct aim *aim)
{
	mounts_unshare();
	need("mount", mount(aim->program, aim->allowed, NULL, MS_BIND, NULL));
	run(aim->allowed);
}

static void by_private_directory_bind(const struct aim *aim)
{
	mkdir(in_work(aim, "hidden"), 0755);
	copy_to(aim->program, in_work(aim, "hidden/program"));
	mounts_unshare();
	need("mount", mount(in_work(aim, "hidden"), in_work(aim, "open"), NULL, MS_BIND, NULL));
	run(in_work(aim, "open/program"));
}

static void by_private_move(const struct aim *aim)
{
	mkdir(in_work(aim, "hidden"), 0755);
	mounts_unshare();
	need("mount", mount("none", in_work(aim, "hidden"), "tmpfs", 0, NULL));
	copy_to(aim->program, in_work(aim, "hidden/program"));
	need("mount", mount(in_work(aim, "hidden"), in_work(aim, "open"), NULL, MS_MOVE, NULL));
	run(in_work(aim, "open/program"));
}

static void by_private_tmpfs(const struct aim *aim)
{
	mounts_unshare();
	need("mount", mount("none", in_work(aim, "open"), "tmpfs", 0, NULL));
	copy_to(aim->program, in_work(aim, "open/program"));
	run(in_work(aim, "open/program"));
}

static void by_private_overlay(const struct aim *aim)
{
	mkdir(in_work(aim, "hidden"), 0755);
	mkdir(in_work(aim, "lower"), 0755);
	copy_to(aim->program, in_work(aim, "hidden/program"));
	mounts_unshare();
	need("mount overlay", mount("none", in_work(aim, "open"), "overlay", 0,
				    in_work(aim, "x,lowerdir=%s:%s", in_work(aim, "hidden"), in_work(aim, "lower")) +
					    strlen(aim->work) + 3));
	run(in_work(aim, "open/program"));
}

static void by_user_namespace_bind(const struct aim *aim)
{
	need("unshare", unshare(CLONE_NEWUSER | CLONE_NEWNS));
	need("mount", mount(aim->program, aim->allowed, NULL, MS_BIND, NULL));
	run(aim->allowed);
}

/* WORK/open/link is a link to WORK/hidden, and WORK/open is allowed. In a namespace of its own a task mounts
 * WORK/hidden there, so that the kernel calls the program WORK/open/link/program; and from outside that name leads to
 * it, too. */
static void by_private_link(const struct aim *aim)
{
	int hidden;

	mkdir(in_work(aim, "hidden"), 0755);
	link_make(in_work(aim, "hidden"), in_work(aim, "open/link"));
	copy_to(aim->program, in_work(aim, "hidden/program"));
	mounts_unshare();
	hidden = open(in_work(aim, "hidden"), O_PATH | O_DIRECTORY);
	need("open", hidden);
	need("mount", mount("none", in_work(aim, "open"), "tmpfs", 0, NULL));
	need("mkdir", mkdir(in_work(aim, "open/link"), 0755));
	need("mount", mount(fd_link(hidden), in_work(aim, "open/link"), NULL, MS_BIND, NULL));
	run(in_work(aim, "open/link/program"));
}

/* A mount that is nowhere: what the kernel would call its path begins at the mount. */
static void by_detached_mount(const struct aim *aim)
{
	char dir[PATH_MAX];
	char *name;
	int tree;

	snprintf(dir, sizeof(dir), "%s", aim->program);
	name = strrchr(dir, '/');
	*name++ = 0;
	tree = syscall(428 /* open_tree */, AT_FDCWD, *dir ? dir : "/", 1 /* OPEN_TREE_CLONE */ | O_CLOEXEC);
	need("open_tree", tree);
	run_at(tree, name, 0);
}

/* A mount that was taken away while it was in use. */
static void by_lazy_unmount(const struct aim *aim)
{
	mkdir(in_work(aim, "open/lazy"), 0755);
	mounts_unshare();
	need("mount", mount("none", in_work(aim, "open/lazy"), "tmpfs", 0, NULL));
	copy_to(aim->program, in_work(aim, "open/lazy/program"));
	need("chdir", chdir(in_work(aim, "open/lazy")));
	need("umount", umount2(in_work(aim, "open/lazy"), MNT_DETACH));
	run("./program");
}

/* WORK/jail holds a copy of the program, under the very name of the allowed one. */
static void jail_make(const struct aim *aim)
{
	char path[2 * PATH_MAX];

	snprintf(path, sizeof(path), "%s%s", in_work(aim, "jail"), aim->allowed);
	for (char *at = path + strlen(aim->work) + 1; (at = strchr(at, '/')); *at++ = '/') {
		*at = 0;
		mkdir(path, 0755);
	}
	copy_to(aim->program, path);
	/* the effect has to be seen from in there */
	mkdir(in_work(aim, "jail/effect"), 0777);
	setenv("EFFECT_DIR", "/effect", 1);
}

static void by_chroot(const struct aim *aim)
{
	jail_make(aim);
	need("chroot", chroot(in_work(aim, "jail")));
	need("chdir", chdir("/"));
	run(aim->allowed);
}

static void by_user_namespace_chroot(const struct aim *aim)
{
	jail_make(aim);
	need("unshare", unshare(CLONE_NEWUSER));
	need("chroot", chroot(in_work(aim, "jail")));
	need("chdir", chdir("/"));
	run(aim->allowed);
}

static void by_pivot_root(const struct aim *aim)
{
	jail_make(aim);
	mounts_unshare();
	need("mount", mount(in_work(aim, "jail"), in_work(aim, "jail"), NULL, MS_BIND, NULL));
	need("chdir", chdir(in_work(aim, "jail")));
	need("pivot_root", syscall(SYS_pivot_root, ".", "."));
	need("umount", umount2(".", MNT_DETACH));
	run(aim->allowed);
}

/* Out of the chroot again, by a descriptor that was kept. */
static void by_chroot_left(const struct aim *aim)
{
	int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	jail_make(aim);
	need("chroot", chroot(in_work(aim, "jail")));
	run_at(root, aim->program + 1, 0);
}

static const struct technique techniques[] = {
	{"pid namespace", by_pid_namespace, SAME, 0, 0},
	{"pid namespace's own /proc/self/fd", by_pid_namespace_self, SAME, 0, 0},
	{"mount namespace", by_mount_namespace, SAME, 0, 0},
	{"file bound over an allowed one, in a mount namespace", by_private_bind, SAME, 0, 0},
	{"directory bound over an allowed one, in a mount namespace", by_private_directory_bind, ANY, 0, 0},
	{"mount moved over an allowed directory, in a mount namespace", by_private_move, NEVER, 0, 0},
	{"tmpfs over an allowed directory, in a mount namespace", by_private_tmpfs, NEVER, 0, 0},
	{"overlay over an allowed directory, in a mount namespace", by_private_overlay, NEVER, 0, 0},
	{"file bound over an allowed one, in a user namespace", by_user_namespace_bind, ANY, 0, 0},
	{"link that leads into a private mount", by_private_link, NEVER, 0, 0},
	{"mount that is attached nowhere (open_tree)", by_detached_mount, ANY, 0, 0},
	{"mount that was taken away lazily", by_lazy_unmount, NEVER, 0, 0},
	{"copy of the allowed name in a chroot", by_chroot, NEVER, 0, 0},
	{"the same in a user namespace", by_user_namespace_chroot, NEVER, 0, 0},
	{"the same after pivot_root", by_pivot_root, NEVER, 0, 0},
	{"out of a chroot by a descriptor", by_chroot_left, ANY, 0, 0},
};

const struct technique_list exec_places = TECHNIQUE_LIST(SECTION_EXEC, techniques);
