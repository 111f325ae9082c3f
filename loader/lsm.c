/* SPDX-License-Identifier: BSD-2-Clause */
/* The guard of LSM mode: the kernel decides; what is left to do here is to load, to name, and to listen. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "clock.h"
#include "event.h"
#include "gaps.h"
#include "guard.h"
#include "init.h"
#include "leftovers.h"
#include "object.h"
#include "programs.h"

#define SLOT 0

struct guard {
	struct guard_config config;
	struct programs *programs;
	struct ring_buffer *events;
	struct domain_counts *counts;
	struct gaps gaps;
	struct losses told; /* of the kernel's counts */
	uint64_t skipped;   /* told likewise: programs that the kernel did not run */
	uint64_t looked;    /* when that was asked for last, in ms */
	struct event_texts texts;
};

static int on_event(void *ctx, void *data, size_t size)
{
	struct guard *guard = ctx;
	const struct event *event = data;
	struct audit_record record;

	/* an unreadable event is missed by its number; a canary's is not for the audit */
	if (!event_check(data, size) || event->domain != guard->config.origin->domain)
		return 0;
	event_record(event, clock_offset(), &guard->texts, &record);
	record.seq = gaps_number(&guard->gaps, event->seq);
	audit_write(guard->config.audit, guard->config.origin, &record);
	gaps_seen(&guard->gaps, record.seq);
	return 0;
}

static void report_gap(struct guard *guard, const struct gap *gap, const char *reason)
{
	struct audit_record record = {
		.event = AUDIT_LOST, .lost = gap->missing, .first = gap->first, .last = gap->last, .reason = reason};

	audit_write(guard->config.audit, guard->config.origin, &record);
}

/* The last number that the kernel gave away. */
static uint64_t numbers_taken(const struct guard *guard)
{
	uint64_t taken = __atomic_load_n(&guard->counts->seq, __ATOMIC_ACQUIRE);

	if (taken > *guard->config.seq)
		*guard->config.seq = taken;
	return taken;
}

static void report_gaps(struct guard *guard)
{
	struct losses now = losses_read(guard->counts);
	struct gaps_counted counted = {
		.lost = now.ring + now.room,
		.taken = numbers_taken(guard),
	};
	struct gap gap;
	bool any = false;

	for (; gaps_take(&guard->gaps, counted, clock_ms(), &gap); any = true)
		report_gap(guard, &gap, losses_reason(&guard->told, &now));
	if (any)
		guard->told = now;
}

/* Programs that the kernel did not run let through what they would have judged: it is said as soon as it is seen. */
static void report_skipped(struct guard *guard)
{
	struct audit_record record = {.event = AUDIT_POSTURE};
	uint64_t skipped = programs_skipped(guard->programs);
	char reason[160];

	guard->looked = clock_ms();
	if (skipped <= guard->skipped)
		return;
	snprintf(reason, sizeof(reason),
		 "the kernel did not ask the LSM programs %" PRIu64
		 " times (recursion_misses): use Linux 6.1.54, 6.2 or later",
		 skipped - guard->skipped);
	record.reason = reason;
	guard->skipped = skipped;
	audit_write(guard->config.audit, guard->config.origin, &record);
}

static void lsm_close(struct guard *guard)
{
	if (!guard)
		return;
	ring_buffer__free(guard->events);
	programs_close(guard->programs);
	free(guard);
}

static int listen_to_events(struct guard *guard, struct fault *fault)
{
	guard->events = ring_buffer__new(programs_events(guard->programs), on_event, guard, NULL);
	return guard->events ? 0
			     : fault_set(fault, errno, "cannot listen to the kernel's events: %s; is memory short?",
					 strerror(errno));
}

static int lsm_open(const struct guard_config *config, struct guard **out, struct fault *fault)
{
	struct guard *guard = calloc(1, sizeof(*guard));
	int r;

	if (!guard)
		return fault_set(fault, ENOMEM, "out of memory");
	r = programs_load(&guard->programs, false, fault);
	if (r < 0) {
		free(guard);
		return r;
	}
	guard->config = *config;
	guard->counts = programs_counts(guard->programs, SLOT);
	if (!verdict_drift_asked(config->image))
		programs_without_drift(guard->programs);
	r = programs_set_image(guard->programs, SLOT, config->image, config->origin->generation, fault);
	if (!r)
		r = listen_to_events(guard, fault);
	if (!r)
		r = programs_attach(guard->programs, fault);
	if (!r)
		r = programs_prove(guard->programs, fault);
	if (!r)
		r = programs_pin(guard->programs, fault);
	if (!r)
		leftovers_remove();
	if (!r)
		r = programs_guard(guard->programs, init_taken(), fault);
	if (r < 0) {
		lsm_close(guard);
		return r;
	}
	*out = guard;
	return 0;
}

static int lsm_enter(struct guard *guard, int sock, struct fault *fault)
{
	char byte;

	/* without the guard the programs stay, but nobody tells what they refuse: the command is not to go on */
	if (!prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) && recv(sock, &byte, 1, 0) == 1)
		return programs_enter(guard->programs, SLOT, fault);
	return fault_set(fault, ECHILD, "the process that guards this one is gone; start it again");
}

static int lsm_adopt(struct guard *guard, pid_t child, int sock, struct fault *fault)
{
	struct domain domain = {.id = guard->config.origin->domain, .slot = SLOT};
	int r;

	(void)child;
	gaps_begin(&guard->gaps, *guard->config.seq);
	__atomic_store_n(&guard->counts->seq, guard->gaps.begin, __ATOMIC_RELEASE);
	domain.start = clock_of_files();
	r = programs_set_domain(guard->programs, &domain, fault);
	if (r < 0)
		return r;
	if (send(sock, "", 1, MSG_NOSIGNAL) != 1)
		return fault_set(fault, errno, "the command's process is gone before it began: %s", strerror(errno));
	return 0;
}

static int lsm_fd(const struct guard *guard)
{
	return ring_buffer__epoll_fd(guard->events);
}

static void lsm_dispatch(struct guard *guard, short ready)
{
	(void)ready;
	ring_buffer__consume(guard->events);
	report_gaps(guard);
	if (clock_ms() - guard->looked >= 1000)
		report_skipped(guard);
}

static bool lsm_reaped(struct guard *guard, pid_t pid, int status)
{
	(void)guard;
	(void)pid;
	(void)status;
	return false;
}

static uint64_t lsm_denied(const struct guard *guard)
{
	return __atomic_load_n(&guard->counts->denied, __ATOMIC_RELAXED);
}

/* The end of the audit: every number that the kernel gave away is accounted for. */
static void lsm_finish(struct guard *guard)
{
	struct losses now;
	struct gap gap;

	lsm_dispatch(guard, 0);
	report_skipped(guard);
	now = losses_read(guard->counts);
	while (gaps_take_last(&guard->gaps, numbers_taken(guard), &gap))
		report_gap(guard, &gap, losses_reason(&guard->told, &now));
	lsm_close(guard);
}

static const char *lsm_enforcer(const struct guard *guard, enum demand demand)
{
	(void)guard, (void)demand;
	return "kernel";
}

static unsigned int lsm_lacks(unsigned int asked, struct fault *why)
{
	if (!(asked & DEMAND_GROUPS) || object_kernel().setgroups)
		return 0;
	fault_set(why, ENOTSUP, "setgroups() passes no LSM hook before Linux 6.0; use that, or mode seccomp");
	return DEMAND_GROUPS;
}

const struct guard_mode guard_lsm = {
	.name = "lsm",
	.meets = DEMAND_EXEC | DEMAND_DRIFT | DEMAND_CONNECT | DEMAND_IDENTITY | DEMAND_SETID | DEMAND_LOG_ALL |
		 DEMAND_GROUPS,
	.lacks = lsm_lacks,
	.open = lsm_open,
	.enter = lsm_enter,
	.adopt = lsm_adopt,
	.fd = lsm_fd,
	.dispatch = lsm_dispatch,
	.reaped = lsm_reaped,
	.denied = lsm_denied,
	.enforcer = lsm_enforcer,
	.close = lsm_finish,
};
