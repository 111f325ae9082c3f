/* SPDX-License-Identifier: BSD-2-Clause */
#include "origin.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>

#define SECOND 1000000000ull
#ifndef OVERLAYFS_SUPER_MAGIC
#define OVERLAYFS_SUPER_MAGIC 0x794c7630
#endif

/* When overlayfs's own upper directory was made; UINT64_MAX: there is none, or it is not told. */
static uint64_t upper_made(int root)
{
	struct statfs fs;
	struct statx stx;

	if (fstatfs(root, &fs) < 0 || fs.f_type != OVERLAYFS_SUPER_MAGIC ||
	    statx(root, "", AT_EMPTY_PATH, STATX_BTIME, &stx) < 0 || !(stx.stx_mask & STATX_BTIME))
		return UINT64_MAX;
	return stx.stx_btime.tv_sec * SECOND + stx.stx_btime.tv_nsec;
}

int origin_open(int root, struct origin *origin)
{
	uint64_t made = upper_made(root);
	struct timespec now;

	*origin = (struct origin){.root = root};
	/* the clock that files are stamped with; the other one runs up to a tick ahead of it */
	if (clock_gettime(CLOCK_REALTIME_COARSE, &now) < 0)
		return -errno;
	origin->began = now.tv_sec * SECOND + now.tv_nsec;
	if (made < origin->began)
		origin->began = made;
	return file_identify(root, "", AT_EMPTY_PATH, &origin->root_id);
}

/* Some file systems keep whole seconds only, or every other: then it may have been changed later than they say. */
static bool in_image(const struct origin *origin, const struct file_id *id)
{
	uint64_t latest = id->changed % SECOND ? id->changed : id->changed + 2 * SECOND;

	return latest < origin->began;
}

/* How many bytes of the path are its mount's mount point: the shortest beginning that lies on that mount. */
static size_t mount_point(const struct origin *origin, const char *path, uint64_t mount)
{
	char at[PATH_MAX];
	size_t len = strlen(path);
	struct file_id id;
	char *slash;

	snprintf(at, sizeof(at), "%s", path);
	while ((slash = strrchr(at, '/')) && slash != at) {
		*slash = 0;
		if (file_identify(origin->root, at + 1, AT_SYMLINK_NOFOLLOW, &id) || id.mount != mount)
			break;
		len = slash - at;
	}
	return len;
}

static bool mount_trusted(const struct origin *origin, image_ref image, const char *path, uint64_t mount)
{
	struct verdict_walk walk;
	size_t len;

	if (!verdict_mount_begin(image, &walk))
		return false;
	for (len = mount_point(origin, path, mount); len--;)
		verdict_exec_byte(image, &walk, path[len]);
	return verdict_mount_end(&walk);
}

struct verdict_origin origin_of(const struct origin *origin, image_ref image, const char *path,
				const struct file_id *id)
{
	bool trusted = id->mount != origin->root_id.mount && mount_trusted(origin, image, path, id->mount);

	/* what a trusted mount holds is trusted, however new */
	return (struct verdict_origin){
		.named = id->links,
		.mounted = trusted || id->mount == origin->root_id.mount,
		.in_image = trusted || in_image(origin, id),
	};
}
