/* SPDX-License-Identifier: BSD-2-Clause */
#include "leftovers.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "programs.h"

#define PINS_MAX 512
#define MAPS_MAX 32
#define HOST_PIDS "pid:[4026531836]" /* PROC_PID_INIT_INO */

/* One pinned program. Its set is those of the same map of tasks, which not every one of them has to do with. */
struct pin {
	char name[64];
	uint32_t link, tasks, counts; /* numbers of the link and of maps; counts 0: it does without */
	bool held;
};

struct pins {
	struct pin pin[PINS_MAX];
	size_t count;
};

/* ---- what is pinned */

static bool is_counts(uint32_t id)
{
	struct bpf_map_info info = {};
	uint32_t len = sizeof(info);
	int fd = bpf_map_get_fd_by_id(id);
	bool is = fd >= 0 && !bpf_obj_get_info_by_fd(fd, &info, &len) && !strcmp(info.name, "counts");

	if (fd >= 0)
		close(fd);
	return is;
}

static uint32_t find_counts(uint32_t program)
{
	uint32_t ids[MAPS_MAX] = {}, len = sizeof(struct bpf_prog_info), found = 0;
	struct bpf_prog_info info = {.nr_map_ids = MAPS_MAX, .map_ids = (uintptr_t)ids};
	int fd = bpf_prog_get_fd_by_id(program);

	if (fd >= 0 && !bpf_obj_get_info_by_fd(fd, &info, &len))
		for (uint32_t i = 0; i < info.nr_map_ids && i < MAPS_MAX && !found; i++)
			found = is_counts(ids[i]) ? ids[i] : 0;
	if (fd >= 0)
		close(fd);
	return found;
}

static bool read_pin(struct pin *pin, const char *name)
{
	struct bpf_link_info info = {};
	uint32_t len = sizeof(info);
	char path[128];
	int fd, r;

	*pin = (struct pin){};
	if (sscanf(name, "%*d-%u-%63s", &pin->tasks, pin->name) != 2 ||
	    snprintf(pin->name, sizeof(pin->name), "%s", name) >= (int)sizeof(pin->name))
		return false;
	snprintf(path, sizeof(path), PROGRAMS_PINS "/%s", name);
	fd = bpf_obj_get(path);
	if (fd < 0)
		return false;
	r = bpf_obj_get_info_by_fd(fd, &info, &len);
	close(fd);
	pin->link = info.id;
	pin->counts = find_counts(info.prog_id);
	return !r;
}

static void read_pins(struct pins *pins)
{
	DIR *dir = opendir(PROGRAMS_PINS);
	struct dirent *entry;

	while (dir && pins->count < PINS_MAX && (entry = readdir(dir)))
		if (entry->d_name[0] != '.' && atoi(entry->d_name) != getpid() &&
		    read_pin(&pins->pin[pins->count], entry->d_name))
			pins->count++;
	if (dir)
		closedir(dir);
}

/* ---- who still needs it */

static void hold(struct pins *pins, uint32_t link)
{
	for (size_t i = 0; i < pins->count; i++)
		pins->pin[i].held |= pins->pin[i].link == link;
}

/* A guard that lives has its links open. */
static void look_at_process(struct pins *pins, const char *pid)
{
	char path[300], line[128];
	struct dirent *entry;
	unsigned int link;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%s/fdinfo", pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		int at = openat(dirfd(dir), entry->d_name, O_RDONLY | O_CLOEXEC);
		FILE *file = at < 0 ? NULL : fdopen(at, "r");

		while (file && fgets(line, sizeof(line), file))
			if (sscanf(line, "link_id: %u", &link) == 1)
				hold(pins, link);
		if (file)
			fclose(file);
		else if (at >= 0)
			close(at);
	}
	if (dir)
		closedir(dir);
}

static void look_at_processes(struct pins *pins)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
			look_at_process(pins, entry->d_name);
	if (dir)
		closedir(dir);
}

/* A thread's number, too. What nobody has waited for yet is as good as gone. */
static bool lives(uint32_t pid)
{
	char path[32], line[128] = "";
	const char *state;
	FILE *file;
	bool gone;

	snprintf(path, sizeof(path), "/proc/%u/stat", pid);
	file = fopen(path, "re");
	if (!file)
		return errno != ENOENT;
	errno = 0;
	gone = !fgets(line, sizeof(line), file) && errno == ESRCH;
	fclose(file);
	state = strrchr(line, ')');
	return !gone && (!state || strncmp(state, ") Z", 3) != 0);
}

/* A number that was used again was overwritten when its new owner was made. */
static bool any_task(int tasks)
{
	struct tasks_page page;

	for (uint32_t i = 0; i < TASKS_PAGES; i++) {
		if (bpf_map_lookup_elem(tasks, &i, &page) < 0)
			return true;
		for (uint32_t k = 0; k < TASKS_PAGE; k++)
			if (page.domain[k] && lives(i * TASKS_PAGE + k))
				return true;
	}
	return false;
}

static uint64_t forks_of(int counts)
{
	struct domain_counts value = {};
	uint32_t slot = 0;

	if (counts >= 0)
		bpf_map_lookup_elem(counts, &slot, &value);
	return value.forks;
}

/* One that was made while we looked may have been missed. */
static bool guards_any(const struct pin *pin, int counts)
{
	int tasks = bpf_map_get_fd_by_id(pin->tasks);
	uint64_t forks;
	bool any;

	if (tasks < 0)
		return tasks != -ENOENT; /* it went with the programs that had to do with it */
	do {
		forks = forks_of(counts);
		any = any_task(tasks);
	} while (!any && forks != forks_of(counts));
	close(tasks);
	return any;
}

/* ---- sets */

static bool is_first(const struct pins *pins, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (pins->pin[i].tasks == pins->pin[at].tasks)
			return false;
	return true;
}

/* 0: nobody needs the set, 1: its guard lives, 2: tasks do. */
static int set_state(const struct pins *pins, const struct pin *of)
{
	uint32_t counts = 0;
	bool guards;
	int fd;

	for (size_t i = 0; i < pins->count; i++) {
		if (pins->pin[i].tasks != of->tasks)
			continue;
		if (pins->pin[i].held)
			return 1;
		if (pins->pin[i].counts)
			counts = pins->pin[i].counts;
	}
	fd = counts ? bpf_map_get_fd_by_id(counts) : -1;
	guards = guards_any(of, fd);
	if (fd >= 0)
		close(fd);
	return guards ? 2 : 0;
}

static void remove_set(const struct pins *pins, uint32_t tasks)
{
	char path[128];

	for (size_t i = 0; i < pins->count; i++) {
		snprintf(path, sizeof(path), PROGRAMS_PINS "/%s", pins->pin[i].name);
		if (pins->pin[i].tasks == tasks)
			unlink(path);
	}
}

static bool sees_all_pids(void)
{
	char name[64] = "";

	return readlink("/proc/self/ns/pid", name, sizeof(name) - 1) > 0 && !strcmp(name, HOST_PIDS);
}

struct leftovers leftovers_remove(void)
{
	struct pins *pins = sees_all_pids() ? calloc(1, sizeof(*pins)) : NULL;
	struct leftovers found = {};

	if (!pins)
		return found;
	read_pins(pins);
	if (pins->count)
		look_at_processes(pins);
	for (size_t i = 0; i < pins->count; i++) {
		int state = is_first(pins, i) ? set_state(pins, &pins->pin[i]) : 1;

		if (!state)
			remove_set(pins, pins->pin[i].tasks);
		found.removed += !state;
		found.kept += state == 2;
	}
	free(pins);
	return found;
}
