/* SPDX-License-Identifier: BSD-2-Clause */
#include "audit.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "policy/policy.h"
#include "policy/utf8.h"

#define RECORD_VERSION 1 /* "v": grows when a key changes its meaning or goes; new keys do not count */
#define BUFFER_MAX (1u << 20)
#define COMMAND_MAX 32768 /* bytes of a command's arguments that its start record has */

struct audit {
	int fd;
	bool is_socket; /* send() can be told not to block; write() on our own open description, too */
	bool may_block; /* the description is shared: ask poll(), and write no more than a pipe takes at once
			 */
	bool stalled;   /* it takes nothing now, whatever poll() says (a full disk): tried again at the next record */
	bool broken;    /* the sink is gone for good */
	char host[HOST_NAME_MAX + 1];
	char *buffer; /* BUFFER_MAX bytes, whole lines but for the first, of which a part may have been
			 written */
	size_t used;
	uint64_t lost;        /* in all */
	uint64_t lost_unsaid; /* not yet in a "lost" record */
	struct audit_origin lost_origin;
	void (*line)(void *ctx, const char *text, size_t len);
	void *line_ctx;
};

static const char *const event_names[] = {
	[AUDIT_EXEC] = "exec", [AUDIT_CONNECT] = "connect", [AUDIT_IDENTITY] = "identity", [AUDIT_START] = "start",
	[AUDIT_STOP] = "stop", [AUDIT_RELOAD] = "reload",   [AUDIT_POSTURE] = "posture",   [AUDIT_LOST] = "lost",
};
_Static_assert(sizeof(event_names) / sizeof(*event_names) == AUDIT_EVENTS, "every event has a name");

static const char *const kind_names[] = {
	[IDENTITY_UID] = "uid",
	[IDENTITY_GID] = "gid",
	[IDENTITY_GROUP] = "group",
	[IDENTITY_SETID] = "setid_exec",
};
_Static_assert(sizeof(kind_names) / sizeof(*kind_names) == IDENTITY_KINDS, "every kind has a name");

/* The sink is usually a descriptor that the application has too: O_NONBLOCK would change it for both. So it
 * is opened anew, which gives a description of our own; where that cannot be done (a socket, a pipe of
 * another user) writing is made safe otherwise. A regular file never blocks, and is shared, since two
 * descriptions would each have an offset and write over one another. */
static int own_description(struct audit *audit, int fd)
{
	char path[64];
	struct stat st;
	int own;

	if (!fstat(fd, &st) && S_ISREG(st.st_mode))
		return fcntl(fd, F_DUPFD_CLOEXEC, 3);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	own = open(path, O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (own >= 0)
		return own;
	audit->is_socket = S_ISSOCK(st.st_mode);
	audit->may_block = !audit->is_socket;
	return fcntl(fd, F_DUPFD_CLOEXEC, 3);
}

int audit_open(const char *sink, struct audit **out, struct fault *fault)
{
	struct audit *audit = calloc(1, sizeof(*audit));

	if (audit)
		audit->buffer = malloc(BUFFER_MAX);
	if (!audit || !audit->buffer) {
		free(audit);
		return fault_set(fault, ENOMEM, "out of memory");
	}
	audit->fd = sink ? open(sink, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0640)
			 : own_description(audit, STDERR_FILENO);
	if (audit->fd < 0) {
		int r = fault_set(fault, errno, "cannot write the audit to %s: %s; name another file with -o",
				  sink ? sink : "standard error", strerror(errno));

		free(audit->buffer);
		free(audit);
		return r;
	}
	gethostname(audit->host, sizeof(audit->host) - 1);
	*out = audit;
	return 0;
}

/* Any bytes as a JSON string. A byte that is no UTF-8 becomes \xHH, and so does a backslash, so that the
 * bytes can be had back; json-c escapes the rest. */
static struct json_object *json_bytes(const char *bytes)
{
	size_t len = strlen(bytes), at = 0;
	char *text = malloc(4 * len + 1);
	struct json_object *string;

	if (!text)
		return NULL;
	for (size_t i = 0, n; i < len; i += n ? n : 1) {
		n = utf8_length(bytes + i, len - i);
		if (!n || bytes[i] == '\\')
			at += sprintf(text + at, "\\x%02x", (unsigned char)bytes[i]);
		else
			memcpy(text + at, bytes + i, n), at += n;
	}
	string = json_object_new_string_len(text, at);
	free(text);
	return string;
}

static void add_string(struct json_object *object, const char *key, const char *value)
{
	if (value)
		json_object_object_add(object, key, json_bytes(value));
}

static void add_number(struct json_object *object, const char *key, uint64_t value)
{
	json_object_object_add(object, key, json_object_new_uint64(value));
}

static void add_time(struct json_object *object, uint64_t ns)
{
	char text[64], fraction[32];
	struct timespec now;
	struct tm tm;
	time_t seconds;

	if (!ns) {
		clock_gettime(CLOCK_REALTIME, &now);
		ns = now.tv_sec * 1000000000ull + now.tv_nsec;
	}
	seconds = ns / 1000000000;
	gmtime_r(&seconds, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(fraction, sizeof(fraction), ".%09uZ", (unsigned int)(ns % 1000000000));
	strncat(text, fraction, sizeof(text) - strlen(text) - 1);
	json_object_object_add(object, "time", json_object_new_string(text));
}

static void add_task(struct json_object *object, const struct audit_record *record)
{
	if (!record->pid)
		return;
	add_number(object, "pid", record->pid);
	add_number(object, "ppid", record->ppid);
	add_number(object, "uid", record->uid);
	add_number(object, "gid", record->gid);
	add_string(object, "comm", record->comm);
	add_string(object, "exe", record->exe);
}

static void add_verdict(struct json_object *object, const struct audit_record *record)
{
	char name[POLICY_RULE_NAME_MAX];

	add_string(object, "verdict", record->rule & RULE_DENY ? "deny" : "allow");
	json_object_object_add(object, "enforced", json_object_new_boolean(record->enforced));
	add_string(object, "rule", policy_rule_name(record->rule, name));
	add_task(object, record);
}

static void add_exec(struct json_object *object, const struct audit_record *record)
{
	add_verdict(object, record);
	add_string(object, "path", record->path);
	add_string(object, "interpreter", record->interpreter);
}

static void add_connect(struct json_object *object, const struct audit_record *record)
{
	add_verdict(object, record);
	add_string(object, "address", record->address);
	if (record->address)
		add_number(object, "port", record->port);
	add_string(object, "protocol", record->protocol);
}

static void add_identity(struct json_object *object, const struct audit_record *record)
{
	add_verdict(object, record);
	add_string(object, "kind", kind_names[record->kind]);
	add_number(object, "from", record->from);
	add_number(object, "to", record->to);
	add_string(object, "path", record->path);
}

/* Of a task that tried something against the guard; else it is of nobody. */
static void add_attempt(struct json_object *object, const struct audit_record *record)
{
	if (!record->pid)
		return;
	add_string(object, "verdict", "deny");
	json_object_object_add(object, "enforced", json_object_new_boolean(record->enforced));
	add_task(object, record);
}

static void add_enforcers(struct json_object *object, const struct audit_enforcer *enforcers)
{
	struct json_object *parts;

	if (!enforcers)
		return;
	parts = json_object_new_object();
	for (; enforcers->part; enforcers++)
		add_string(parts, enforcers->part, enforcers->by);
	json_object_object_add(object, "enforced_by", parts);
}

static void add_start(struct json_object *object, const struct audit_record *record)
{
	struct json_object *command = json_object_new_array();
	size_t left = COMMAND_MAX;

	add_task(object, record);
	for (char *const *arg = record->command; arg && *arg; arg++) {
		if (strlen(*arg) > left) {
			json_object_object_add(object, "truncated", json_object_new_boolean(true));
			break;
		}
		left -= strlen(*arg);
		json_object_array_add(command, json_bytes(*arg));
	}
	json_object_object_add(object, "command", command);
	add_enforcers(object, record->enforcers);
}

static void add_stop(struct json_object *object, const struct audit_record *record)
{
	add_number(object, "pid", record->pid);
	if (WIFSIGNALED(record->status))
		add_number(object, "signal", WTERMSIG(record->status));
	else
		add_number(object, "exit", WEXITSTATUS(record->status));
	add_number(object, "denied", record->denied);
	add_number(object, "lost", record->lost);
}

static void add_lost(struct json_object *object, const struct audit_record *record)
{
	add_number(object, "lost", record->lost);
	if (!record->first)
		return;
	add_number(object, "first", record->first);
	add_number(object, "last", record->last);
}

static struct json_object *record_object(const struct audit *audit, const struct audit_origin *origin,
					 const struct audit_record *record)
{
	struct json_object *object = json_object_new_object(), *domain = json_object_new_object();

	add_number(object, "v", RECORD_VERSION);
	add_time(object, record->time);
	add_string(object, "host", audit->host);
	add_string(object, "mode", origin->mode);
	add_number(domain, "id", origin->domain);
	add_string(domain, "name", origin->domain_name);
	json_object_object_add(object, "domain", domain);
	add_string(object, "policy", origin->policy);
	add_number(object, "generation", origin->generation);
	if (record->seq)
		add_number(object, "seq", record->seq);
	add_string(object, "event", event_names[record->event]);
	switch (record->event) {
	case AUDIT_EXEC:
		add_exec(object, record);
		break;
	case AUDIT_CONNECT:
		add_connect(object, record);
		break;
	case AUDIT_IDENTITY:
		add_identity(object, record);
		break;
	case AUDIT_POSTURE:
		add_attempt(object, record);
		break;
	case AUDIT_RELOAD:
		break;
	case AUDIT_START:
		add_start(object, record);
		break;
	case AUDIT_STOP:
		add_stop(object, record);
		break;
	default:
		add_lost(object, record);
	}
	add_string(object, "reason", record->reason);
	return object;
}

static bool append_record(struct audit *audit, const struct audit_origin *origin, const struct audit_record *record)
{
	struct json_object *object = record_object(audit, origin, record);
	const char *text =
		json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
	size_t len = text ? strlen(text) : 0;
	bool fits = len && !audit->broken && audit->used + len + 1 <= BUFFER_MAX;

	if (fits) {
		memcpy(audit->buffer + audit->used, text, len);
		audit->buffer[audit->used + len] = '\n';
		audit->used += len + 1;
		if (audit->line)
			audit->line(audit->line_ctx, audit->buffer + audit->used - len - 1, len + 1);
	}
	json_object_put(object);
	return fits;
}

static void append_lost(struct audit *audit)
{
	struct audit_record record = {.event = AUDIT_LOST,
				      .lost = audit->lost_unsaid,
				      .reason = "the audit sink did not take them in time"};

	if (audit->lost_unsaid && append_record(audit, &audit->lost_origin, &record))
		audit->lost_unsaid = 0;
}

void audit_listen(struct audit *audit, void (*line)(void *ctx, const char *text, size_t len), void *ctx)
{
	audit->line = line;
	audit->line_ctx = ctx;
}

void audit_write(struct audit *audit, const struct audit_origin *origin, const struct audit_record *record)
{
	append_lost(audit);
	if (audit->lost_unsaid || !append_record(audit, origin, record)) {
		audit->lost++;
		audit->lost_unsaid++;
		audit->lost_origin = *origin;
	}
	audit_flush(audit);
}

static ssize_t write_some(struct audit *audit)
{
	struct pollfd ready = {.fd = audit->fd, .events = POLLOUT};
	size_t len = audit->used;

	if (audit->is_socket)
		return send(audit->fd, audit->buffer, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (audit->may_block) {
		if (poll(&ready, 1, 0) <= 0) {
			errno = EAGAIN;
			return -1;
		}
		len = len < PIPE_BUF ? len : PIPE_BUF;
	}
	return write(audit->fd, audit->buffer, len);
}

void audit_flush(struct audit *audit)
{
	while (audit->used && !audit->broken) {
		ssize_t n = write_some(audit);

		if (n < 0 && errno == EINTR)
			continue;
		/* a full disk may be emptied again; nobody comes back to a closed pipe */
		if (n < 0 && (errno == EPIPE || errno == ECONNRESET || errno == EBADF || errno == EIO))
			audit->broken = true;
		audit->stalled = n < 0 && errno != EAGAIN;
		if (n <= 0)
			return;
		memmove(audit->buffer, audit->buffer + n, audit->used - n);
		audit->used -= n;
	}
	if (!audit->used && audit->lost_unsaid && !audit->broken)
		append_lost(audit);
}

int audit_fd(const struct audit *audit)
{
	return audit->fd;
}

bool audit_pending(const struct audit *audit)
{
	return audit->used && !audit->broken && !audit->stalled;
}

uint64_t audit_lost(const struct audit *audit)
{
	return audit->lost;
}

void audit_close(struct audit *audit, int timeout_ms)
{
	struct pollfd ready;

	if (!audit)
		return;
	ready = (struct pollfd){.fd = audit->fd, .events = POLLOUT};
	for (audit_flush(audit); audit_pending(audit) && timeout_ms > 0; audit_flush(audit)) {
		poll(&ready, 1, 10);
		timeout_ms -= 10;
	}
	close(audit->fd);
	free(audit->buffer);
	free(audit);
}
