/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The audit stream: the one exporter, fed by both modes. One JSON object a line, as policy/audit.schema.json
 * says. Writing never blocks and never fails towards the caller: what the sink does not take at once is kept
 * in a bounded buffer, and what does not fit there is counted and reported by a "lost" record.
 */
#ifndef MANTLET_AUDIT_H
#define MANTLET_AUDIT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "fault.h"

enum audit_event {
	AUDIT_EXEC,
	AUDIT_CONNECT,
	AUDIT_IDENTITY,
	AUDIT_START,
	AUDIT_STOP,
	AUDIT_RELOAD, /* a policy file was read again: the new generation, or in reason why the old one stays */
	AUDIT_POSTURE, /* what is enforced, and what is not, changed: reason says how. With a pid: that task tried to */
	AUDIT_LOST,
	AUDIT_EVENTS,
};

/* identity: what changed. Of several ids that one call changes, the record is of the first that is refused, in the
 * order real, effective, saved, file system. */
enum identity_kind { IDENTITY_UID, IDENTITY_GID, IDENTITY_GROUP, IDENTITY_SETID, IDENTITY_KINDS };

/* Where records come from: constant for one domain under one generation of its policy. Strings are not
 * copied and must outlive their use. */
struct audit_origin {
	const char *mode; /* "lsm" | "seccomp" */
	uint64_t domain;
	const char *domain_name;
	const char *policy;
	uint32_t generation;
};

/* What enforces a part of the policy: "filter", "supervisor", "no_new_privs", "Landlock", "kernel", "nothing", or several. */
struct audit_enforcer {
	const char *part, *by;
};

/* One record. Strings end in NUL, may hold any other byte, and are borrowed for the call; NULL: left out. */
struct audit_record {
	enum audit_event event;
	uint64_t time;   /* CLOCK_REALTIME in ns; 0: now */
	uint64_t seq;    /* the domain's own count of events, from 1, without a gap unless records were lost */
	uint32_t rule;   /* exec, connect, identity: the deciding rule, RULE_DENY included */
	bool enforced;   /* the operation was refused */
	pid_t pid, ppid; /* thread group ids; 0: left out */
	uid_t uid;
	gid_t gid;
	const char *comm, *exe;
	const char *path;        /* exec: the program that was judged; of an interpreter: the script, as named;
				  * identity by IDENTITY_SETID: the program */
	const char *interpreter; /* exec: the interpreter, if that is what was judged */
	const char *address;     /* connect: "192.0.2.7", "2001:db8::1"; IPv4-mapped is IPv4; NULL: it has none */
	uint16_t port;           /* connect, if there is an address; in the machine's byte order */
	const char *protocol;    /* connect: "tcp", "udp"; of a door that has no address: "raw", "packet", … */
	enum identity_kind kind; /* identity */
	uint32_t from, to;       /* identity: the id before, and the one that was asked for */
	const char *reason;      /* why, in words, where the rule's name does not tell */
	char *const *command;    /* start: argv */
	const struct audit_enforcer *enforcers; /* start: ends with a part NULL; NULL: not told */
	int status;                             /* stop: as from waitpid() */
	uint64_t denied;                        /* stop: denials so far, reported or not */
	uint64_t lost;                          /* lost, stop: records that were not written */
	uint64_t first, last; /* lost: they lacked among the numbers from first to last; 0: numbers are not known */
};

struct audit;

/* sink: NULL for standard error, else a file to append to. -errno: see fault. */
int audit_open(const char *sink, struct audit **out, struct fault *fault);

/* Never blocks. */
void audit_write(struct audit *audit, const struct audit_origin *origin, const struct audit_record *record);

/* Calls line() with every record that is kept for the sink: JSON and a line break. One listener. */
void audit_listen(struct audit *audit, void (*line)(void *ctx, const char *text, size_t len), void *ctx);

/* A descriptor to poll for POLLOUT while audit_pending(), then call audit_flush(). */
int audit_fd(const struct audit *audit);
bool audit_pending(const struct audit *audit);
void audit_flush(struct audit *audit);

/* Records that were lost since the audit was opened. */
uint64_t audit_lost(const struct audit *audit);

/* Writes what is left, waiting at most timeout_ms for the sink. NULL is allowed. */
void audit_close(struct audit *audit, int timeout_ms);

#endif
