/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The line between the kernel's programs (bpf/) and their loader: the maps, and what stands in them. Both
 * sides are built from one tree and are never mixed, so there is a version to refuse by, and no conversion.
 *
 *   tasks      task -> the slot of its domain, in pages, by the number that the first pid namespace gives it. A task
 *              without one is not our business. The first task of a domain puts itself there (domain_enter), before
 *              it forks; whoever is born gets that of the task that made it, or what the last task of that number
 *              left there would be its own.
 *   domains    slot -> struct domain, shared memory of kernel and loader. Storing another policy's number in it puts
 *              the domain under that policy.
 *   guardian   the one who guards, a process that the domains' tasks cannot harm. It puts itself there (guard_enter).
 *   hosts      0 -> struct host.
 *   cgroups    id of a container's cgroup -> the slot of its domain. The kernel puts it there and takes it away.
 *   unlisted   marks, in pages, by the id of a cgroup modulo their number: of containers for which `cgroups` had no room.
 *              They and any other cgroup that has the same mark are in the domain CLOSED_SLOT. No mark goes away.
 *   slots      queue of the slots that are free.
 *   catalog    policy -> struct catalog. The programs do not read it; it outlives its loader.
 *   classes    what rule N of the image CLASS_POLICY leads to: exec.allow[N] of it, a pattern for paths of cgroups, is
 *              for policy classes[N], or, if the image's generation is odd, classes[POLICY_SLOTS + N]: so that both
 *              change in one step.
 *   policies   policy -> the policy image, an array map of its own of struct image_page. Swapped whole, in
 *              one update, for all its domains. In the map, word IMAGE_GENERATION of cell IMAGE_FLAGS holds the
 *              generation, so that it cannot be read apart from the image. No image: everything is denied.
 *   counts     slot -> struct domain_counts, shared memory of kernel and loader: change it atomically.
 *   events     ring buffer of struct event. What does not fit is counted, not waited for.
 */
#ifndef MANTLET_BPF_EVENT_H
#define MANTLET_BPF_EVENT_H

#ifndef __bpf__
#include <linux/types.h>
#endif

/* Grows by one with every change of this file that changes a layout or a meaning. */
#define EVENT_VERSION 10

#define DOMAIN_SLOTS 4096                /* domains at the same time */
#define POLICY_SLOTS 1024                /* policies at the same time */
#define EVENTS_SIZE (1u << 20)           /* bytes in the ring buffer: about 900 events */
#define EVENTS_ALLOWED (EVENTS_SIZE / 2) /* with more than that in the ring, what was allowed is not told */
#define IMAGE_GENERATION 1               /* word of the cell IMAGE_FLAGS */
#define CLOSED_SLOT (DOMAIN_SLOTS - 2)   /* of containers that found no slot: no policy, so everything is refused */
#define CLOSED_DOMAIN (~0ull - 1)
#define CLASS_POLICY (POLICY_SLOTS - 2)
#define CLOSED_POLICY (POLICY_SLOTS - 3) /* never has an image */
#define OPEN_POLICY (POLICY_SLOTS - 4)   /* restricts nothing */
#define TASK_ENTERING 0x8000 /* in an entry of `tasks`: not judged before its first exec that is the container's */
#define TASK_FOUND 0x10000   /* in what container_sweep tells of a task: it was in no domain before */
#define CGROUPS_MAX (4 * DOMAIN_SLOTS) /* containers that live at the same time, with those that found no slot */
#define UNLISTED_PAGE 4096             /* marks of a page of `unlisted`, */
#define UNLISTED_PAGES 64              /* and its pages */
#define TASKS_PAGE 2048                /* tasks of a page of `tasks`, */
#define TASKS_PAGES 2048 /* which are as many as there are pids on a 64-bit machine (PID_MAX_LIMIT): 8 MB */

/*
 * What `mantlet run` asks the kernel: prctl(STANDDOWN_OPTION, 0, 0, 0, 0). A task in a domain whose policy is enforced gets
 * STANDDOWN_ERRNO; any other gets EINVAL, as of every option that the kernel does not know. (A program cannot answer
 * with success: 0 from it means that it has no opinion.)
 */
#define STANDDOWN_OPTION 0x4d4e5444
#define STANDDOWN_ERRNO 76 /* ENOTUNIQ, which nothing else says to prctl() */

/* A place that no path goes above: the kernel's addresses of a mount and of a directory in it. They are
 * compared, never followed. Whoever makes the domain keeps that directory open (or as its own root) for as
 * long as the domain lives, or the kernel could give the addresses to something else. */
struct domain_root {
	__u64 mount;
	__u64 dentry;
};

struct tasks_page {
	__u16 domain[TASKS_PAGE]; /* slot + 1; 0: in none */
};

struct unlisted_page {
	__u8 mark[UNLISTED_PAGE];
};

struct domain {
	__u64 id;     /* as in the audit; 0: nobody's. Of a container: stored when its cgroup is in `cgroups` */
	__u32 slot;   /* its own, and in counts */
	__u32 policy; /* in policies */
	__u32 reserved;
	__u32 zero;              /* 0, which the verifier does not know: see decide.h */
	struct domain_root root; /* the container's; {0}: taken from the task at its first exec or fork */
	__u64 user_ns; /* likewise, with the root: the kernel's address; 0: the first one, or not yet taken */
	__u64 start; /* in ns since 1970 by CLOCK_REALTIME_COARSE, which is the clock of files; 0: before all files. Of a
		      * container its birth, or that of the oldest of its tasks if it was there before the programs */
};

struct guardian {
	__u64 start;   /* of its process, as the kernel counts; numbers are used again */
	__u64 signals; /* 1 << (number - 1): what tasks of domains may send it all the same; it hands them on */
	__u32 tgid;    /* in the first pid namespace; 0: nobody guards */
	__u32 reserved;
};

/* Of all domains together. */
struct host {
	__u32 version;  /* EVENT_VERSION */
	__u32 live;     /* containers become domains; else the cgroup programs do nothing */
	__u64 build;    /* which programs are attached */
	__u64 root;     /* the directory that is the first process's root; compared, never followed */
	__u64 births;   /* domains made of new cgroups */
	__u64 closed;   /* those of them that found no slot */
	__s64 clock;    /* CLOCK_REALTIME is CLOCK_MONOTONIC and that, in ns; the loader keeps it */
	__u32 zero;     /* see struct domain */
	__u32 unlisted; /* containers that found no room in `cgroups` */
	__u64 reserved;
};

/* Of one policy. */
struct catalog {
	char file[256]; /* in the directory of policies; empty: none */
	char name[120]; /* as in the policy; it may be cut */
	__u64 reserved;
};

/* Of one domain. A line of a CPU's cache, so that domains do not slow each other down. */
struct domain_counts {
	__u64 seq;       /* number of the last event; taken before it is known whether it can be written */
	__u64 denied;    /* denials, or in audit mode what would have been denied */
	__u64 lost_ring; /* events that found the ring buffer full */
	__u64 lost_room; /* events of what was allowed that would have taken room from denials: see EVENTS_ALLOWED */
	__u64 forks;     /* tasks that were made by its tasks */
	__u64 lost_said; /* of lost_ring and lost_room, what is in the audit: the loader's own, as are: */
	__u64 received;  /* the events that it read, */
	__u64 newest;    /* and the highest number that it read or told of */
};

enum event_kind {
	EVENT_EXEC = 1,
	EVENT_CONNECT,
	EVENT_IDENTITY,
	EVENT_ATTEMPT, /* on those who guard; without texts */
	EVENT_KINDS,
};

enum event_flags {
	EVENT_ENFORCED = 1 << 0,    /* the operation was refused; never without RULE_DENY in the rule */
	EVENT_INTERPRETER = 1 << 1, /* the program judged is the interpreter of a script */
	EVENT_SCRIPT_CUT = 1 << 2,  /* the script's name was longer, and lacks its end */
	EVENT_ADDRESS = 1 << 3,     /* connect has an address; else the socket itself was judged */
};

/* How the walk along a path ended, or the reading of what else is judged. Only what is whole is judged. */
enum path_end {
	PATH_GOING, /* not at all: too many components, or they kept moving; of a text: no room, it lacks its beginning */
	PATH_WHOLE,      /* at the container's root */
	PATH_OUTSIDE,    /* at the end of another file system or namespace: a private one, memfd, a detached mount */
	PATH_DELETED,    /* there is none: the file's name was removed, or it never had one */
	PATH_NO_POLICY,  /* it was not begun: nothing in the domain's slot */
	PATH_NO_ADDRESS, /* no path: the address is short, not of the socket's family, or behind a source route */
	PATH_NO_ID, /* no path: the id has no number in the container's user namespace, or none that can be found */
	PATH_SWAPPABLE, /* it is whole, but the interpreter would read what another thread has put in its place */
	PATH_ENDS,
};

/* What EVENT_CONNECT was asked about. */
struct event_connect {
	__u64 high, low;              /* the address, as struct verdict_address; IPv4 is IPv4-mapped */
	__u16 port;                   /* in the machine's byte order, e.g. 443 */
	__u16 family, type, protocol; /* of the socket, as in socket(2); e.g. AF_INET, SOCK_STREAM, IPPROTO_TCP */
};

/* What EVENT_IDENTITY was asked about. Ids are those that the container sees. */
struct event_identity {
	__u32 kind;     /* enum event_identity_kind */
	__u32 from, to; /* a group that is added has no `from`: 0 */
	__u32 reserved[3];
};

enum event_identity_kind { EVENT_UID, EVENT_GID, EVENT_GROUP, EVENT_SETID, EVENT_IDENTITIES };

/* What EVENT_ATTEMPT was: bpf/protect.h tells which calls. */
enum event_attempt {
	ATTEMPT_BPF,
	ATTEMPT_SIGNAL,
	ATTEMPT_TRACE,
	ATTEMPT_LIMIT,
	ATTEMPT_PINS,
	ATTEMPT_MOUNT,
	ATTEMPT_KERNEL,
	ATTEMPT_SETTING,
	ATTEMPTS,
};

/*
 * One denial, or what the policy wants told ("log": "all"). It is followed by its texts, without anything
 * between them:
 *
 *   script   what the caller asked to run, as it named it; only with EVENT_INTERPRETER. Ends in NUL.
 *   path     the file that was judged, if one was: its components from the last to the first, each with a NUL behind
 *   exe      the program that the caller runs, likewise; e.g. bash\0bin\0usr\0
 */
struct event {
	__u64 time;   /* CLOCK_MONOTONIC in ns; an event may be read long after it happened */
	__u64 domain; /* domain.id: slots are used again */
	__u64 seq;    /* the domain's own count, from 1: a gap is a lost event. 0: an old kernel gave none (old.h) */
	__u32 generation; /* of the image that decided: it may have been replaced since */
	__u32 rule;       /* the deciding rule, image.h */
	__u32 pid;        /* thread group, in the first pid namespace: what the host's ps shows */
	__u32 ppid;       /* of the real parent, likewise; a tracer does not count */
	__u32 uid;        /* real, in the first user namespace */
	__u32 gid;
	__u32 text_size; /* of all three texts; while the event is written, of those that are there */
	__u16 script_size, path_size, exe_size;
	__u8 version;           /* EVENT_VERSION */
	__u8 kind;              /* enum event_kind */
	__u8 flags;             /* enum event_flags */
	__u8 judged;            /* enum path_end of the walk that decided */
	__u8 path_end, exe_end; /* enum path_end of the texts */
	char comm[16];          /* of the thread; any bytes, NUL behind the last */
	union {                 /* by kind */
		struct event_connect connect;
		struct event_identity identity;
		__u32 attempt; /* enum event_attempt */
	};
};

/* Room for an event's texts. A ring buffer's slot has a fixed size: most paths are short, a few are not. */
#define EVENT_TEXT_SMALL 704
#define EVENT_TEXT_LARGE (3 * 4096)
#define EVENT_SCRIPT_SMALL 256
#define EVENT_SCRIPT_LARGE 4096
#define EVENT_NAME 256 /* one component: NAME_MAX and a NUL */

_Static_assert(sizeof(struct domain) == 56, "both sides agree on struct domain");
_Static_assert(sizeof(struct domain_counts) == 64, "both sides agree on struct domain_counts");
_Static_assert(sizeof(struct host) == 64, "both sides agree on struct host");
_Static_assert(sizeof(struct catalog) == 384, "both sides agree on struct catalog");
_Static_assert(sizeof(struct event) == 104, "both sides agree on struct event");

#endif
