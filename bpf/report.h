/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Events. What is here runs after the verdict and cannot change it: an event that finds no room is counted.
 */
#ifndef MANTLET_BPF_REPORT_H
#define MANTLET_BPF_REPORT_H

#include "decide.h"

struct event_small {
	struct event event;
	char text[EVENT_TEXT_SMALL + EVENT_NAME]; /* a component may begin at the last byte of the text */
};

struct event_large {
	struct event event;
	char text[EVENT_TEXT_LARGE + EVENT_NAME];
};

/* What an event tells, beside what every event does. */
struct report {
	const struct domain *domain;
	const struct decision *decision;
	__u32 kind, flags;       /* of the event */
	const struct path *path; /* the file that was judged, or NULL */
	const char *script;      /* the file is its interpreter; or NULL. As the caller named it */
	union {
		struct event_connect connect;
		struct event_identity identity;
	};
	__u64 seq;
	struct domain_counts *counts;
};

/* ctx of report_step(). The place to write at stands in the slot (event.text_size), of which the verifier
 * knows nothing: kept here, it would follow every length that a text can have. */
struct text_walk {
	struct path_walk path;
	struct event *event;
	char *text;
	__u64 limit;
};

static long report_step(__u32 i, void *ctx)
{
	struct text_walk *walk = ctx;
	__u64 at = walk->event->text_size;
	int len;

	barrier_var(at); /* one register for the check and the use */
	if (at >= walk->limit)
		return 1;
	len = path_step(&walk->path, walk->text + at);
	if (len)
		walk->event->text_size = at + len + 1;
	return walk->path.end != PATH_GOING;
}

/* Appends a path. */
static __always_inline void report_path(struct text_walk *walk, const struct path *path, const struct domain *domain,
					__u16 *size, __u8 *end)
{
	__u32 begin = walk->event->text_size;

	path_begin(&walk->path, BPF_CORE_READ(path, mnt), BPF_CORE_READ(path, dentry), domain);
	path_walk_each(report_step, walk, PATH_NAMES_PLAIN);
	*size = walk->event->text_size - begin;
	*end = walk->path.end;
}

static __always_inline void report_task(struct event *event)
{
	struct task_struct *task = task_current();
	__u64 ids = bpf_get_current_uid_gid();

	event->time = bpf_ktime_get_ns();
	event->pid = bpf_get_current_pid_tgid() >> 32;
	event->ppid = BPF_CORE_READ(task, real_parent, tgid);
	event->uid = ids;
	event->gid = ids >> 32;
	bpf_get_current_comm(event->comm, sizeof(event->comm));
}

static __always_inline void report_decision(struct event *event, const struct report *report)
{
	event->version = EVENT_VERSION;
	event->kind = report->kind;
	event->domain = report->domain->id;
	event->seq = report->seq;
	event->generation = report->decision->generation;
	event->rule = report->decision->verdict.rule;
	event->judged = report->decision->end;
	event->flags = report->flags | (report->decision->verdict.enforced ? EVENT_ENFORCED : 0);
	event->connect = report->connect; /* the largest of them */
}

static __always_inline void report_script(struct text_walk *walk, const char *script, __u32 max)
{
	struct event *event = walk->event;
	long size;

	event->flags |= EVENT_INTERPRETER;
	size = bpf_probe_read_kernel_str(walk->text, max, script);
	if (size <= 0 || size > max)
		return;
	if (size == max)
		event->flags |= EVENT_SCRIPT_CUT;
	event->script_size = event->text_size = size;
}

static __always_inline void report_texts(struct text_walk *walk, const struct report *report, __u32 script_max)
{
	struct event *event = walk->event;

	event->text_size = event->script_size = event->path_size = 0;
	event->path_end = PATH_WHOLE;
	if (report->script)
		report_script(walk, report->script, script_max);
	if (report->path)
		report_path(walk, report->path, report->domain, &event->path_size, &event->path_end);
	report_path(walk, task_exe(), report->domain, &event->exe_size, &event->exe_end);
}

static __always_inline _Bool report_cut(const struct event *event)
{
	return (event->flags & EVENT_SCRIPT_CUT) | (event->path_end == PATH_GOING) | (event->exe_end == PATH_GOING);
}

/* Writes the event in one size of slot; false: its texts want a larger one. */
#define REPORT_SIZED(name, type, text_limit, script_max, last)                                                       \
	static __attribute__((noinline)) _Bool name(const struct report *report)                                     \
	{                                                                                                            \
		struct type *slot = bpf_ringbuf_reserve(&events, sizeof(*slot), 0);                                  \
		struct text_walk walk = {.limit = (text_limit)};                                                     \
                                                                                                                     \
		if (!slot) {                                                                                         \
			__sync_fetch_and_add(&report->counts->lost_ring, 1);                                         \
			return 1;                                                                                    \
		}                                                                                                    \
		walk.event = &slot->event;                                                                           \
		walk.text = slot->text;                                                                              \
		report_task(&slot->event);                                                                           \
		report_decision(&slot->event, report);                                                               \
		report_texts(&walk, report, script_max);                                                             \
		if (!(last) && report_cut(&slot->event)) {                                                           \
			bpf_ringbuf_discard(slot, 0);                                                                \
			return 0;                                                                                    \
		}                                                                                                    \
		bpf_ringbuf_submit(slot, 0);                                                                         \
		return 1;                                                                                            \
	}

REPORT_SIZED(report_small, event_small, EVENT_TEXT_SMALL, EVENT_SCRIPT_SMALL, !HAS_LOOP) /* or too much to verify */
REPORT_SIZED(report_large, event_large, EVENT_TEXT_LARGE, EVENT_SCRIPT_LARGE, 1)

/* "log": "all" can fill the ring with what was allowed; what was denied still finds room. */
static __always_inline _Bool report_has_room(const struct report *report)
{
	return report->decision->verdict.denied || bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA) < EVENTS_ALLOWED;
}

static __always_inline int report_send(struct report *report)
{
	report->counts = bpf_map_lookup_elem(&counts, &report->domain->slot);
	if (!report->counts)
		return 0;
	if (report->decision->verdict.denied)
		__sync_fetch_and_add(&report->counts->denied, 1);
	report->seq = count_next(&report->counts->seq);
	if (!report_has_room(report))
		__sync_fetch_and_add(&report->counts->lost_room, 1);
	else if (!report_small(report) && HAS_LOOP)
		report_large(report);
	return 0;
}

/* Not inline, as all that fill in a struct report: its room on the stack is given back. */
static __attribute__((noinline)) int report_exec(struct linux_binprm *bprm, const struct domain *domain,
						 const struct decision *decision)
{
	struct report report = {.domain = domain, .decision = decision, .kind = EVENT_EXEC};

	report.path = exec_path(bprm);
	if (exec_is_interpreter(bprm))
		report.script = BPF_CORE_READ(bprm, filename);
	return report_send(&report);
}

/* What a task tried against those who guard: counted and told as a denial. By the task alone, without its paths: it stands
 * in twenty programs, which are to be verified, and not all of them may ask more. */
static __attribute__((noinline)) int report_attempt(__u32 attempt)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct domain *domain = domain_at(domain_slot(BPF_CORE_READ(task, pid)));
	struct domain_counts *of = domain ? bpf_map_lookup_elem(&counts, &domain->slot) : 0;
	struct event *event;
	__u64 seq;

	if (!of)
		return 0;
	__sync_fetch_and_add(&of->denied, 1);
	seq = count_next(&of->seq);
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event) {
		__sync_fetch_and_add(&of->lost_ring, 1);
		return 0;
	}
	*event = (struct event){.version = EVENT_VERSION, .kind = EVENT_ATTEMPT, .flags = EVENT_ENFORCED};
	event->time = bpf_ktime_get_ns();
	event->domain = domain->id;
	event->seq = seq;
	event->judged = event->path_end = event->exe_end = PATH_WHOLE;
	event->pid = BPF_CORE_READ(task, tgid);
	event->ppid = BPF_CORE_READ(task, real_parent, tgid);
	event->uid = BPF_CORE_READ(task, cred, uid.val);
	event->gid = BPF_CORE_READ(task, cred, gid.val);
	bpf_probe_read_kernel(event->comm, sizeof(event->comm), task->comm);
	event->attempt = attempt;
	bpf_ringbuf_submit(event, 0);
	return 0;
}

/* A file that is mapped to be executed. */
static __attribute__((noinline)) int report_map(const struct path *path, const struct domain *domain,
						const struct decision *decision)
{
	struct report report = {.domain = domain, .decision = decision, .kind = EVENT_EXEC, .path = path};

	return report_send(&report);
}

#endif
