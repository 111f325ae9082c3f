/* SPDX-License-Identifier: BSD-2-Clause */
#include "setid.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/xattr.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

/* Read through a descriptor of our own, which no mount can cover; a file that we may not read, by its name. */
static ssize_t xattr_read(const struct task *task, int fd, void *data, size_t size)
{
	char link[64];
	ssize_t got;
	int in;

	snprintf(link, sizeof(link), "self/fd/%d", fd);
	in = openat(task->proc, link, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (in >= 0) {
		got = fgetxattr(in, XATTR_NAME_CAPS, data, size);
		close(in);
		return got;
	}
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	return getxattr(link, XATTR_NAME_CAPS, data, size);
}

/* File capabilities: none is 0 and 0; all, where they cannot be read. */
static void file_capabilities(const struct task *task, int fd, uint64_t *permitted, uint64_t *inheritable)
{
	struct vfs_ns_cap_data data;
	ssize_t got = xattr_read(task, fd, &data, sizeof(data));

	*permitted = *inheritable = 0;
	if (got < 0 && errno != ENODATA && errno != EOPNOTSUPP)
		*permitted = UINT64_MAX;
	if (got < (ssize_t)XATTR_CAPS_SZ_2)
		return;
	*permitted = le32toh(data.data[0].permitted) | (uint64_t)le32toh(data.data[1].permitted) << 32;
	*inheritable = le32toh(data.data[0].inheritable) | (uint64_t)le32toh(data.data[1].inheritable) << 32;
}

static bool gives_uid(const struct file_id *id)
{
	return id->mode & S_ISUID;
}

/* Without the group's x the bit means mandatory locking, as it once was. */
static bool gives_gid(const struct file_id *id)
{
	return (id->mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP);
}

bool setid_gives(const struct task *task, int fd, const struct file_id *id)
{
	uint64_t permitted, inheritable;

	if (gives_uid(id) || gives_gid(id))
		return true;
	file_capabilities(task, fd, &permitted, &inheritable);
	return permitted || inheritable;
}

/* A line of /proc/TID/status: its nth number. */
static uint64_t status_value(const char *status, const char *key, int base, int nth)
{
	const char *at = strstr(status, key);
	uint64_t value = 0;
	char *end;

	if (!at)
		return 0;
	at += strlen(key);
	for (int i = 0; i <= nth; i++, at = end)
		value = strtoull(at, &end, base);
	return value;
}

int setid_gain(const struct task *task, int fd, const struct file_id *id, struct setid_gain *gain)
{
	uint64_t permitted, inheritable, now;
	char status[4096];
	struct statvfs fs;

	memset(gain, 0, sizeof(*gain));
	if (task_text_read(task, "status", status, sizeof(status)) <= 0 || fstatvfs(fd, &fs) < 0)
		return -EPERM;
	if (status_value(status, "\nNoNewPrivs:", 10, 0) || fs.f_flag & ST_NOSUID)
		return 0;
	gain->from_uid = status_value(status, "\nUid:", 10, 1);
	gain->from_gid = status_value(status, "\nGid:", 10, 1);
	gain->to_uid = gives_uid(id) ? id->uid : gain->from_uid;
	gain->to_gid = gives_gid(id) ? id->gid : gain->from_gid;
	gain->uid = gain->to_uid != gain->from_uid;
	gain->gid = gain->to_gid != gain->from_gid;
	/* root has by being root what it has */
	if (gain->from_uid == 0)
		return 0;
	file_capabilities(task, fd, &permitted, &inheritable);
	now = status_value(status, "\nCapPrm:", 16, 0);
	permitted &= status_value(status, "\nCapBnd:", 16, 0);
	permitted |= inheritable & status_value(status, "\nCapInh:", 16, 0);
	gain->capabilities = permitted & ~now;
	return 0;
}
