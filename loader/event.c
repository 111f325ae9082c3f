/* SPDX-License-Identifier: BSD-2-Clause */
#include "event.h"

#include <arpa/inet.h>
#include <endian.h>
#include <string.h>

#include "policy/verdict.h"

static const char *const why_not[] = {
	[PATH_GOING] = "the file lies too deep, or was being moved",
	[PATH_WHOLE] = NULL,
	[PATH_OUTSIDE] = "the file is not under the container's root",
	[PATH_DELETED] = "the file was deleted, or never had a name",
	[PATH_NO_POLICY] = "the domain has no policy",
	[PATH_NO_ID] = "the id has no number in the container's user namespace",
	[PATH_NO_ADDRESS] = "the address is too short, of a family that the socket has not, or behind a source route",
	[PATH_SWAPPABLE] = "a script by its descriptor, which another thread could change before it is read",
};

_Static_assert(sizeof(why_not) / sizeof(*why_not) == PATH_ENDS, "a reason for each enum path_end");

bool event_check(const void *data, size_t size)
{
	const struct event *event = data;

	return size >= sizeof(*event) && event->version == EVENT_VERSION && event->kind &&
	       event->kind < EVENT_KINDS && event->judged < PATH_ENDS && event->text_size <= size - sizeof(*event) &&
	       event->text_size <= EVENT_TEXT_LARGE + EVENT_NAME &&
	       (size_t)event->script_size + event->path_size + event->exe_size <= event->text_size;
}

/* Components, last one first, to a path. The end of a file system that is not the container's is a component,
 * too: "/", or a memory file's name, which has nothing in front of it. */
static void join(const char *names, size_t size, enum path_end how, char *out)
{
	const char *end = names + size;

	*out = '\0';
	if (how == PATH_GOING)
		out = stpcpy(out, "...");
	while (end > names) {
		const char *begin = end - 1;

		while (begin > names && begin[-1])
			begin--;
		if (how != PATH_OUTSIDE || end != names + size)
			*out++ = '/';
		if (strcmp(begin, "/"))
			out = stpcpy(out, begin);
		end = begin;
	}
	*out = '\0';
}

static void record_exec(const struct event *event, struct event_texts *texts, struct audit_record *record)
{
	record->event = AUDIT_EXEC;
	record->path = texts->path;
	if (event->flags & EVENT_INTERPRETER) {
		record->path = event->script_size ? (const char *)(event + 1) : NULL;
		record->interpreter = texts->path;
	}
}

static const char *address_text(const struct event_connect *connect, char *buf, size_t size)
{
	const __u64 address[2] = {htobe64(connect->high), htobe64(connect->low)};

	if (verdict_is_ipv4(verdict_ipv6(connect->high, connect->low)))
		return inet_ntop(AF_INET, (const char *)address + 12, buf, size);
	return inet_ntop(AF_INET6, address, buf, size);
}

static void record_connect(const struct event *event, struct event_texts *texts, struct audit_record *record)
{
	const struct event_connect *connect = &event->connect;

	record->event = AUDIT_CONNECT;
	record->protocol = family_name(connect->family, connect->type, connect->protocol, texts->protocol);
	if (event->flags & EVENT_ADDRESS) {
		record->address = address_text(connect, texts->address, sizeof(texts->address));
		record->port = connect->port;
	}
}

static const enum identity_kind identity_kinds[] = {
	[EVENT_UID] = IDENTITY_UID,
	[EVENT_GID] = IDENTITY_GID,
	[EVENT_GROUP] = IDENTITY_GROUP,
	[EVENT_SETID] = IDENTITY_SETID,
};

static void record_identity(const struct event *event, struct event_texts *texts, struct audit_record *record)
{
	record->event = AUDIT_IDENTITY;
	record->kind = identity_kinds[event->identity.kind % EVENT_IDENTITIES];
	record->from = event->identity.from;
	record->to = event->identity.to;
	record->path = event->path_size ? texts->path : NULL;
}

static const char *const attempts[] = {
	[ATTEMPT_BPF] = "refused: a call of bpf()",
	[ATTEMPT_SIGNAL] = "refused: a signal to the guard",
	[ATTEMPT_TRACE] = "refused: to look into the guard, or to trace or write into a task outside",
	[ATTEMPT_LIMIT] = "refused: to limit the guard, or to change how it is scheduled",
	[ATTEMPT_PINS] = "refused: to take the pins away, or to unmount or cover a bpffs",
	[ATTEMPT_MOUNT] = "refused: to mount a file system that has the kernel start programs outside",
	[ATTEMPT_KERNEL] = "refused: to change the kernel, by a module, kexec, its memory or the like",
	[ATTEMPT_SETTING] =
		"refused: a sysctl that has the kernel start programs outside, or turns the LSM programs off",
};

_Static_assert(sizeof(attempts) / sizeof(*attempts) == ATTEMPTS, "words for each enum event_attempt");

static void record_attempt(const struct event *event, struct event_texts *texts, struct audit_record *record)
{
	(void)texts;
	record->event = AUDIT_POSTURE;
	record->exe = NULL;
	record->reason = attempts[event->attempt % ATTEMPTS];
}

static void (*const record_kind[])(const struct event *event, struct event_texts *texts,
				   struct audit_record *record) = {
	[EVENT_EXEC] = record_exec,
	[EVENT_CONNECT] = record_connect,
	[EVENT_IDENTITY] = record_identity,
	[EVENT_ATTEMPT] = record_attempt,
};

_Static_assert(sizeof(record_kind) / sizeof(*record_kind) == EVENT_KINDS, "a record for each enum event_kind");

void event_record(const struct event *event, int64_t realtime, struct event_texts *texts, struct audit_record *record)
{
	const char *path = (const char *)(event + 1) + event->script_size;

	join(path, event->path_size, event->path_end, texts->path);
	join(path + event->path_size, event->exe_size, event->exe_end, texts->exe);
	*record = (struct audit_record){
		.time = event->time + realtime,
		.seq = event->seq,
		.rule = event->rule,
		.enforced = event->flags & EVENT_ENFORCED,
		.pid = event->pid,
		.ppid = event->ppid,
		.uid = event->uid,
		.gid = event->gid,
		.comm = event->comm,
		.exe = texts->exe,
		.reason = why_not[event->judged],
	};
	record_kind[event->kind](event, texts, record);
}
