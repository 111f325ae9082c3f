/* SPDX-License-Identifier: BSD-2-Clause */
#include "creds.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define STATUS_MAX (1u << 20) /* 65,536 groups of ten digits fit */

/* All of /proc/TID/status, which has no end that is known before. NULL with errno set. */
static char *status_text(const struct task *task)
{
	size_t size = 4096, used = 0;
	char *text = NULL, *grown;
	ssize_t got = 1;
	int fd = task_open(task, "status", O_RDONLY);

	if (fd < 0) {
		errno = -fd;
		return NULL;
	}
	while (got > 0 && size <= STATUS_MAX) {
		grown = realloc(text, size);
		if (!grown)
			break;
		text = grown;
		got = read(fd, text + used, size - used - 1);
		used += got > 0 ? got : 0;
		if (used == size - 1)
			size *= 2;
	}
	close(fd);
	if (text && got == 0) {
		text[used] = 0;
		return text;
	}
	free(text);
	errno = got < 0 ? ESRCH : ENOMEM;
	return NULL;
}

static const char *status_line(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	return at ? at + strlen(key) : NULL;
}

static int read_ids(const char *line, uint32_t id[CREDS_IDS])
{
	char *end;

	for (int i = 0; line && i < CREDS_IDS; i++, line = end)
		id[i] = strtoul(line, &end, 10);
	return line ? 0 : -EPROTO;
}

static int read_groups(const char *line, struct creds *out)
{
	size_t space = 0;
	char *end;

	while (line && *line != '\n') {
		gid_t group = strtoul(line, &end, 10);

		if (end == line)
			break; /* the blank at the end */
		line = end;
		if (out->groups == space) {
			gid_t *grown = realloc(out->group, (space = space ? 2 * space : 16) * sizeof(gid_t));

			if (!grown)
				return -ENOMEM;
			out->group = grown;
		}
		out->group[out->groups++] = group;
	}
	return line ? 0 : -EPROTO;
}

static void read_namespace(const struct task *task, struct creds *out)
{
	struct task self = {.proc = task->proc, .tid = getpid()};
	struct file_id theirs, ours;

	out->unsure = task_identify(task, "ns/user", &theirs) || task_identify(&self, "ns/user", &ours);
	out->foreign = !out->unsure && !file_same(&theirs, &ours);
}

int creds_read(const struct task *task, struct creds *out)
{
	struct creds creds = {0};
	char *text = status_text(task);
	const char *line;
	int ret;

	if (!text)
		return -errno;
	read_namespace(task, &creds);
	ret = read_ids(status_line(text, "\nUid:"), creds.uid);
	if (!ret)
		ret = read_ids(status_line(text, "\nGid:"), creds.gid);
	if (!ret)
		ret = read_groups(status_line(text, "\nGroups:"), &creds);
	line = status_line(text, "\nCapEff:");
	if (line)
		creds.effective = strtoull(line, NULL, 16);
	free(text);
	if (ret)
		creds_drop(&creds);
	else
		*out = creds;
	return ret;
}

void creds_drop(struct creds *creds)
{
	free(creds->group);
	creds->group = NULL;
	creds->groups = 0;
}

bool creds_have(const struct creds *creds, int capability)
{
	return !creds->foreign && creds->effective >> capability & 1;
}

bool creds_grouped(const struct creds *creds, gid_t group)
{
	for (size_t i = 0; i < creds->groups; i++)
		if (creds->group[i] == group)
			return true;
	return false;
}

static bool same_ids(const struct creds *a, const struct creds *b)
{
	/* real and effective: these two are taken on */
	return a->uid[0] == b->uid[0] && a->uid[1] == b->uid[1] && a->gid[0] == b->gid[0] && a->gid[1] == b->gid[1] &&
	       a->groups == b->groups && (!a->groups || !memcmp(a->group, b->group, a->groups * sizeof(gid_t)));
}

/* Those of the set that we are permitted. */
static int effective_set(uint64_t set)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data) < 0)
		return -errno;
	for (int i = 0; i < 2; i++)
		data[i].effective = data[i].permitted & (uint32_t)(set >> 32 * i);
	return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

static uint64_t worth(const struct creds *other)
{
	return other->foreign ? 0 : other->effective;
}

int creds_enter(const struct creds *own, const struct creds *other)
{
	int ret = 0;

	if (!same_ids(own, other) && (setgroups(other->groups, other->group) ||
				      setresgid(other->gid[CREDS_REAL], other->gid[CREDS_EFFECTIVE], -1) ||
				      setresuid(other->uid[CREDS_REAL], other->uid[CREDS_EFFECTIVE], -1)))
		ret = -errno;
	if (!ret && (!same_ids(own, other) || own->effective != worth(other)))
		ret = effective_set(worth(other));
	if (ret)
		creds_leave(own, other);
	return ret;
}

void creds_leave(const struct creds *own, const struct creds *other)
{
	bool same = same_ids(own, other);

	if (same && own->effective == worth(other))
		return;
	/* all that is permitted, to have what the way back takes */
	if (effective_set(~0ull) ||
	    (!same && (setresuid(own->uid[CREDS_REAL], own->uid[CREDS_EFFECTIVE], -1) ||
		       setresgid(own->gid[CREDS_REAL], own->gid[CREDS_EFFECTIVE], -1) ||
		       setgroups(own->groups, own->group))) ||
	    effective_set(own->effective))
		abort(); /* a supervisor that is somebody else must not go on; its end closes the container */
}
