/* SPDX-License-Identifier: BSD-2-Clause */
#include "observe.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const places[] = {".", "jail/effect"}; /* a technique may run programs in a chroot */

#define PLACES (sizeof(places) / sizeof(places[0]))

static long programs_run(const struct aim *aim)
{
	struct stat st;
	long runs = 0;

	for (size_t i = 0; i < PLACES; i++)
		if (stat(in_work(aim, "%s/%s", places[i], aim->forbidden ? "forbidden" : "allowed"), &st) == 0)
			runs += st.st_size;
	return runs;
}

/* Whether a line of ids, as in /proc/PID/status, has that one. */
static bool ids_have(char *line, id_t id)
{
	char *end;

	for (char *at = strchr(line, ':') + 1;; at = end) {
		unsigned long value = strtoul(at, &end, 10);

		if (end == at)
			return false;
		if (value == id)
			return true;
	}
}

static bool status_has(const char *path, id_t id)
{
	FILE *file = fopen(path, "re");
	char line[65536];
	bool found = false;

	while (file && !found && fgets(line, sizeof(line), file))
		if (!strncmp(line, "Uid:", 4) || !strncmp(line, "Gid:", 4) || !strncmp(line, "Groups:", 7))
			found = ids_have(line, id);
	if (file)
		fclose(file);
	return found;
}

static long threads_with(const char *pid, id_t id)
{
	char path[600];
	struct dirent *entry;
	long count = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%.20s/task", pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "/proc/%.20s/task/%.20s/status", pid, entry->d_name);
		count += entry->d_name[0] != '.' && status_has(path, id);
	}
	if (dir)
		closedir(dir);
	return count;
}

static long tasks_with(id_t id)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	long count = 0;

	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
			count += threads_with(entry->d_name, id);
	if (dir)
		closedir(dir);
	return count;
}

/* Those who had it before were killed, and may not be gone yet. */
static void tasks_wait(id_t id)
{
	for (int i = 0; i < 300 && tasks_with(id); i++)
		usleep(10000);
}

void observe_clear(const struct aim *aim, enum section section)
{
	for (size_t i = 0; i < PLACES; i++) {
		unlink(in_work(aim, "%s/allowed", places[i]));
		unlink(in_work(aim, "%s/forbidden", places[i]));
	}
	watch_ask(aim->work, ASK_CLEAR);
	if (section == SECTION_IDENTITY || section == SECTION_GID)
		tasks_wait(aim->id);
}

/* A listener may be told a moment after the call is over: the kernel's thread for it may have other work. */
static long arrivals(const struct aim *aim)
{
	long count = 0;

	for (int i = 0; i < 4 && !count; i++) {
		usleep(i ? 10000 : 0);
		count = watch_ask(aim->work, aim->forbidden ? ASK_FORBIDDEN : ASK_ALLOWED);
	}
	return count;
}

long observe_count(const struct aim *aim, enum section section)
{
	switch (section) {
	case SECTION_CONNECT:
		return arrivals(aim);
	case SECTION_IDENTITY:
	case SECTION_GID:
		return tasks_with(aim->id) + programs_run(aim);
	default:
		return programs_run(aim);
	}
}
