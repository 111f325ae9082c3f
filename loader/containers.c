/* SPDX-License-Identifier: BSD-2-Clause */
#include "containers.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cgroup.h"

/* Sweeps without a task, and without a fork in between, after which there is none: one that was just being made when
 * the first looked is seen by the second. */
#define SWEEPS_EMPTY 2
#define SWEEPS_MOST 100 /* that look for tasks which are in no domain, in a row */

static uint32_t policy_of(const struct containers *containers, const struct container *container)
{
	return __atomic_load_n(&programs_domain(containers->programs, container->slot)->policy, __ATOMIC_RELAXED);
}

struct audit_origin containers_origin(const struct containers *containers, const struct container *container,
				      uint32_t generation)
{
	const struct policy_file *file = policies_at(containers->policies, policy_of(containers, container));

	return (struct audit_origin){
		.mode = "lsm",
		.domain = container->id,
		.domain_name = container->name,
		.policy = file ? file->name : "none",
		.generation = generation ? generation
			      : file     ? file->generation
					 : 1,
	};
}

/* What became of a container, in words. */
static void tell(const struct containers *containers, const struct container *container, const char *reason)
{
	struct audit_origin origin = containers_origin(containers, container, 0);
	struct audit_record record = {.event = AUDIT_POSTURE, .reason = reason};

	audit_write(containers->audit, &origin, &record);
}

static struct container *find(const struct containers *containers, uint64_t id)
{
	for (size_t i = 0; i < containers->count; i++)
		if (containers->list[i]->id == id)
			return containers->list[i];
	return NULL;
}

const struct container *containers_find(const struct containers *containers, uint64_t id)
{
	return find(containers, id);
}

static bool make_room(struct containers *containers)
{
	size_t space = containers->space ? 2 * containers->space : 64;
	void *list;

	if (containers->count < containers->space)
		return true;
	list = realloc(containers->list, space * sizeof(containers->list[0])); /* NOLINT: of pointers */
	if (!list)
		return false;
	containers->list = list;
	containers->space = space;
	return true;
}

static void free_container(struct container *container)
{
	free(container->path);
	free(container->name);
	free(container);
}

/* By the last part of its path; what has none is named by its id. */
static bool name_container(struct container *container, char *path)
{
	char *name;

	if (path)
		name = strdup(strrchr(path, '/') + 1);
	else if (asprintf(&name, "cgroup-%llu", (unsigned long long)container->id) < 0)
		name = NULL;
	if (!name) {
		free(path);
		return false;
	}
	free(container->name);
	container->name = name;
	container->path = path;
	return true;
}

static struct container *add(struct containers *containers, uint64_t id, uint32_t slot)
{
	struct container *container = make_room(containers) ? calloc(1, sizeof(*container)) : NULL;

	if (!container)
		return NULL;
	*container = (struct container){.id = id, .slot = slot};
	if (!name_container(container, cgroup_path(containers->cgroup2, id))) {
		free_container(container);
		return NULL;
	}
	return containers->list[containers->count++] = container;
}

/* What has no path stays under the policy that it has. */
static void classify(struct containers *containers, const struct container *container)
{
	struct domain *domain = programs_domain(containers->programs, container->slot);
	uint32_t policy;

	if (container->slot == CLOSED_SLOT || !container->path)
		return;
	policy = policies_class(containers->policies, container->path);
	if (policy_of(containers, container) == policy)
		return;
	__atomic_store_n(&domain->policy, policy, __ATOMIC_RELEASE);
	tell(containers, container,
	     policy == OPEN_POLICY ? "no policy matches it any more: nothing is refused"
				   : "under another policy from now on");
}

static void meet(struct containers *containers, uint64_t id, uint32_t slot)
{
	struct container *container = find(containers, id) ? NULL : add(containers, id, slot);

	if (!container)
		return;
	if (slot == CLOSED_SLOT)
		tell(containers, container, "there are more containers than slots: everything is refused");
	else
		tell(containers, container, "guarded");
	classify(containers, container);
}

/* New domains. One may have ended already: it has its slot until its tasks are known to be gone. */
static void learn(struct containers *containers)
{
	uint64_t id = 0;
	uint32_t slot;

	for (slot = 0; slot < CLOSED_SLOT; slot++) {
		id = __atomic_load_n(&programs_domain(containers->programs, slot)->id, __ATOMIC_ACQUIRE);
		if (id)
			meet(containers, id, slot);
	}
	id = 0;
	while (!host_cgroup_next(containers->programs, &id, &slot))
		if (slot == CLOSED_SLOT)
			meet(containers, id, slot);
}

/* The kernel takes the cgroup out of its map when it is removed. It may have a path later than a place there. */
static void notice_gone(struct containers *containers)
{
	for (size_t i = 0; i < containers->count; i++) {
		struct container *container = containers->list[i];
		char *path;

		if (container->gone)
			continue;
		container->gone = !host_cgroup_has(containers->programs, container->id);
		path = container->path ? NULL : cgroup_path(containers->cgroup2, container->id);
		if (path && name_container(container, path))
			classify(containers, container);
	}
}

static void bury(struct containers *containers, size_t at)
{
	struct container *container = containers->list[at];

	tell(containers, container, "ended");
	if (container->slot != CLOSED_SLOT) {
		__atomic_store_n(&programs_domain(containers->programs, container->slot)->id, 0, __ATOMIC_RELEASE);
		host_slot_put(containers->programs, container->slot);
	}
	free_container(container);
	containers->list[at] = containers->list[--containers->count];
}

static bool is_empty(struct containers *containers, struct container *container)
{
	struct domain_counts *counts = programs_counts(containers->programs, container->slot);
	uint64_t forks = __atomic_load_n(&counts->forks, __ATOMIC_ACQUIRE);

	if (container->tasks || !container->gone) {
		container->empty = 0;
	} else if (!container->empty || forks != container->forks) {
		container->empty = 1;
		container->forks = forks;
	} else {
		container->empty++;
	}
	return container->slot == CLOSED_SLOT ? container->gone : container->empty > SWEEPS_EMPTY;
}

static int sweep(struct containers *containers, struct fault *fault)
{
	int r = host_sweep(containers->programs, containers->tasks, fault);

	for (size_t i = 0; i < containers->count && r >= 0; i++)
		containers->list[i]->tasks = containers->tasks[containers->list[i]->slot];
	return r;
}

/* A slot is given to another container only when no task has it any more: one may have left its cgroup. */
static void bury_dead(struct containers *containers)
{
	bool any = false;

	for (size_t i = 0; i < containers->count; i++)
		any |= containers->list[i]->gone;
	for (int n = 0; any && n <= SWEEPS_EMPTY; n++) {
		if (sweep(containers, NULL) < 0)
			return;
		for (size_t i = containers->count; i-- > 0;)
			if (is_empty(containers, containers->list[i]))
				bury(containers, i);
	}
}

void containers_look(struct containers *containers, bool thorough)
{
	uint64_t births = __atomic_load_n(&programs_host(containers->programs)->births, __ATOMIC_ACQUIRE);

	if (births != containers->births || thorough)
		learn(containers);
	containers->births = births;
	if (!thorough)
		return;
	notice_gone(containers);
	bury_dead(containers);
}

static void free_places(struct containers *containers)
{
	for (uint32_t place = 0; place < OPEN_POLICY; place++) {
		struct catalog *entry = programs_catalog(containers->programs, place);
		bool used = !entry->file[0] || policies_at(containers->policies, place);

		for (size_t i = 0; i < containers->count && !used; i++)
			used = policy_of(containers, containers->list[i]) == place;
		if (used)
			continue;
		host_forget_image(containers->programs, place);
		memset(entry->file, 0, sizeof(entry->file));
	}
}

/* ---- cgroups that were there before the programs, or before a policy for them */

struct first_look {
	struct containers *containers;
	char inside[PATH_MAX]; /* the last container's cgroup, and a slash: what lies in it is its own */
};

static void found_cgroup(void *ctx, const char *path, uint64_t id)
{
	struct first_look *look = ctx;
	uint32_t policy = policies_class(look->containers->policies, path);

	if (policy == OPEN_POLICY || !id || (look->inside[0] && !strncmp(path, look->inside, strlen(look->inside))))
		return;
	snprintf(look->inside, sizeof(look->inside), "%s/", path);
	if (!host_cgroup_has(look->containers->programs, id))
		host_cgroup_add(look->containers->programs, id, policy);
}

/* Tasks that are in no domain: until none is found, twice, since one may be made where a sweep has passed already. */
static int sweep_all(struct containers *containers, struct fault *fault)
{
	for (int sweeps = 0, quiet = 0; sweeps < SWEEPS_MOST && quiet < 2; sweeps++) {
		int found = sweep(containers, fault);

		if (found < 0)
			return found;
		quiet = found ? 0 : quiet + 1;
	}
	return 0;
}

/* Those that the policies are for, and that are no domains yet: the kernel makes one only of what is born. */
static int enrol(struct containers *containers, struct fault *fault)
{
	struct first_look look = {.containers = containers};
	int r = cgroup_walk(containers->cgroup2, found_cgroup, &look);

	if (r < 0)
		return fault_set(fault, -r, "cannot go through the cgroups: %s", strerror(-r));
	learn(containers);
	return sweep_all(containers, fault);
}

int containers_classify(struct containers *containers, const struct policies *policies, struct fault *fault)
{
	int r;

	containers->policies = policies;
	r = enrol(containers, fault);
	for (size_t i = 0; i < containers->count; i++)
		classify(containers, containers->list[i]);
	free_places(containers);
	return r;
}

/* ---- the beginning */

/* A slot that is neither free nor a cgroup's: of a domain whose cgroup went, and whose last task may live; or a daemon
 * was killed with it in its hand. */
static int recover_slot(struct containers *containers, uint32_t slot)
{
	uint64_t id = programs_domain(containers->programs, slot)->id;
	struct container *container;

	if (!id)
		return host_slot_put(containers->programs, slot);
	container = add(containers, id, slot);
	if (container)
		container->gone = true;
	return container ? 0 : -ENOMEM;
}

static int recover_slots(struct containers *containers, struct fault *fault)
{
	bool *seen = calloc(DOMAIN_SLOTS, sizeof(*seen));
	uint64_t id = 0;
	uint32_t slot;
	int r = seen ? host_slots_seen(containers->programs, seen) : -ENOMEM;

	host_settle(); /* one that was on its way from the queue to a cgroup is there by now */
	while (!r && !host_cgroup_next(containers->programs, &id, &slot))
		seen[slot % DOMAIN_SLOTS] = true;
	for (slot = 0; slot < CLOSED_SLOT && !r; slot++)
		if (!seen[slot])
			r = recover_slot(containers, slot);
	free(seen);
	return r < 0 ? fault_set(fault, -r, "cannot count the slots of domains: %s", strerror(-r)) : 0;
}

static int open_all(struct containers *containers, struct fault *fault)
{
	struct host *host = programs_host(containers->programs);
	int r;

	*programs_domain(containers->programs, CLOSED_SLOT) =
		(struct domain){.id = CLOSED_DOMAIN, .slot = CLOSED_SLOT, .policy = CLOSED_POLICY};
	host_set_clock(containers->programs);
	r = recover_slots(containers, fault);
	if (!r)
		r = sweep(containers, fault); /* the programs learn the host's root by it */
	if (r < 0)
		return r;
	__atomic_store_n(&host->live, 1, __ATOMIC_SEQ_CST);
	return containers_classify(containers, containers->policies, fault);
}

int containers_open(struct containers *containers, struct programs *programs, const struct policies *policies,
		    struct audit *audit, struct fault *fault)
{
	int r;

	*containers = (struct containers){.programs = programs, .policies = policies, .audit = audit};
	containers->tasks = calloc(DOMAIN_SLOTS, sizeof(*containers->tasks));
	if (!containers->tasks)
		return fault_set(fault, ENOMEM, "out of memory");
	r = containers->cgroup2 = cgroup_open(fault);
	if (r >= 0)
		r = open_all(containers, fault);
	if (r < 0)
		containers_close(containers);
	return r;
}

void containers_close(struct containers *containers)
{
	for (size_t i = 0; i < containers->count; i++)
		free_container(containers->list[i]);
	free(containers->list);
	free(containers->tasks);
	if (containers->cgroup2 >= 0)
		close(containers->cgroup2);
	*containers = (struct containers){.cgroup2 = -1};
}
