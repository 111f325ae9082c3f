/* SPDX-License-Identifier: BSD-2-Clause */
#include "persist.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "programs_inner.h"

/* No dots in names: bpffs refuses them. */
#define STAGE PERSIST_PINS "-new"
#define TRASH PERSIST_PINS "-old"
#define LINKS PERSIST_PINS "/links"
#define LINKS_STAGE PERSIST_PINS "/links-new"
#define LINKS_TRASH PERSIST_PINS "/links-old"

/* A directory of pins, and the directories in it. -ENOENT is no failure. */
static int remove_tree(int parent, const char *name)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return errno == ENOENT ? 0 : -errno;
	}
	while ((entry = readdir(dir))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		if (unlinkat(fd, entry->d_name, 0) < 0 && (errno == EISDIR || errno == EPERM))
			remove_tree(fd, entry->d_name);
	}
	closedir(dir);
	return unlinkat(parent, name, AT_REMOVEDIR) < 0 && errno != ENOENT ? -errno : 0;
}

static int fault_pins(struct fault *fault, int err, const char *what, const char *path)
{
	return fault_set(fault, err, "cannot %s %s: %s; mount bpffs: mount -t bpf bpf /sys/fs/bpf", what, path,
			 strerror(err));
}

static int make_directory(const char *path, struct fault *fault)
{
	return mkdir(path, 0700) < 0 ? fault_pins(fault, errno, "make the directory", path) : 0;
}

static int move(const char *from, const char *to, struct fault *fault)
{
	return rename(from, to) < 0 ? fault_pins(fault, errno, "rename to", to) : 0;
}

static int pin_one(int fd, const char *directory, const char *name, struct fault *fault)
{
	char path[128];
	int r;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	r = bpf_obj_pin(fd, path);
	return r < 0 ? fault_pins(fault, -r, "pin", path) : 0;
}

static int pin_links(const struct programs *programs, const char *directory, struct fault *fault)
{
	const struct bpf_object_skeleton *all = programs->bpf->skeleton;
	int r = make_directory(directory, fault);

	for (int i = 0; i < all->prog_cnt && !r; i++)
		if (*all->progs[i].link)
			r = pin_one(bpf_link__fd(*all->progs[i].link), directory, all->progs[i].name, fault);
	for (int i = 0; i < CALLED && !r; i++)
		r = pin_one(programs->called[i], directory, bpf_program__name(*programs_called(programs, i)), fault);
	return r;
}

static int pin_maps(const struct programs *programs, const char *directory, struct fault *fault)
{
	const struct bpf_map *map;
	int r = make_directory(directory, fault);

	bpf_object__for_each_map(map, programs->bpf->obj)
	{
		if (!r && !bpf_map__is_internal(map))
			r = pin_one(bpf_map__fd(map), directory, bpf_map__name(map), fault);
	}
	return r;
}

/* Tells one build of the programs from another. */
static uint64_t build_id(void)
{
	size_t size;
	const void *elf = mantlet_bpf__elf_bytes(&size);

	return (uint64_t)size << 32 | crc32(0, elf, size);
}

static int begin(struct programs **out, struct fault *fault)
{
	struct programs *programs = NULL;
	int r = programs_load(&programs, true, fault);

	if (r < 0 || !programs)
		return r;
	programs->host->version = EVENT_VERSION;
	programs->host->build = build_id();
	r = programs_attach(programs, fault);
	if (!r)
		r = programs_prove(programs, fault);
	if (!r)
		r = pin_maps(programs, STAGE, fault);
	if (!r)
		r = pin_links(programs, STAGE "/links", fault);
	if (!r)
		r = move(STAGE, PERSIST_PINS, fault);
	programs->stays = true;
	if (r < 0) {
		programs_close(programs);
		remove_tree(AT_FDCWD, STAGE);
		return r;
	}
	*out = programs;
	return 0;
}

/* ---- what is there already */

static int fault_other(struct fault *fault, const char *what)
{
	return fault_set(
		fault, EPROTO,
		"%s is of another version of Mantlet (%s): what it enforces goes on; run its `mantlet unload`, "
		"then start again",
		PERSIST_PINS, what);
}

static int take_map(struct bpf_map *map, struct fault *fault)
{
	struct bpf_map_info info = {};
	uint32_t len = sizeof(info);
	char path[128];
	int fd, r;

	snprintf(path, sizeof(path), PERSIST_PINS "/%s", bpf_map__name(map));
	fd = bpf_obj_get(path);
	if (fd < 0)
		return fd == -ENOENT ? fault_other(fault, bpf_map__name(map)) : fault_pins(fault, -fd, "open", path);
	r = bpf_obj_get_info_by_fd(fd, &info, &len);
	if (!r && (info.type != bpf_map__type(map) || info.value_size != bpf_map__value_size(map) ||
		   info.max_entries != bpf_map__max_entries(map)))
		r = fault_other(fault, bpf_map__name(map));
	else if (!r)
		r = bpf_map__reuse_fd(map, fd);
	close(fd);
	return r;
}

static int take_maps(struct programs *programs, struct fault *fault)
{
	struct bpf_map *map;
	int r = 0;

	bpf_object__for_each_map(map, programs->bpf->obj)
	{
		if (!r && !bpf_map__is_internal(map))
			r = take_map(map, fault);
	}
	return r;
}

/* A version is the first thing in the map: it is read before anything else is believed. */
static int check_version(struct fault *fault)
{
	int fd = bpf_obj_get(PERSIST_PINS "/hosts");
	struct bpf_map_info info = {};
	uint32_t len = sizeof(info), first = 0;
	union {
		struct host host;
		char room[4096];
	} value = {};
	char said[32];

	if (fd < 0)
		return fd == -ENOENT ? fault_other(fault, "no map hosts")
				     : fault_pins(fault, -fd, "open", PERSIST_PINS "/hosts");
	if (!bpf_obj_get_info_by_fd(fd, &info, &len) && info.value_size <= sizeof(value))
		bpf_map_lookup_elem(fd, &first, &value);
	close(fd);
	snprintf(said, sizeof(said), "layout %u", value.host.version);
	return value.host.version == EVENT_VERSION ? 0 : fault_other(fault, said);
}

/* Opens what is pinned, without the programs. */
static int take(struct programs **out, struct fault *fault)
{
	struct programs *programs = NULL;
	int r = check_version(fault);

	if (!r)
		r = programs_open(&programs, true, fault);
	if (r < 0 || !programs)
		return r;
	programs->stays = true;
	r = take_maps(programs, fault);
	if (r < 0) {
		programs_close(programs);
		return r;
	}
	*out = programs;
	return 0;
}

static bool take_called(struct programs *programs)
{
	char path[128];

	for (int i = 0; i < CALLED; i++) {
		snprintf(path, sizeof(path), LINKS "/%s", bpf_program__name(*programs_called(programs, i)));
		programs->called[i] = bpf_obj_get(path);
		if (programs->called[i] < 0)
			return false;
	}
	return true;
}

/* All that this build would attach; false: something is missing. */
static bool take_links(struct programs *programs)
{
	const struct bpf_object_skeleton *all = programs->bpf->skeleton;
	char path[128];

	for (int i = 0; i < all->prog_cnt; i++) {
		if (bpf_program__type(*all->progs[i].prog) == BPF_PROG_TYPE_RAW_TRACEPOINT ||
		    !bpf_program__autoload(*all->progs[i].prog))
			continue;
		snprintf(path, sizeof(path), LINKS "/%s", all->progs[i].name);
		*all->progs[i].link = bpf_link__open(path);
		if (!*all->progs[i].link)
			return false;
	}
	return take_called(programs);
}

/* A loader was killed while it exchanged the links: the old ones stay. */
static void repair_links(void)
{
	if (access(LINKS, F_OK) < 0)
		rename(LINKS_TRASH, LINKS);
	remove_tree(AT_FDCWD, LINKS_TRASH);
	remove_tree(AT_FDCWD, LINKS_STAGE);
}

/* Both are attached for a moment. What one refuses the other is not asked, so it is counted once; what is only
 * reported is reported twice. */
static int relay(struct programs *programs, struct fault *fault)
{
	int r = programs_load_opened(programs, fault);

	if (!r)
		r = programs_attach(programs, fault);
	if (!r)
		r = programs_prove(programs, fault);
	if (!r)
		r = pin_links(programs, LINKS_STAGE, fault);
	if (!r && !access(LINKS, F_OK))
		r = move(LINKS, LINKS_TRASH, fault);
	if (!r)
		r = move(LINKS_STAGE, LINKS, fault);
	if (r < 0) {
		repair_links();
		return r;
	}
	programs->host->build = build_id();
	remove_tree(AT_FDCWD, LINKS_TRASH);
	return 0;
}

static int adopt(struct programs **out, enum persist_how *how, struct fault *fault)
{
	struct programs *programs = NULL;
	int r = take(&programs, fault);

	if (r < 0 || !programs)
		return r;
	repair_links();
	r = programs_map(programs, fault);
	if (!r && programs->host->build == build_id() && take_links(programs)) {
		*how = PERSIST_ADOPTED;
		r = programs_prove(programs, fault);
	} else if (!r) {
		*how = PERSIST_RELAYED;
		programs_close(programs);
		r = take(&programs, fault);
		if (r < 0 || !programs)
			return r;
		r = relay(programs, fault);
	}
	if (r < 0) {
		programs_close(programs);
		return r;
	}
	*out = programs;
	return 0;
}

int persist_open(struct programs **out, enum persist_how *how, struct fault *fault)
{
	remove_tree(AT_FDCWD, STAGE);
	remove_tree(AT_FDCWD, TRASH);
	if (!access(PERSIST_PINS, F_OK))
		return adopt(out, how, fault);
	*how = PERSIST_BEGUN;
	return begin(out, fault);
}

int persist_look(struct programs **out, struct fault *fault)
{
	struct programs *programs = NULL;
	int r;

	if (access(PERSIST_PINS, F_OK) < 0)
		return fault_set(fault, errno, "nothing is enforced on this host: %s: %s; start mantlet daemon",
				 PERSIST_PINS, strerror(errno));
	r = take(&programs, fault);
	if (r < 0 || !programs)
		return r;
	r = programs_map(programs, fault);
	if (r < 0) {
		programs_close(programs);
		return r;
	}
	take_links(programs);
	*out = programs;
	return 0;
}

#define LINKS_MAX 128
#define LINKS_END 100 /* tenths of a second */

/* Beside links, programs are pinned: their information looks the same. */
static bool is_link(int fd)
{
	char path[64], name[64] = "";

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return readlink(path, name, sizeof(name) - 1) > 0 && strstr(name, "link");
}

/* The kernel's numbers of the links that are pinned. */
static size_t link_ids(uint32_t ids[LINKS_MAX])
{
	DIR *dir = opendir(LINKS);
	struct dirent *entry;
	size_t count = 0;

	while (dir && count < LINKS_MAX && (entry = readdir(dir))) {
		struct bpf_link_info info = {};
		uint32_t len = sizeof(info);
		char path[sizeof(LINKS) + sizeof(entry->d_name)];
		int fd;

		snprintf(path, sizeof(path), LINKS "/%s", entry->d_name);
		fd = entry->d_name[0] == '.' ? -1 : bpf_obj_get(path);
		if (fd >= 0 && is_link(fd) && !bpf_obj_get_info_by_fd(fd, &info, &len))
			ids[count++] = info.id;
		if (fd >= 0)
			close(fd);
	}
	if (dir)
		closedir(dir);
	return count;
}

/* The kernel takes its time with what is unpinned. Who is told that nothing is enforced shall find it so. */
static void wait_for_links(const uint32_t *ids, size_t count)
{
	for (int i = 0; count && i < LINKS_END; i++) {
		int fd = bpf_link_get_fd_by_id(ids[count - 1]);

		if (fd < 0) {
			count--;
			continue;
		}
		close(fd);
		usleep(100000);
	}
}

/* From here on nothing is refused, whichever program goes first: without the one that follows forks, the others would take
 * new tasks for the old ones whose numbers they have. Pins of another version are not understood; they only go. */
static void open_domains(void)
{
	struct programs *programs = NULL;
	struct fault fault;

	if (persist_look(&programs, &fault) < 0 || !programs)
		return;
	__atomic_store_n(&programs->host->live, 0, __ATOMIC_SEQ_CST);
	for (uint32_t slot = 0; slot < DOMAIN_SLOTS; slot++)
		programs->domains[slot].policy = OPEN_POLICY;
	programs_close(programs);
}

int persist_remove(struct fault *fault)
{
	uint32_t ids[LINKS_MAX];
	size_t count;
	int r;

	open_domains();
	count = link_ids(ids);
	remove_tree(AT_FDCWD, TRASH);
	r = rename(PERSIST_PINS, TRASH) < 0 && errno != ENOENT ? -errno : 0;
	if (!r)
		r = remove_tree(AT_FDCWD, TRASH);
	if (!r)
		r = remove_tree(AT_FDCWD, STAGE);
	if (r < 0)
		return fault_pins(fault, -r, "remove", PERSIST_PINS);
	wait_for_links(ids, count);
	return 0;
}
