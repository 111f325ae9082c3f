/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of techniques: ways to have an effect that a policy forbids. Each is tried in a child of its own, with an
 * aim at what is forbidden and with one at what is allowed, and is judged by its effect alone: a program that ran, a
 * packet that arrived, an id that some task has. What the calls returned does not matter.
 *
 * A technique does what it can and returns, or calls need() where it cannot be tried here at all.
 */
#ifndef MANTLET_TESTS_TECHNIQUE_H
#define MANTLET_TESTS_TECHNIQUE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define TECHNIQUE_CANNOT 113 /* the exit code of a child that could not try */

enum {
	PORT_ALLOWED = 4801,
	PORT_FORBIDDEN = 4802,
	SNIFFED = 0x7f000009, /* 127.0.0.9: what is sent there is counted, received or not */
	ID_ALLOWED = 54320,
	ID_FORBIDDEN = 54321, /* nobody else on the machine has it */
};

/* identity.gid is one of its own: kernels before 6.0 give LSM mode no way to enforce it, and have the rest. */
enum section {
	SECTION_EXEC,
	SECTION_CONNECT,
	SECTION_IDENTITY,
	SECTION_GID,
	SECTION_DRIFT,
	SECTION_DOMAIN,
	SECTIONS
};

/* As bits; of no names, all. */
unsigned int sections_of(char **names);

struct aim {
	bool forbidden;              /* or at what is allowed */
	const char *work;            /* a directory; all below WORK/open may be executed */
	const char *allowed, *other; /* the programs: one that may run, one that may not */
	const char *program;         /* that one of the two which this aim is at */
	struct sockaddr_in in4;      /* 127.0.0.1, and the port tells */
	struct sockaddr_in address;  /* the port is the allowed one, and the address tells */
	struct sockaddr_in6 in6;     /* ::1 */
	struct sockaddr_in6 mapped;  /* in4 as IPv6 */
	id_t id;
	pid_t guard; /* or whoever started this, without one */
};

/* What the technique does with what is allowed, under Mantlet. */
enum allowed {
	SAME,  /* it has that effect, so that it is not the technique which is forbidden */
	NEVER, /* none: the technique as such is forbidden */
	ANY,   /* that depends on the mode */
	SEEN,  /* as SAME; but a supervisor without SYS_PTRACE refuses both ($NO_SYS_PTRACE) */
};

struct technique {
	const char *name;
	void (*run)(const struct aim *aim);
	enum allowed allowed;
	/* NULL: it has no effect in that mode. Else why it has one, as the documentation's table says. */
	const char *lsm, *seccomp;
};

struct technique_list {
	enum section section;
	const struct technique *techniques;
	size_t count;
};

#define TECHNIQUE_LIST(of, array)                                                                                    \
	{                                                                                                            \
		.section = (of), .techniques = (array), .count = sizeof(array) / sizeof((array)[0])                  \
	}

extern const struct technique_list exec_names, exec_tasks, exec_places, connect_calls, connect_sockets, connect_ways,
	identity_calls, identity_gids, identity_execs, drift_files, domain_ways;

/* A file below WORK. Rotates through a few buffers. */
__attribute__((format(printf, 2, 3))) const char *in_work(const struct aim *aim, const char *format, ...);

/* Ends the child as one that could not try, for `what` and errno, if result is negative. */
void need(const char *what, long result);

/* The same, when it is true that it cannot be tried here. */
void need_not(const char *what, bool missing);

/* Appends to the effect of that aim: what a program that runs does by itself. */
void effect_leave(const struct aim *aim);

/* A copy of that file, there or in that descriptor. */
void copy_to(const char *from, const char *path);
void copy_into(const char *from, int fd);
void text_write(const char *path, const char *text, mode_t mode);
void link_make(const char *target, const char *path);
const char *fd_link(int fd);

/* A userfaultfd; negative with errno. */
int userfault_open(void);

/* Waits for a child of a technique's own, and ends as it did. */
__attribute__((noreturn)) void end_as(pid_t child);

/* Memory below 4 GiB, for calls of 32-bit tables, with that text in it. */
void *low_memory(const void *bytes, size_t size);

/* Makes another call of that which the traced task is about to make. */
void call_change(pid_t pid, long number, long a, long b, long c);

/* A call of the i386 table, by int 0x80. -1 with ENOSYS where this is no x86-64. */
long call_i386(long number, long a, long b, long c, long d, long e);
#define X32 0x40000000

/* Asks the watch, which lives outside of the domain (see watch.c). */
enum question {
	ASK_CLEAR = 'c',   /* forget what arrived; the answer is 0 */
	ASK_ALLOWED = 'a', /* how many arrived where they may */
	ASK_FORBIDDEN = 'f',
	/* it is seen where it was tried: count it there */
	ASK_ARRIVED_ALLOWED = 'A',
	ASK_ARRIVED_FORBIDDEN = 'F',
	ASK_SNIFFER = 'n', /* whether packets to SNIFFED are counted; negative if not */
	ASK_SOCKET = 's',  /* hand a TCP socket to who connected to WORK/hand */
	ASK_VICTIM = 'v',  /* the pid of a task outside of the domain that does nothing */
};
long watch_ask(const char *work, enum question question);
int watch_main(const char *work);

/* See races.c: those of these sections. only: a part of the name of those wanted, or NULL. */
int races_main(const char *work, int tries, unsigned int sections, const char *only);
int regrouped_main(const char *work);

#endif
