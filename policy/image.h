/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The policy image: a compiled policy as one flat array of 16-byte cells.
 *
 * It is the line between compile.c, which writes it, and verdict.h, which reads it in the kernel and in
 * userspace. There are no pointers in it: cells name each other by index, so it can be copied anywhere, and
 * an array map with 16-byte values holds it as it is.
 *
 *   cell 0, 1   struct image_header
 *   cell 2      struct image_state: where the walk of a program's path begins (IMAGE_EXEC)
 *   cell 3 ...  the states of the automaton
 *
 * The automaton reads a path BACKWARDS, from its last byte to its leading '/': a kernel hook meets the last
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
 */
#ifndef MANTLET_POLICY_IMAGE_H
#define MANTLET_POLICY_IMAGE_H

#ifndef __bpf__
#include <linux/types.h>
#endif

#define IMAGE_MAGIC 0x746c6d6eu /* "nmlt" in memory on a little-endian machine */

/* Grows by one with every change of this file that an older reader would misread; there is no converter,
 * since an image never leaves the machine and the version that compiled it. */
#define IMAGE_VERSION 1u

struct image_cell {
	__u32 w[4];
};

struct image_header {
	__u32 magic;    /* IMAGE_MAGIC */
	__u32 version;  /* IMAGE_VERSION */
	__u32 cells;    /* length of the whole image in cells, header included */
	__u32 checksum; /* CRC-32 (zlib's) of the image with this field 0 */
	__u32 flags;    /* IMAGE_ENFORCE; others are 0 */
	__u32 reserved[3];
};

struct image_state {
	__u32 owner;    /* base of the state that owns this cell; 0: free */
	__u32 base;     /* cell index: where this state's own cells are counted from; or IMAGE_NO_BASE */
	__u32 fallback; /* cell index of a row of 256 cells, or IMAGE_ONE_CELL | cell index */
	__u32 rule;     /* verdict if the path ends here: a rule number */
};

enum image_flags {
	IMAGE_ENFORCE = 1 << 0, /* "mode": "enforce"; without it verdicts are reported, never enforced */
};

enum image_layout {
	IMAGE_FLAGS = 1, /* the cell that begins with header.flags */
	IMAGE_EXEC = 2,
	IMAGE_STATES = 3,
	IMAGE_ROW = 256,
};

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
	RULE_SECTIONS,
};

enum rule_list {
	RULE_DEFAULT,    /* no rule of the section matched */
	RULE_ALLOW,      /* allow[index] */
	RULE_DENIED,     /* deny[index] */
	RULE_LOADER,     /* built in: the dynamic loader run as a program */
	RULE_UNRESOLVED, /* built in: what is asked about cannot be named, e.g. a file with no path */
	RULE_LISTS,
};

_Static_assert(sizeof(struct image_cell) == 16, "a cell is a value of an array map");
_Static_assert(sizeof(struct image_state) == sizeof(struct image_cell), "a state is a cell");
_Static_assert(sizeof(struct image_header) == IMAGE_EXEC * sizeof(struct image_cell), "header fills its cells");

#endif
