/* SPDX-License-Identifier: BSD-2-Clause */
#include "cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#define CGROUP_NESTED 64

/* A file handle of kernfs: its type (FILEID_KERNFS, 5.5), and the id. */
struct handle {
	struct file_handle head;
	uint64_t id;
};

static const char *const places[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};

int cgroup_open(struct fault *fault)
{
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		int fd = open(places[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		struct statfs fs;

		if (fd >= 0 && !fstatfs(fd, &fs) && fs.f_type == CGROUP2_SUPER_MAGIC)
			return fd;
		if (fd >= 0)
			close(fd);
	}
	return fault_set(
		fault, ENOENT,
		"cgroup v2 is not mounted at /sys/fs/cgroup: boot the host with systemd.unified_cgroup_hierarchy=1, "
		"or mount it: mount -t cgroup2 none /sys/fs/cgroup");
}

static void fill_handle(struct handle *handle, uint64_t id)
{
	*handle = (struct handle){.head = {.handle_bytes = sizeof(id), .handle_type = 0xfe}};
	memcpy(handle->head.f_handle, &id, sizeof(id));
}

char *cgroup_path(int cgroup2, uint64_t id)
{
	char link[64], path[PATH_MAX], root[PATH_MAX];
	struct handle handle;
	size_t above;
	ssize_t n;
	int fd;

	fill_handle(&handle, id);
	fd = open_by_handle_at(cgroup2, &handle.head, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	close(fd);
	if (n < 0)
		return NULL;
	path[n] = '\0';
	snprintf(link, sizeof(link), "/proc/self/fd/%d", cgroup2);
	n = readlink(link, root, sizeof(root) - 1);
	above = n < 0 || (n == 1 && root[0] == '/') ? 0 : n;
	/* removed, but still held by somebody: it can be opened, and has no path */
	if (strncmp(path, root, above) || (strlen(path) > 10 && !strcmp(path + strlen(path) - 10, " (deleted)")))
		return NULL;
	return strdup(path[above] ? path + above : "/");
}

static uint64_t directory_id(int fd)
{
	struct handle handle = {.head = {.handle_bytes = sizeof(handle.id)}};
	uint64_t id = 0;
	int mount;

	if (!name_to_handle_at(fd, "", &handle.head, &mount, AT_EMPTY_PATH))
		memcpy(&id, handle.head.f_handle, sizeof(id));
	return id;
}

static void walk(int fd, char *path, size_t len, int depth, void (*found)(void *, const char *, uint64_t), void *ctx)
{
	DIR *dir = fdopendir(fd);
	struct dirent *entry;

	if (len)
		found(ctx, path, directory_id(fd));
	while (dir && (entry = readdir(dir))) {
		size_t size = strlen(entry->d_name) + 1;
		int below;

		if (entry->d_type != DT_DIR || entry->d_name[0] == '.' || len + size >= PATH_MAX ||
		    depth > CGROUP_NESTED)
			continue;
		below = openat(fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
		if (below < 0)
			continue;
		path[len] = '/';
		memcpy(path + len + 1, entry->d_name, size);
		walk(below, path, len + size, depth + 1, found, ctx);
		path[len] = '\0';
	}
	if (dir)
		closedir(dir);
	else
		close(fd);
}

int cgroup_walk(int cgroup2, void (*found)(void *ctx, const char *path, uint64_t id), void *ctx)
{
	int fd = openat(cgroup2, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char path[PATH_MAX] = "";

	if (fd < 0)
		return -errno;
	walk(fd, path, 0, 0, found, ctx);
	return 0;
}
