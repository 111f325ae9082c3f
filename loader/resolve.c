/* SPDX-License-Identifier: BSD-2-Clause */
#include "resolve.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#define LINKS_MAX 40    /* MAXSYMLINKS: the kernel follows as many */
#define PROC_ROOT_INO 1 /* of every proc, on every kernel */
#define REST_MAX (4 * PATH_MAX)

struct walk {
	const struct task *task;
	int root, at; /* the task's root; where the walk stands. O_PATH */
	struct file_id root_id;
	int flags;
	unsigned int links;
	char rest[REST_MAX]; /* what is left to walk */
};

static void walk_to(struct walk *walk, int fd)
{
	close(walk->at);
	walk->at = fd;
}

/* ".." of the task's root is that root. The kernel would stop at ours only. */
static bool at_root(const struct walk *walk)
{
	struct file_id id;

	return file_identify(walk->at, "", AT_EMPTY_PATH, &id) == 0 && file_same(&id, &walk->root_id) &&
	       id.mount == walk->root_id.mount;
}

static bool on_proc(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC;
}

static bool on_proc_root(int fd)
{
	struct file_id id;

	return file_identify(fd, "", AT_EMPTY_PATH, &id) == 0 && id.ino == PROC_ROOT_INO;
}

/* The last number of a line of /proc/TID/status: the innermost pid namespace's. 0: there is none. */
static pid_t last_number(const char *status, const char *key)
{
	const char *at = strstr(status, key), *end;

	if (!at)
		return 0;
	at += strlen(key);
	end = at + strcspn(at, "\n");
	while (end > at && end[-1] != '\t')
		end--;
	return atoi(end);
}

/* The task's pid and tid as counted by the proc that it stands in: ours, or else that of its own innermost
 * pid namespace. Should it be a third one, the exec is found out to be another. */
static int pids_there(const struct walk *walk, pid_t *pid, pid_t *tid)
{
	struct file_id here, ours;
	char status[4096];

	if (file_identify(walk->at, "", AT_EMPTY_PATH, &here) ||
	    file_identify(walk->task->proc, "", AT_EMPTY_PATH, &ours))
		return -EPERM;
	if (here.dev == ours.dev) {
		*tid = walk->task->tid;
		*pid = task_group(walk->task);
	} else {
		if (task_text_read(walk->task, "status", status, sizeof(status)) <= 0)
			return -EPERM;
		*tid = last_number(status, "\nNSpid:");
		*pid = last_number(status, "\nNStgid:");
	}
	return *pid && *tid ? 0 : -EPERM;
}

/* The text of the symbolic link `link`, which is called `name` in the directory where we stand. */
static int link_text(struct walk *walk, int link, const char *name, char *text, size_t size)
{
	bool self = !strcmp(name, "self"), thread = !strcmp(name, "thread-self");
	pid_t pid, tid;
	ssize_t len;
	int ret;

	if ((self || thread) && on_proc(link)) {
		ret = pids_there(walk, &pid, &tid);
		if (ret == 0)
			snprintf(text, size, thread ? "%d/task/%d" : "%d", pid, tid);
		return ret;
	}
	len = readlinkat(link, "", text, size - 1);
	if (len < 0)
		return -errno;
	text[len] = 0;
	return len ? 0 : -ENOENT;
}

/* Puts a link's text in front of what is left. */
static int link_follow(struct walk *walk, const char *text)
{
	size_t len = strlen(text), rest = strlen(walk->rest);
	int fd;

	if (len + rest + 2 > sizeof(walk->rest))
		return -ENAMETOOLONG;
	memmove(walk->rest + len + (rest > 0), walk->rest, rest + 1);
	memcpy(walk->rest, text, len);
	if (rest)
		walk->rest[len] = '/';
	if (text[0] != '/')
		return 0;
	fd = fcntl(walk->root, F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	walk_to(walk, fd);
	return 0;
}

/* A link of procfs that is no text but a way to an object: exe, cwd, root, fd/N, map_files/... */
static int magic_follow(struct walk *walk, const char *name)
{
	int fd = openat(walk->at, name, O_PATH | O_CLOEXEC);

	if (fd < 0)
		return errno == EACCES ? -EPERM : -errno;
	walk_to(walk, fd);
	return 0;
}

static int symlink_step(struct walk *walk, int link, const char *name, bool last)
{
	char text[PATH_MAX];
	int ret;

	if (last && walk->flags & AT_SYMLINK_NOFOLLOW)
		return -ELOOP;
	if (++walk->links > LINKS_MAX)
		return -ELOOP;
	if (on_proc(link) && !on_proc_root(walk->at))
		return magic_follow(walk, name);
	ret = link_text(walk, link, name, text, sizeof(text));
	return ret ? ret : link_follow(walk, text);
}

/* One component; `last` if nothing, not even a slash, comes after it. */
static int step(struct walk *walk, const char *name, bool last)
{
	struct file_id id;
	int fd, ret;

	if (!strcmp(name, "..") && at_root(walk))
		name = ".";
	fd = openat(walk->at, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = file_identify(fd, "", AT_EMPTY_PATH, &id);
	if (ret == 0 && !last && !S_ISDIR(id.mode) && !S_ISLNK(id.mode))
		ret = -ENOTDIR;
	if (ret == 0 && S_ISLNK(id.mode)) {
		ret = symlink_step(walk, fd, name, last);
		close(fd);
		return ret;
	}
	if (ret == 0)
		walk_to(walk, fd);
	else
		close(fd);
	return ret;
}

/* Takes the next component off what is left. False: there is none. */
static bool next_name(struct walk *walk, char *name, size_t size, bool *last)
{
	const char *at = walk->rest + strspn(walk->rest, "/");
	size_t len = strcspn(at, "/");

	if (!len)
		return false;
	*last = at[len] == 0;
	snprintf(name, size, "%.*s", (int)len, at);
	memmove(walk->rest, at + len, strlen(at + len) + 1);
	return true;
}

static int walk_all(struct walk *walk)
{
	char name[PATH_MAX];
	bool last;

	while (next_name(walk, name, sizeof(name), &last)) {
		int ret = step(walk, name, last);

		if (ret)
			return ret;
	}
	return 0;
}

/* Where the walk begins. What cannot be opened of the task is never the task's own error. */
static int walk_start(const struct walk *walk, int dirfd)
{
	int fd;

	if (walk->rest[0] == '/')
		fd = task_open(walk->task, "root", O_PATH);
	else if (dirfd == AT_FDCWD)
		fd = task_open(walk->task, "cwd", O_PATH);
	else if ((fd = task_open_fd(walk->task, dirfd)) == -EBADF)
		return -EBADF;
	return fd == -ENOENT || fd == -EACCES ? -EPERM : fd;
}

static int walk_begin(struct walk *walk, int dirfd)
{
	int ret;

	walk->root = task_open(walk->task, "root", O_PATH);
	if (walk->root < 0)
		return walk->root == -ENOENT || walk->root == -EACCES ? -EPERM : walk->root;
	ret = file_identify(walk->root, "", AT_EMPTY_PATH, &walk->root_id);
	if (ret == 0)
		ret = walk->at = walk_start(walk, dirfd);
	if (ret < 0)
		close(walk->root);
	return ret < 0 ? ret : 0;
}

int resolve_path(const struct task *task, int dirfd, const char *path, int flags)
{
	struct walk walk;
	int ret;

	walk.task = task;
	walk.flags = flags;
	walk.links = 0;
	if (!path[0] && !(flags & AT_EMPTY_PATH))
		return -ENOENT;
	if (strlen(path) >= PATH_MAX)
		return -ENAMETOOLONG;
	memcpy(walk.rest, path, strlen(path) + 1);
	ret = walk_begin(&walk, dirfd);
	if (ret)
		return ret;
	ret = walk_all(&walk);
	close(walk.root);
	if (ret == 0)
		return walk.at;
	close(walk.at);
	return ret;
}

static int open_beneath(int root, const char *path, uint64_t resolve)
{
	struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT | resolve};
	int fd = syscall(SYS_openat2, root, path, &how, sizeof(how));

	return fd < 0 ? -errno : fd;
}

/* Has it neither "." nor ".." nor an empty component? */
static bool normalized(const char *path)
{
	if (path[0] != '/')
		return false;
	do {
		size_t len = strcspn(++path, "/");

		if (!len || (path[0] == '.' && (len == 1 || (len == 2 && path[1] == '.'))))
			return false;
		path += len;
	} while (*path);
	return true;
}

int resolve_quickly(int root, const char *path, bool *plain)
{
	int fd;

	*plain = false;
	if (path[0] != '/')
		return -EAGAIN;
	fd = open_beneath(root, path, RESOLVE_NO_SYMLINKS);
	*plain = fd >= 0 && normalized(path);
	if (fd >= 0 || fd == -ENOENT || fd == -ENOTDIR)
		return fd;
	/* some links of procfs lead every task elsewhere: those that lead to a program are magic */
	fd = open_beneath(root, path, RESOLVE_NO_MAGICLINKS);
	return fd < 0 ? -EAGAIN : fd;
}

/* Where the seccomp profile that we are under has no openat2(). */
static int walk_plainly(int root, const char *path)
{
	char name[NAME_MAX + 1];
	int at = fcntl(root, F_DUPFD_CLOEXEC, 0), next;
	struct file_id id;

	while (at >= 0 && *(path += strspn(path, "/"))) {
		size_t len = strcspn(path, "/");

		if (len > NAME_MAX) {
			close(at);
			return -ENAMETOOLONG;
		}
		memcpy(name, path, len);
		name[len] = '\0';
		path += len;
		next = openat(at, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		close(at);
		at = next;
		if (at >= 0 && (file_identify(at, "", AT_EMPTY_PATH, &id) || S_ISLNK(id.mode))) {
			close(at);
			return -ELOOP;
		}
	}
	return at < 0 ? -errno : at;
}

int resolve_plainly(int root, const char *name)
{
	int fd = open_beneath(root, name, RESOLVE_NO_SYMLINKS);

	return fd == -ENOSYS || fd == -EPERM ? walk_plainly(root, name) : fd;
}
