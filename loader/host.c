/* SPDX-License-Identifier: BSD-2-Clause */
#include "host.h"

#include <errno.h>
#include <linux/membarrier.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "clock.h"
#include "programs_inner.h"

struct host *programs_host(const struct programs *programs)
{
	return programs->host;
}

struct domain *programs_domain(const struct programs *programs, uint32_t slot)
{
	return &programs->domains[slot];
}

struct catalog *programs_catalog(const struct programs *programs, uint32_t policy)
{
	return &programs->catalog[policy];
}

/* Counts what the iterator told. */
static int count_tasks(const uint32_t *entry, size_t entries, uint32_t *tasks)
{
	int found = 0;

	for (size_t i = 0; i < entries; i++) {
		tasks[((entry[i] & (TASK_ENTERING - 1)) - 1) % DOMAIN_SLOTS]++;
		found += !!(entry[i] & TASK_FOUND);
	}
	return found;
}

int host_sweep(const struct programs *programs, uint32_t *tasks, struct fault *fault)
{
	uint32_t entry[256];
	int fd = bpf_iter_create(bpf_link__fd(programs->bpf->links.container_sweep));
	int found = 0;
	ssize_t n;

	if (fd < 0)
		return fault_set(fault, -fd, "cannot go through the tasks: %s", strerror(-fd));
	memset(tasks, 0, DOMAIN_SLOTS * sizeof(*tasks));
	/* a read ends with whole entries, since the file's buffer does */
	while ((n = read(fd, entry, sizeof(entry))) > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR)))
		found += n > 0 ? count_tasks(entry, n / sizeof(*entry), tasks) : 0;
	if (n < 0)
		fault_set(fault, errno, "cannot go through the tasks: %s", strerror(errno));
	close(fd);
	return n < 0 ? -EIO : found;
}

int host_slot_take(const struct programs *programs, uint32_t *slot)
{
	return bpf_map_lookup_and_delete_elem(bpf_map__fd(programs->bpf->maps.slots), NULL, slot);
}

int host_slot_put(const struct programs *programs, uint32_t slot)
{
	return bpf_map_update_elem(bpf_map__fd(programs->bpf->maps.slots), NULL, &slot, BPF_ANY);
}

int host_slots_seen(const struct programs *programs, bool seen[DOMAIN_SLOTS])
{
	uint32_t slot;
	int r;

	memset(seen, 0, DOMAIN_SLOTS * sizeof(*seen));
	while (!(r = host_slot_take(programs, &slot))) {
		bool again = slot >= DOMAIN_SLOTS || seen[slot];

		r = host_slot_put(programs, slot);
		if (r < 0 || again)
			break;
		seen[slot] = true;
	}
	return r == -ENOENT ? 0 : r;
}

bool host_cgroup_has(const struct programs *programs, uint64_t cgroup)
{
	uint32_t slot;

	return !bpf_map_lookup_elem(bpf_map__fd(programs->bpf->maps.cgroups), &cgroup, &slot);
}

/* Its start is told by its tasks. */
static uint32_t begin_domain(const struct programs *programs, uint64_t cgroup, uint32_t policy)
{
	uint32_t slot;

	if (host_slot_take(programs, &slot) < 0 || slot >= CLOSED_SLOT) {
		__atomic_fetch_add(&programs->host->closed, 1, __ATOMIC_RELAXED);
		return CLOSED_SLOT;
	}
	memset(&programs->counts[slot], 0, sizeof(*programs->counts));
	programs->domains[slot] = (struct domain){.id = cgroup, .slot = slot, .policy = policy};
	return slot;
}

static void drop_domain(const struct programs *programs, uint32_t slot)
{
	if (slot == CLOSED_SLOT)
		return;
	__atomic_store_n(&programs->domains[slot].id, 0, __ATOMIC_RELEASE);
	host_slot_put(programs, slot);
}

void host_cgroup_add(const struct programs *programs, uint64_t cgroup, uint32_t policy)
{
	uint32_t slot = begin_domain(programs, cgroup, policy);
	int r = bpf_map_update_elem(bpf_map__fd(programs->bpf->maps.cgroups), &cgroup, &slot, BPF_NOEXIST);

	if (!r)
		return;
	drop_domain(programs, slot);
	if (r == -EEXIST)
		return;
	programs->unlisted[cgroup / UNLISTED_PAGE % UNLISTED_PAGES].mark[cgroup % UNLISTED_PAGE] = 1;
	__atomic_fetch_add(&programs->host->unlisted, 1, __ATOMIC_RELAXED);
}

/* They run where nothing is preempted, and that is what this waits for. Where a kernel does not offer it, a while. */
void host_settle(void)
{
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) < 0)
		usleep(10000);
}

void host_set_clock(const struct programs *programs)
{
	int64_t offset = clock_offset(), before = programs->host->clock;
	uint64_t now = clock_of_files();

	if (offset == before)
		return;
	__atomic_store_n(&programs->host->clock, offset, __ATOMIC_SEQ_CST);
	if (offset > before)
		return;
	host_settle();
	for (uint32_t slot = 0; slot < CLOSED_SLOT; slot++)
		if (programs->domains[slot].start > now)
			__atomic_store_n(&programs->domains[slot].start, now, __ATOMIC_RELEASE);
}

int host_cgroup_next(const struct programs *programs, uint64_t *cgroup, uint32_t *slot)
{
	int map = bpf_map__fd(programs->bpf->maps.cgroups);
	uint64_t key = *cgroup;

	for (;;) {
		int r = bpf_map_get_next_key(map, key ? &key : NULL, &key);

		if (r < 0)
			return r;
		if (!bpf_map_lookup_elem(map, &key, slot)) {
			*cgroup = key;
			return 0;
		}
	}
}

int host_set_classes(struct programs *programs, image_ref image, const uint32_t *policies, size_t count,
		     struct fault *fault)
{
	struct host_image now;
	uint64_t *half;

	host_image(programs, CLASS_POLICY, &now);
	/* the half that the image in force does not use */
	half = programs->classes + ((now.generation + 1) & 1 ? POLICY_SLOTS : 0);
	for (size_t i = 0; i < count; i++)
		__atomic_store_n(&half[i], policies[i], __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return programs_set_image(programs, CLASS_POLICY, image, now.generation + 1, fault);
}

void host_image(const struct programs *programs, uint32_t policy, struct host_image *out)
{
	const struct image_header *header;
	uint32_t id = 0;
	int map = -1;

	if (!bpf_map_lookup_elem(bpf_map__fd(programs->bpf->maps.policies), &policy, &id))
		map = bpf_map_get_fd_by_id(id);
	*out = (struct host_image){0};
	if (map < 0)
		return;
	header = mmap(NULL, sizeof(*header), PROT_READ, MAP_SHARED, map, 0);
	close(map);
	if (header == MAP_FAILED)
		return;
	*out = (struct host_image){
		.generation = header->generation, .checksum = header->checksum, .cells = header->cells};
	munmap((void *)header, sizeof(*header));
}

void host_forget_image(struct programs *programs, uint32_t policy)
{
	bpf_map_delete_elem(bpf_map__fd(programs->bpf->maps.policies), &policy);
}
