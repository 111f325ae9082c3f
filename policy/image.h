/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The policy image: a compiled policy as one flat array of 16-byte cells.
 *
 * It is the line between compile.c, which writes it, and verdict.h, which reads it in the kernel and in
 * userspace. There are no pointers in it: cells name each other by index, so it can be copied anywhere, and
 * an array map holds it as it is. The values of that map are pages of cells, since to look one up is most of what a
 * cell costs there, and what is read together stands together.
 *
 *   cell 0, 1   struct image_header
 *   cell 2 ...  one cell per question, enum image_layout: where its search begins
 *   then        the tables, and the states of the automatons
 *
 * An automaton reads a path BACKWARDS, from its last byte to its leading '/': a kernel hook meets the last
 * component first, and so needs no string. A state is known by its `base`. It owns the cells base + byte for
 * the bytes that lead it somewhere of its own; such a cell says so in `owner`, and is the next state. For
 * any other byte the next state is in the cell fallback + byte, or, if fallback has IMAGE_ONE_CELL set, in
 * the one cell that its other bits name. A step is therefore one look-up, or two, whatever the number of
 * rules:
 *
 *   next = cell[base + byte];  if (next.owner != base) next = cell[verdict_fallback(fallback, byte)];
 *
 * `rule` is the verdict on a path that ends in this state. It is never absent: precedence was resolved when
 * the image was compiled.
 *
 * A table divides a range of numbers (addresses, ports, ids) into intervals: its cells ascend by where they
 * begin, the first begins at 0, each goes up to where the next begins, and each ends in a rule. So a search
 * by halves finds the verdict. IPv4's addresses are numbers of 32 bits, as ids and ports are; IPv6's have a table of their
 * own. An interval of addresses may end in a table of ports; equal ones are shared. A table of many numbers of 32 bits has
 * an index: by the upper bits of a number, the part of the table to search.
 */
#ifndef MANTLET_POLICY_IMAGE_H
#define MANTLET_POLICY_IMAGE_H

#ifndef __bpf__
#include <linux/types.h>
#endif

#define IMAGE_MAGIC 0x746c6d6eu /* "nmlt" in memory on a little-endian machine */

/* Grows by one with every change of this file that an older reader would misread; there is no converter,
 * since an image never leaves the machine and the version that compiled it. */
#define IMAGE_VERSION 6u

struct image_cell {
	__u32 w[4];
};

struct image_header {
	__u32 magic;      /* IMAGE_MAGIC */
	__u32 version;    /* IMAGE_VERSION */
	__u32 cells;      /* length of the whole image in cells, header included */
	__u32 checksum;   /* CRC-32 (zlib's) of the image with this field 0 */
	__u32 flags;      /* enum image_flags */
	__u32 generation; /* of the image in a running domain; 0 as compiled: not part of what a policy means */
	__u32 states;     /* cell index: where the tables end and the automatons begin */
	__u32 reserved;
};

/* A state of an automaton, and a cell of IMAGE_EXEC and IMAGE_MOUNTS: the state before any byte. */
struct image_state {
	__u32 owner;    /* base of the state that owns this cell; 0: free */
	__u32 base;     /* cell index: where this state's own cells are counted from; or IMAGE_NO_BASE */
	__u32 fallback; /* cell index of a row of 256 cells, or IMAGE_ONE_CELL | cell index */
	__u32 rule;     /* verdict if the path ends here: a rule number */
};

/* Addresses or ids. count 0: the section is absent, nothing is restricted. */
struct image_table {
	__u32 first; /* cell index */
	__u32 count; /* intervals */
	__u32 index; /* cell index of its struct image_part, one behind the other; 0: there is no index */
	__u32 parts; /* how many, minus 1, << IMAGE_PARTS | IMAGE_NEAR | by how many bits to the right a number becomes the
		      * number of its part */
};

/* The intervals that the numbers of a part are in. The last part is of all greater numbers, too. */
struct image_part {
	__u32 first; /* cell index */
	__u32 count;
	__u32 reserved[2];
};

/* An interval of IPv6 addresses; the IPv4-mapped ones are not looked for here. Of the two cells of one, first + i and
 * first + count + i, this is the former: all beginnings stand together for the search. */
struct image_address {
	__u64 high, low; /* where it begins, in the machine's byte order */
};

/* An interval of IPv4 addresses, ports or ids, or what an interval of IPv6 addresses leads to. */
struct image_interval {
	__u32 begin;       /* 0 behind an IPv6 address */
	__u32 rule;        /* the verdict; not read where ports_count is not 0 */
	__u32 ports_first; /* of an address only: its table of ports, if it makes a difference there */
	__u32 ports_count;
};

enum image_flags {
	IMAGE_ENFORCE = 1 << 0,     /* "mode": "enforce"; without it verdicts are reported, never enforced */
	IMAGE_LOG_ALL = 1 << 1,     /* "log": "all": what is allowed is reported, too */
	IMAGE_DRIFT_AUDIT = 1 << 2, /* "drift": "audit": reported, not enforced */
	IMAGE_DRIFT_DENY = 1 << 3,  /* "drift": "deny" */
	IMAGE_SETID_DENY = 1 << 4,  /* "setid_exec": "deny" */
	IMAGE_FAMILIES = 1 << 5,    /* connect restricts something: other doors out of the container are shut */
};

enum image_layout {
	IMAGE_FLAGS = 1,  /* the cell that begins with header.flags */
	IMAGE_EXEC = 2,   /* struct image_state: programs by path */
	IMAGE_MOUNTS = 3, /* struct image_state: trusted mounts by mount point */
	IMAGE_TCP = 4,    /* struct image_table: IPv4 addresses */
	IMAGE_UDP = 5,
	IMAGE_IPV6 = 2, /* from there to the table of the IPv6 addresses of the same protocol */
	IMAGE_TCP6 = IMAGE_TCP + IMAGE_IPV6,
	IMAGE_UDP6 = IMAGE_UDP + IMAGE_IPV6,
	IMAGE_UID = 8, /* struct image_table: ids */
	IMAGE_GID = 9,
	IMAGE_HEAD = 16, /* the first cell of the rest */
	IMAGE_ROW = 256,
	IMAGE_PAGE = 4096, /* cells of a page: a power of two */
};

/* A value of the map that holds an image in the kernel. What the last one has behind the image is never asked for. */
struct image_page {
	struct image_cell cell[IMAGE_PAGE];
};

#define IMAGE_PARTS 8
#define IMAGE_NEAR 128u           /* the table and its index are in one page */
#define IMAGE_NO_BASE (~0u - 255) /* the base of a state without cells: base + byte is in no image */
#define IMAGE_ONE_CELL (1u << 31)

/*
 * A rule number says which rule decided, and how: it is what events and the audit record carry.
 *
 *   bit 31      the verdict is deny
 *   bit 28..30  enum rule_section
 *   bit 24..27  enum rule_list
 *   bit 0..23   place in its list, from 0; e.g. exec.deny[2] = 0x92000002
 *
 * 0 is "no rule speaks": the section is absent.
 */
#define RULE_NONE 0u
#define RULE_DENY (1u << 31)
#define RULE_INDEX_MAX 0xffffffu
#define RULE(section, list, index) ((__u32)(section) << 28 | (__u32)(list) << 24 | (index))
#define RULE_SECTION(rule) ((rule) >> 28 & 7)
#define RULE_LIST(rule) ((rule) >> 24 & 15)
#define RULE_INDEX(rule) ((rule)&RULE_INDEX_MAX)

enum rule_section {
	RULE_SECTION_NONE,
	RULE_EXEC,
	RULE_CONNECT,
	RULE_UID,
	RULE_GID,
	RULE_IDENTITY,
	RULE_SECTIONS,
};

enum rule_list {
	RULE_DEFAULT,    /* no rule of the section matched */
	RULE_ALLOW,      /* allow[index] */
	RULE_DENIED,     /* deny[index] */
	RULE_LOADER,     /* exec, built in: the dynamic loader run as a program */
	RULE_UNRESOLVED, /* built in: what is asked about cannot be named, e.g. a file with no path */
	RULE_DRIFT,      /* exec: not part of the image when the container started */
	RULE_MOUNT,      /* exec: trusted_mounts[index] */
	RULE_FAMILY,     /* connect, built in: a family of sockets that no address rule can judge */
	RULE_SETID,      /* identity: setid_exec */
	RULE_LISTS,
};

_Static_assert(sizeof(struct image_cell) == 16, "a cell is a value of an array map");
_Static_assert(sizeof(struct image_state) == sizeof(struct image_cell), "a state is a cell");
_Static_assert(sizeof(struct image_header) == IMAGE_EXEC * sizeof(struct image_cell), "header fills its cells");

#endif
