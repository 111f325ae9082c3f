/* SPDX-License-Identifier: BSD-2-Clause */
#include "event.h"

#include <string.h>

static const char *const why_not[] = {
	[PATH_GOING] = "the file lies too deep, or was being moved",
	[PATH_WHOLE] = NULL,
	[PATH_OUTSIDE] = "the file is not under the container's root",
	[PATH_DELETED] = "the file was deleted, or never had a name",
	[PATH_NO_POLICY] = "the domain has no policy",
};

_Static_assert(sizeof(why_not) / sizeof(*why_not) == PATH_ENDS, "a reason for each enum path_end");

bool event_check(const void *data, size_t size)
{
	const struct event *event = data;

	return size >= sizeof(*event) && event->version == EVENT_VERSION && event->kind == EVENT_EXEC &&
	       event->judged < PATH_ENDS && event->text_size <= size - sizeof(*event) &&
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

void event_record(const struct event *event, int64_t realtime, struct event_texts *texts, struct audit_record *record)
{
	const char *text = (const char *)(event + 1), *path = text + event->script_size;

	join(path, event->path_size, event->path_end, texts->path);
	join(path + event->path_size, event->exe_size, event->exe_end, texts->exe);
	*record = (struct audit_record){
		.event = AUDIT_EXEC,
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
		.path = texts->path,
		.reason = why_not[event->judged],
	};
	if (event->flags & EVENT_INTERPRETER) {
		record->path = event->script_size ? text : NULL;
		record->interpreter = texts->path;
	}
}
