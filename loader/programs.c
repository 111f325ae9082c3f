/* SPDX-License-Identifier: BSD-2-Clause */
#include "programs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "object.h"
#include "policy/policy.h"
#include "programs_inner.h"

/* libbpf tells the reason of a failure to a callback without a context, and to nobody else. */
static __thread char said[384];

/* The last line of a verifier's log before its statistics. */
static void keep_verifier_line(char *log)
{
	char *end = strstr(log, "\nprocessed "), *line;

	if (!end)
		return;
	*end = '\0';
	line = strrchr(log, '\n');
	snprintf(said, sizeof(said), "%s", line ? line + 1 : log);
}

static int keep_line(enum libbpf_print_level level, const char *format, va_list args)
{
	char *text;

	if (level != LIBBPF_WARN || vasprintf(&text, format, args) < 0)
		return 0;
	if (strstr(text, "BEGIN PROG LOAD LOG"))
		keep_verifier_line(text);
	else if (!said[0])
		snprintf(said, sizeof(said), "%.*s", (int)strcspn(text, "\n"), text);
	free(text);
	return 0;
}

static const char *load_remedy(int err)
{
	switch (err) {
	case EPERM:
	case EACCES:
		return "it takes root on the host (CAP_SYS_ADMIN, or CAP_BPF and CAP_PERFMON), and a host that "
		       "allows it";
	case ENOENT:
	case ESRCH:
		return "it needs a kernel with CONFIG_DEBUG_INFO_BTF and CONFIG_BPF_LSM";
	default:
		return "see mantlet probe for what is missing";
	}
}

static void leave_out_hosts(struct mantlet_bpf *bpf)
{
	bpf_program__set_autoload(bpf->progs.container_birth, false);
	bpf_program__set_autoload(bpf->progs.container_death, false);
	bpf_program__set_autoload(bpf->progs.container_enter, false);
	bpf_program__set_autoload(bpf->progs.container_sweep, false);
}

static int fault_uncalled(struct fault *fault)
{
	return fault_set(fault, ENOTSUP,
			 "this kernel cannot call LSM programs: on arm64 it takes Linux 6.4: use -m seccomp");
}

int programs_open(struct programs **out, bool host, struct fault *fault)
{
	struct programs *programs = calloc(1, sizeof(*programs));

	if (!programs)
		return fault_set(fault, ENOMEM, "out of memory");
	for (int i = 0; i < CALLED; i++)
		programs->called[i] = -1;
	programs->bpf = object_open();
	if (!programs->bpf) {
		free(programs);
		if (errno == OBJECT_UNCALLED)
			return fault_uncalled(fault);
		if (errno == OBJECT_STRAYS)
			return fault_set(fault, ENOTSUP,
					 "this kernel's io_uring has threads that would be in no domain: use Linux "
					 "5.10.162 or later of 5.10, else 5.12 or later, or mode seccomp");
		return fault_set(fault, errno, "the LSM programs cannot be opened: %s", strerror(errno));
	}
	if (!host)
		leave_out_hosts(programs->bpf);
	*out = programs;
	return 0;
}

struct bpf_program **programs_called(const struct programs *programs, enum programs_calls which)
{
	return which == CALLED_ENTER ? &programs->bpf->progs.domain_enter : &programs->bpf->progs.guard_enter;
}

int programs_load_opened(struct programs *programs, struct fault *fault)
{
	libbpf_print_fn_t before;
	int r;

	said[0] = '\0';
	before = libbpf_set_print(keep_line);
	r = mantlet_bpf__load(programs->bpf);
	libbpf_set_print(before);
	if (r < 0)
		return fault_set(fault, -r, "the kernel does not take the LSM programs: %.300s: %s",
				 said[0] ? said : strerror(-r), load_remedy(-r));
	for (int i = 0; i < CALLED; i++) {
		programs->called[i] = fcntl(bpf_program__fd(*programs_called(programs, i)), F_DUPFD_CLOEXEC, 3);
		if (programs->called[i] < 0)
			return fault_set(fault, errno, "cannot copy a descriptor: %s", strerror(errno));
	}
	return programs_map(programs, fault);
}

static size_t map_bytes(const struct bpf_map *map)
{
	return (size_t)bpf_map__max_entries(map) * (((size_t)bpf_map__value_size(map) + 7) / 8 * 8);
}

static void *map_memory(const struct bpf_map *map)
{
	void *memory = mmap(NULL, map_bytes(map), PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);

	return memory == MAP_FAILED ? NULL : memory;
}

static void unmap(void *memory, const struct bpf_map *map)
{
	if (memory)
		munmap(memory, map_bytes(map));
}

int programs_map(struct programs *programs, struct fault *fault)
{
	programs->counts = map_memory(programs->bpf->maps.counts);
	programs->domains = map_memory(programs->bpf->maps.domains);
	programs->host = map_memory(programs->bpf->maps.hosts);
	programs->classes = map_memory(programs->bpf->maps.classes);
	programs->catalog = map_memory(programs->bpf->maps.catalog);
	programs->unlisted = map_memory(programs->bpf->maps.unlisted);
	if (programs->counts && programs->domains && programs->host && programs->classes && programs->catalog &&
	    programs->unlisted)
		return 0;
	return fault_set(fault, errno, "cannot map the memory that is shared with the kernel: %s; is memory short?",
			 strerror(errno));
}

int programs_load(struct programs **out, bool host, struct fault *fault)
{
	struct programs *programs = NULL;
	int r = programs_open(&programs, host, fault);

	if (r < 0 || !programs)
		return r;
	r = programs_load_opened(programs, fault);
	if (r < 0) {
		programs_close(programs);
		return r;
	}
	*out = programs;
	return 0;
}

/* The root of all cgroups (v2), without looking for where it is mounted, if it is at all. */
static int open_cgroups(void)
{
	int fs = fsopen("cgroup2", FSOPEN_CLOEXEC), mount = -1;

	if (fs >= 0 && !fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		mount = fsmount(fs, FSMOUNT_CLOEXEC, 0);
	if (fs >= 0)
		close(fs);
	return mount < 0 ? -errno : mount;
}

static int attach_sysctl(struct mantlet_bpf *bpf)
{
	int cgroups = open_cgroups();

	if (cgroups < 0)
		return cgroups;
	bpf->links.protect_sysctl = bpf_program__attach_cgroup(bpf->progs.protect_sysctl, cgroups);
	close(cgroups);
	return bpf->links.protect_sysctl ? 0 : -errno;
}

void programs_without_drift(struct programs *programs)
{
	bpf_program__set_autoattach(programs->bpf->progs.map_check, false);
	bpf_program__set_autoattach(programs->bpf->progs.remap_check, false);
}

static int attach_fault(int err, struct fault *fault)
{
	if (err == OBJECT_UNCALLED)
		return fault_uncalled(fault);
	return fault_set(fault, err, "the LSM programs cannot be attached: %.300s: %s",
			 said[0] ? said : strerror(err),
			 err == EBUSY || err == E2BIG ? "other tools hold too many programs on the same hook"
						      : load_remedy(err));
}

int programs_attach(struct programs *programs, struct fault *fault)
{
	libbpf_print_fn_t before;
	int r;

	said[0] = '\0';
	before = libbpf_set_print(keep_line);
	r = mantlet_bpf__attach(programs->bpf);
	if (!r)
		r = attach_sysctl(programs->bpf);
	libbpf_set_print(before);
	return r < 0 ? attach_fault(-r, fault) : 0;
}

/* Under our pid, and a number that nobody had before: what had our pid and was killed may guard somebody. */
static int pin(struct bpf_link *link, const char *name, uint32_t set, struct fault *fault)
{
	char path[96];
	int r;

	snprintf(path, sizeof(path), "%s/%d-%u-%s", PROGRAMS_PINS, getpid(), set, name);
	r = bpf_link__pin(link, path);
	if (r < 0)
		return fault_set(fault, -r,
				 "cannot pin a program at %s: %s; mount bpffs: mount -t bpf bpf /sys/fs/bpf", path,
				 strerror(-r));
	return 0;
}

int programs_pin(struct programs *programs, struct fault *fault)
{
	const struct bpf_object_skeleton *all = programs->bpf->skeleton;
	struct bpf_map_info tasks = {};
	uint32_t len = sizeof(tasks);
	libbpf_print_fn_t before;
	int r = bpf_obj_get_info_by_fd(bpf_map__fd(programs->bpf->maps.tasks), &tasks, &len);

	if (r < 0)
		return fault_set(fault, -r, "cannot ask for a map's number: %s", strerror(-r));
	before = libbpf_set_print(keep_line);
	for (int i = 0; i < all->prog_cnt && !r; i++)
		if (*all->progs[i].link)
			r = pin(*all->progs[i].link, all->progs[i].name, tasks.id, fault);
	libbpf_set_print(before);
	return r;
}

static void unpin(const struct bpf_object_skeleton *all)
{
	for (int i = 0; i < all->prog_cnt; i++)
		if (*all->progs[i].link && bpf_link__pin_path(*all->progs[i].link))
			bpf_link__unpin(*all->progs[i].link);
}

/* Copies the image into the map by mapping it: one system call, however large it is. */
static int fill(int map, image_ref image, uint32_t generation)
{
	size_t size = policy_image_size(image);
	struct image_cell *cells = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, map, 0);

	if (cells == MAP_FAILED)
		return -errno;
	memcpy(cells, image, size);
	cells[IMAGE_FLAGS].w[IMAGE_GENERATION] = generation;
	munmap(cells, size);
	return bpf_map_freeze(map); /* from here on, nobody writes to it */
}

int programs_set_image(struct programs *programs, uint32_t policy, image_ref image, uint32_t generation,
		       struct fault *fault)
{
	const uint32_t page = sizeof(struct image_page), pages = (policy_image_size(image) + page - 1) / page;
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_INNER_MAP | BPF_F_MMAPABLE);
	int map = bpf_map_create(BPF_MAP_TYPE_ARRAY, "image", sizeof(uint32_t), page, pages, &options);
	int r = map;

	if (map >= 0) {
		r = fill(map, image, generation);
		if (!r)
			r = bpf_map_update_elem(bpf_map__fd(programs->bpf->maps.policies), &policy, &map, BPF_ANY);
		close(map);
	}
	if (r < 0)
		return fault_set(fault, -r, "the policy, %u kB, cannot be put into the kernel: %s; is memory short?",
				 pages * page / 1024, strerror(-r));
	return 0;
}

int programs_set_domain(struct programs *programs, const struct domain *domain, struct fault *fault)
{
	int r = bpf_map_update_elem(bpf_map__fd(programs->bpf->maps.domains), &domain->slot, domain, BPF_ANY);

	return r < 0 ? fault_set(fault, -r, "cannot make domain %u: %s", domain->slot, strerror(-r)) : 0;
}

/* Runs a program that is attached nowhere, here, as the calling task. */
static int run_here(int program, uint64_t arg)
{
	LIBBPF_OPTS(bpf_test_run_opts, run, .ctx_in = &arg, .ctx_size_in = sizeof(arg));

	return bpf_prog_test_run_opts(program, &run);
}

int programs_enter(struct programs *programs, uint32_t slot, struct fault *fault)
{
	int r = run_here(programs->called[CALLED_ENTER], slot);

	return r < 0 ? fault_set(fault, -r, "cannot enter domain %u: %s", slot, strerror(-r)) : 0;
}

int programs_guard(struct programs *programs, uint64_t signals, struct fault *fault)
{
	int r = run_here(programs->called[CALLED_GUARD], signals);

	return r < 0 ? fault_set(fault, -r, "cannot protect this process from its domains: %s", strerror(-r)) : 0;
}

struct domain_counts *programs_counts(const struct programs *programs, uint32_t slot)
{
	return &programs->counts[slot];
}

int programs_events(const struct programs *programs)
{
	return bpf_map__fd(programs->bpf->maps.events);
}

uint64_t programs_skipped(const struct programs *programs)
{
	struct bpf_program *program;
	uint64_t skipped = 0;

	bpf_object__for_each_program(program, programs->bpf->obj)
	{
		struct bpf_prog_info info = {};
		uint32_t len = sizeof(info);

		if (!bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &len))
			skipped += info.recursion_misses;
	}
	return skipped;
}

const char *programs_verified(const struct programs *programs, char *buf, size_t size)
{
	struct bpf_program *program;
	size_t at = 0;

	buf[0] = '\0';
	bpf_object__for_each_program(program, programs->bpf->obj)
	{
		struct bpf_prog_info info = {};
		uint32_t len = sizeof(info);

		if (at < size && !bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &len) &&
		    info.verified_insns)
			at += snprintf(buf + at, size - at, "%s%s %u", at ? ", " : "", bpf_program__name(program),
				       info.verified_insns);
	}
	return buf;
}

void programs_close(struct programs *programs)
{
	if (!programs)
		return;
	unmap(programs->counts, programs->bpf->maps.counts);
	unmap(programs->domains, programs->bpf->maps.domains);
	unmap(programs->host, programs->bpf->maps.hosts);
	unmap(programs->classes, programs->bpf->maps.classes);
	unmap(programs->catalog, programs->bpf->maps.catalog);
	unmap(programs->unlisted, programs->bpf->maps.unlisted);
	if (!programs->stays)
		unpin(programs->bpf->skeleton);
	for (int i = 0; i < CALLED; i++)
		if (programs->called[i] >= 0)
			close(programs->called[i]);
	mantlet_bpf__destroy(programs->bpf);
	free(programs);
}
