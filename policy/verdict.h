/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The decision. These functions are the only place that answers "may it?", in the kernel (BPF) and in
 * userspace alike. They are pure: they read a policy image and their arguments, and call nothing.
 *
 * A path is handed over backwards, component by component, from the file to the container's root:
 *
 *   verdict_exec_begin(image, &walk);
 *   verdict_exec_name(image, &walk, "ls", 2);
 *   verdict_exec_name(image, &walk, "bin", 3);
 *   verdict_exec_name(image, &walk, "usr", 3);
 *   v = verdict_exec_end(image, &walk);        // on /usr/bin/ls
 *
 * verdict_exec() does that for a whole path in memory. verdict_connect() is asked for every address that a
 * call names, verdict_id() for every id that a task takes. An image that was not checked by
 * policy_image_check() can give a wrong verdict, but never a read outside it: a look-up that fails denies.
 */
#ifndef MANTLET_POLICY_VERDICT_H
#define MANTLET_POLICY_VERDICT_H

#include "image.h"

#ifdef __bpf__
/* An image is the inner array map that holds its pages, and the first of them. */
struct image_view {
	void *map;
	const struct image_page *first;
};

typedef const struct image_view *image_ref;

static __always_inline const struct image_cell *image_cell(image_ref image, __u32 index)
{
	__u32 number = index / IMAGE_PAGE;
	const struct image_page *page = bpf_map_lookup_elem(image->map, &number);

	if (!page)
		return 0;
	__asm__ volatile("" : "+r"(page)); /* no arithmetic before it is known not to be NULL, */
	__builtin_assume(page != 0);       /* as it is still */
	return &page->cell[index % IMAGE_PAGE];
}

/* The same, of a cell that is likely to be in the first page. Each use doubles the courses that the verifier follows. */
static __always_inline const struct image_cell *image_cell_early(image_ref image, __u32 index)
{
	return index < IMAGE_PAGE ? &image->first->cell[index] : image_cell(image, index);
}

/* One of the cells of enum image_layout. */
static __always_inline const struct image_cell *image_head(image_ref image, enum image_layout place)
{
	return &image->first->cell[place % IMAGE_HEAD];
}

/* From the map to the image; false: there is none. */
static __always_inline _Bool image_open(struct image_view *image, void *map)
{
	__u32 first = 0;

	image->map = map;
	image->first = map ? bpf_map_lookup_elem(map, &first) : 0;
	return image->first;
}

/* 0, which the verifier does not know: with it added it forgets what a number was compared with, or it would follow a
 * search by halves through every course that the limits can take. */
static __always_inline __u32 image_zero(image_ref image)
{
	return image_head(image, IMAGE_FLAGS)->w[3];
}
#else
#include <stddef.h>
#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif
/* An image is its first cell; it is as long as its header says. */
typedef const struct image_cell *image_ref;

static __always_inline const struct image_cell *image_cell(image_ref image, __u32 index)
{
	return index < ((const struct image_header *)image)->cells ? image + index : NULL;
}

static __always_inline const struct image_cell *image_cell_early(image_ref image, __u32 index)
{
	return image_cell(image, index);
}

static __always_inline const struct image_cell *image_head(image_ref image, enum image_layout place)
{
	return image + place;
}

static __always_inline __u32 image_zero(image_ref image)
{
	(void)image;
	return 0;
}
#endif

#define VERDICT_UNRESOLVED(section) (RULE_DENY | RULE(section, RULE_UNRESOLVED, 0))

struct verdict {
	__u32 rule;     /* the deciding rule's number; RULE_DENY in it says which way */
	_Bool denied;   /* the policy says no */
	_Bool enforced; /* and means it: the operation is to be refused */
	_Bool reported; /* it is to be in the audit */
};

/* An address of either family; IPv4 is IPv4-mapped. */
struct verdict_address {
	__u64 high, low;
};

struct verdict_walk {
	__u32 base, fallback, rule;
};

static __always_inline __u32 verdict_flags(image_ref image)
{
	return image_head(image, IMAGE_FLAGS)->w[0];
}

static __always_inline struct verdict verdict_by(__u32 flags, __u32 rule)
{
	struct verdict v = {
		.rule = rule,
		.denied = rule >> 31,
		.enforced = rule >> 31 && flags & IMAGE_ENFORCE,
		.reported = rule >> 31 || (rule != RULE_NONE && flags & IMAGE_LOG_ALL),
	};
	return v;
}

/* Nothing is refused by that rule, nor told: the verdict need not be made. */
static __always_inline _Bool verdict_silent(__u32 flags, __u32 rule)
{
	return !(rule & RULE_DENY) && (!(flags & IMAGE_LOG_ALL) || rule == RULE_NONE);
}

static __always_inline struct verdict verdict_of(image_ref image, __u32 rule)
{
	return verdict_by(verdict_flags(image), rule);
}

static __always_inline void verdict_walk_enter(struct verdict_walk *walk, const struct image_cell *cell)
{
	const struct image_state *state = (const struct image_state *)cell;

	/* a torn or foreign image ends in a state that denies and that no byte leaves */
	walk->base = state ? state->base : IMAGE_NO_BASE;
	walk->fallback = state ? state->fallback : IMAGE_NO_BASE;
	walk->rule = state ? state->rule : VERDICT_UNRESOLVED(RULE_EXEC);
}

/* Does the policy restrict exec at all? If not, no path need be walked. */
static __always_inline _Bool verdict_exec_begin(image_ref image, struct verdict_walk *walk)
{
	verdict_walk_enter(walk, image_head(image, IMAGE_EXEC));
	return walk->rule != RULE_NONE;
}

static __always_inline __u32 verdict_fallback(__u32 fallback, unsigned char byte)
{
	return fallback & IMAGE_ONE_CELL ? fallback & ~IMAGE_ONE_CELL : fallback + byte;
}

/* False: the image is torn, and so is the walk. */
static __always_inline _Bool verdict_exec_byte(image_ref image, struct verdict_walk *walk, unsigned char byte)
{
	const struct image_cell *cell = image_cell(image, walk->base + byte);

	if (!cell || ((const struct image_state *)cell)->owner != walk->base)
		cell = image_cell(image, verdict_fallback(walk->fallback, byte));
	verdict_walk_enter(walk, cell);
	return cell;
}

/* One component, last byte first, and the '/' in front of it. len is at most 255 (NAME_MAX). */
static __always_inline void verdict_exec_name(image_ref image, struct verdict_walk *walk, const char *name,
					      unsigned int len)
{
	for (unsigned int i = 0; i < 255 && i < len; i++)
		verdict_exec_byte(image, walk, name[(len - 1 - i) & 255]);
	verdict_exec_byte(image, walk, '/');
}

static __always_inline struct verdict verdict_exec_end(image_ref image, const struct verdict_walk *walk)
{
	return verdict_of(image, walk->rule);
}

/* What the modes can tell of a program's origin. */
struct verdict_origin {
	_Bool named;    /* it has a name: no memfd, not deleted */
	_Bool mounted;  /* it lies on the container's root mount, or on a trusted one */
	_Bool in_image; /* it was there when the container started */
};

/* Does the policy look at a program's origin at all? */
static __always_inline _Bool verdict_drift_asked(image_ref image)
{
	return verdict_flags(image) & (IMAGE_DRIFT_AUDIT | IMAGE_DRIFT_DENY);
}

/* The verdict on a program that has drifted, under a policy with these flags, which looks at it. */
static __always_inline struct verdict verdict_drifted(__u32 flags)
{
	struct verdict v = verdict_by(flags, RULE_DENY | RULE(RULE_EXEC, RULE_DRIFT, 0));

	v.enforced = v.enforced && flags & IMAGE_DRIFT_DENY;
	return v;
}

/* The verdict on a program that its path alone would give `by_path`. */
static __always_inline struct verdict verdict_drift(image_ref image, struct verdict by_path,
						    const struct verdict_origin *origin)
{
	if (by_path.denied || !verdict_drift_asked(image) || (origin->named && origin->mounted && origin->in_image))
		return by_path;
	return verdict_drifted(verdict_flags(image));
}

/* As verdict_exec_begin(), for a mount point; after its names, verdict_mount_end() tells whether it is trusted. */
static __always_inline _Bool verdict_mount_begin(image_ref image, struct verdict_walk *walk)
{
	verdict_walk_enter(walk, image_head(image, IMAGE_MOUNTS));
	return verdict_drift_asked(image);
}

static __always_inline _Bool verdict_mount_end(const struct verdict_walk *walk)
{
	return walk->rule != RULE_NONE && !(walk->rule & RULE_DENY);
}

static __always_inline struct verdict_address verdict_ipv4(__u32 address)
{
	struct verdict_address mapped = {.low = 0xffff00000000ull | address};

	return mapped;
}

/* Both in the machine's byte order. */
static __always_inline struct verdict_address verdict_ipv6(__u64 high, __u64 low)
{
	struct verdict_address address = {.high = high, .low = low};

	return address;
}

static __always_inline _Bool verdict_is_ipv4(struct verdict_address address)
{
	return !address.high && address.low >> 32 == 0xffff;
}

#define VERDICT_HALVINGS 23 /* of POLICY_IMAGE_MAX / 16 cells */

struct verdict_part {
	__u32 low, high;
};

static __always_inline const struct image_cell *image_cell_by(image_ref image, __u32 index, _Bool early)
{
	return early ? image_cell_early(image, index) : image_cell(image, index);
}

/* The part of a table in which number is to be searched. early, here and below: a constant, which image_cell*() to take. */
static __always_inline struct verdict_part verdict_part(image_ref image, const struct image_table *table,
							__u32 number, _Bool early)
{
	struct verdict_part all = {.high = table->count};
	__u32 at = number >> (table->parts & 31), last = table->parts >> 8;
	const struct image_part *part;

	if (!table->index)
		return all;
	part = (const void *)image_cell_by(image, table->index + (at < last ? at : last), early);
	if (part) {
		all.low = part->low;
		all.high = part->high;
	}
	return all;
}

/* The interval that holds `number`, in a part of the table that begins at cell `first`; NULL if the image is broken. */
static __always_inline const struct image_interval *
verdict_interval(image_ref image, __u32 first, struct verdict_part part, __u32 number, _Bool early)
{
	__u32 low = part.low, high = part.high, zero = early ? image_zero(image) : 0;

	for (int i = 0; i < VERDICT_HALVINGS; i++) {
		const struct image_interval *cell;
		__u32 middle;

		low += zero;
		high += zero;
		if (low + 1 >= high)
			break;
		middle = low + (high - low) / 2;
		cell = (const void *)image_cell_by(image, first + middle, early);
		if (!cell)
			return cell;
		if (number < cell->begin)
			high = middle;
		else
			low = middle;
	}
	return (const void *)image_cell_by(image, first + low, early);
}

/* What the interval of addresses that holds `address` leads to. */
static __always_inline const struct image_interval *
verdict_addresses(image_ref image, const struct image_table *table, struct verdict_address address)
{
	struct verdict_part all = {.high = table->count};
	struct verdict_part part = verdict_is_ipv4(address) ? verdict_part(image, table, address.low, 0) : all;
	__u32 low = part.low, high = part.high;

	for (int i = 0; i < VERDICT_HALVINGS && low + 1 < high; i++) {
		__u32 middle = low + (high - low) / 2;
		const struct image_address *cell = (const void *)image_cell(image, table->first + middle);

		if (!cell)
			return (const void *)cell;
		if (address.high < cell->high || (address.high == cell->high && address.low < cell->low))
			high = middle;
		else
			low = middle;
	}
	return (const void *)image_cell(image, table->first + table->count + low);
}

static __always_inline __u32 verdict_connect_rule(image_ref image, const struct image_table *table,
						  struct verdict_address address, __u32 port)
{
	const struct image_interval *at = verdict_addresses(image, table, address);

	if (at && at->ports_count) {
		struct verdict_part ports = {.high = at->ports_count};

		at = verdict_interval(image, at->ports_first, ports, port, 0);
	}
	return at ? at->rule : VERDICT_UNRESOLVED(RULE_CONNECT);
}

/* protocol: IMAGE_TCP or IMAGE_UDP. The kernel makes a loopback address of the unspecified one, so that is
 * judged as both: it is allowed if both are. Of IPv6's it makes IPv4's if the socket is bound to an IPv4-mapped address,
 * which another thread can still do: so that is judged as all three. */
static __always_inline __u32 verdict_connect_number(image_ref image, enum image_layout protocol,
						    struct verdict_address address, __u16 port)
{
	const struct image_table *table = (const void *)image_head(image, protocol);
	_Bool four = verdict_is_ipv4(address);
	__u32 rule, loopback;

	if (!table->count)
		return RULE_NONE;
	rule = verdict_connect_rule(image, table, address, port);
	if (!(rule & RULE_DENY) && !address.high && (four ? !(__u32)address.low : !address.low)) {
		address.low |= four ? 0x7f000001 : 1;
		loopback = verdict_connect_rule(image, table, address, port);
		if (!four && !(loopback & RULE_DENY))
			loopback = verdict_connect_rule(image, table, verdict_ipv4(0x7f000001), port);
		rule = loopback & RULE_DENY ? loopback : rule;
	}
	return rule;
}

static __always_inline struct verdict verdict_connect(image_ref image, enum image_layout protocol,
						      struct verdict_address address, __u16 port)
{
	return verdict_of(image, verdict_connect_number(image, protocol, address, port));
}

/* On an address that cannot be read: it is denied where connect restricts anything. */
static __always_inline struct verdict verdict_unreadable(image_ref image)
{
	return verdict_of(image,
			  verdict_flags(image) & IMAGE_FAMILIES ? VERDICT_UNRESOLVED(RULE_CONNECT) : RULE_NONE);
}

/* Socket families, types and protocols, as in socket(2): the same numbers on every machine that Linux runs BPF on. */
enum verdict_numbers {
	FAMILY_UNSPEC = 0,
	FAMILY_UNIX = 1,
	FAMILY_INET = 2,
	FAMILY_INET6 = 10,
	FAMILY_KEY = 15,
	FAMILY_NETLINK = 16,
	FAMILY_ALG = 38,
	SOCKET_TYPE_MASK = 15, /* what is above are flags: SOCK_NONBLOCK, SOCK_CLOEXEC */
	TYPE_STREAM = 1,
	TYPE_DATAGRAM = 2,
	TYPE_DCCP = 6,
	PROTOCOL_ANY = 0, /* the type's own: TCP, UDP */
	PROTOCOL_ICMP = 1,
	PROTOCOL_TCP = 6,
	PROTOCOL_UDP = 17,
	PROTOCOL_ICMPV6 = 58,
	PROTOCOL_UDPLITE = 136,
	PROTOCOL_SMC = 256, /* TCP's addresses, and TCP if the peer has no SMC */
	PROTOCOL_MPTCP = 262,
};

/* What `connect` has to do with a kind of socket. */
enum verdict_socket {
	SOCKET_LOCAL,    /* nothing: it speaks with this machine only */
	SOCKET_STREAM,   /* its addresses are judged as TCP's */
	SOCKET_DATAGRAM, /* as UDP's */
	SOCKET_DOOR,     /* it leaves the container by a way that no address rule can judge: verdict_family() */
};

/*
 * A list of what is known; all else is a door. SCTP is one: it takes more addresses than the one that a hook or a
 * supervisor is asked about, from control messages and from its peer. So is what carries anything, by a port or
 * without (raw, L2TP).
 */
static __always_inline enum verdict_socket verdict_socket(int family, int type, int protocol)
{
	if (family == FAMILY_UNIX || family == FAMILY_NETLINK || family == FAMILY_ALG || family == FAMILY_KEY)
		return SOCKET_LOCAL;
	if (family != FAMILY_INET && family != FAMILY_INET6)
		return SOCKET_DOOR;
	switch (type & SOCKET_TYPE_MASK) {
	case TYPE_STREAM:
		return protocol == PROTOCOL_ANY || protocol == PROTOCOL_TCP || protocol == PROTOCOL_MPTCP ||
				       protocol == PROTOCOL_SMC
			       ? SOCKET_STREAM
			       : SOCKET_DOOR;
	case TYPE_DATAGRAM:
		return protocol == PROTOCOL_ANY || protocol == PROTOCOL_UDP || protocol == PROTOCOL_UDPLITE ||
				       protocol == PROTOCOL_ICMP || protocol == PROTOCOL_ICMPV6
			       ? SOCKET_DATAGRAM
			       : SOCKET_DOOR;
	case TYPE_DCCP:
		return SOCKET_DATAGRAM;
	default:
		return SOCKET_DOOR;
	}
}

/* Options and control messages by which packets go elsewhere before they go to the address that is judged: IPv4's source
 * routes (IP_OPTIONS, IP_RETOPTS) and IPv6's routing headers (IPV6_RTHDR, its old form and the old form's bundle, and flow
 * labels, which can hold one). */
static __always_inline _Bool verdict_reroutes(int level, int option)
{
	if (level == 0)
		return option == 4 || option == 7;
	return level == 41 && (option == 57 || option == 5 || option == 6 || option == 32);
}

/* On a socket of a family or type that leaves the container by another door than an address. */
static __always_inline struct verdict verdict_family(image_ref image)
{
	return verdict_of(image, verdict_flags(image) & IMAGE_FAMILIES
					 ? RULE_DENY | RULE(RULE_CONNECT, RULE_FAMILY, 0)
					 : RULE_NONE);
}

/* kind: IMAGE_UID or IMAGE_GID. */
static __always_inline __u32 verdict_id_number(image_ref image, enum image_layout kind, __u32 id, _Bool early)
{
	const struct image_table *table = (const void *)image_head(image, kind);
	const struct image_interval *at;

	if (!table->count)
		return RULE_NONE;
	at = verdict_interval(image, table->first, verdict_part(image, table, id, early), id, early);
	return at ? at->rule : VERDICT_UNRESOLVED(RULE_IDENTITY);
}

static __always_inline struct verdict verdict_id(image_ref image, enum image_layout kind, __u32 id)
{
	return verdict_of(image, verdict_id_number(image, kind, id, 0));
}

/* On an exec that would gain an identity or file capabilities. */
static __always_inline struct verdict verdict_setid(image_ref image)
{
	return verdict_of(image, verdict_flags(image) & IMAGE_SETID_DENY
					 ? RULE_DENY | RULE(RULE_IDENTITY, RULE_SETID, 0)
					 : RULE_NONE);
}

#ifndef __bpf__
static inline struct verdict verdict_exec(image_ref image, const char *path, size_t len)
{
	struct verdict_walk walk;

	if (verdict_exec_begin(image, &walk))
		while (len--)
			verdict_exec_byte(image, &walk, path[len]);
	return verdict_exec_end(image, &walk);
}
#endif

#endif
