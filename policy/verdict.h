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

#define unlikely(condition) __builtin_expect(!!(condition), 0) /* keeps it out of the way, and of the registers */

#ifdef __bpf__
/* The compiler must not know how a number was made: it would make a jump of it, and the verifier follow both ways. */
#define verdict_hide(number) __asm__ volatile("" : "+r"(number))

/* Stands at the end of a loop's body: the verifier takes a loop for one only where a jump leads back, and clang may lay
 * the body in front of the head (before 6.4). i: the loop's counter. */
#define loop_again(i) __asm__ volatile("goto +0" : "+r"(i))

/* An image is the inner array map that holds its pages. What is read together is mostly in one page. */
struct image_view {
	void *map;
	const struct image_page *first, *page; /* page: that was looked at last, */
	__u64 number;                          /* and its number */
};

typedef struct image_view *image_ref;

/* The verifier of kernels before 5.17 follows what comes after in both ways. */
#ifdef MANTLET_OLD
#define image_at_hand(image, page_number) 0
#else
#define image_at_hand(image, page_number) ((page_number) == (image)->number)
#endif

static __always_inline const struct image_cell *image_cell(image_ref image, __u32 index)
{
	__u32 number = index / IMAGE_PAGE;
	const struct image_page *page;

	if (unlikely(!image_at_hand(image, number))) {
		__u32 key = number; /* which is put on the stack only here */

		page = bpf_map_lookup_elem(image->map, &key);
		if (!page)
			return 0;
		image->page = page;
		image->number = number;
	}
	page = image->page;
	__asm__ volatile("" : "+r"(page)); /* no arithmetic before it is known not to be NULL, */
	__builtin_assume(page != 0);       /* as it is still */
	return &page->cell[index % IMAGE_PAGE];
}

/* The page of a cell, and its other cells. */
typedef const struct image_page *image_page_ref;

static __always_inline image_page_ref image_page(image_ref image, __u32 index)
{
	__u32 number = index / IMAGE_PAGE;

	if (unlikely(number)) {
		__u32 key = number;

		return bpf_map_lookup_elem(image->map, &key);
	}
	return image->first;
}

static __always_inline const struct image_cell *image_on(image_page_ref page, __u32 index)
{
	return &page->cell[index % IMAGE_PAGE];
}

/* One of the cells of enum image_layout. */
static __always_inline const struct image_cell *image_head(image_ref image, __u32 place)
{
	return &image->first->cell[place % IMAGE_HEAD];
}

/* From the map to the image; false: there is none. */
static __always_inline _Bool image_open(struct image_view *image, void *map)
{
	__u32 first = 0;

	image->map = map;
	image->first = map ? bpf_map_lookup_elem(map, &first) : 0;
	if (!image->first)
		return 0;
	image->page = image->first;
	image->number = 0;
	return 1;
}

/* The same without a page: the next look-up has one course, as a verifier that has to follow many of them wants it. */
static __always_inline struct image_view image_afresh(const struct image_view *image)
{
	struct image_view afresh = {.map = image->map, .page = image->first, .number = ~0ull};

	return afresh;
}
#else
#include <stddef.h>
#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif
#define verdict_hide(number) (void)(number)
#define loop_again(i) (void)(i)

/* An image is its first cell; it is as long as its header says. */
typedef const struct image_cell *image_ref;

static __always_inline const struct image_cell *image_cell(image_ref image, __u32 index)
{
	return index < ((const struct image_header *)image)->cells ? image + index : NULL;
}

/* All of it is one page, and behind its end is its beginning. */
typedef const struct image_cell *image_page_ref;

static __always_inline image_page_ref image_page(image_ref image, __u32 index)
{
	return image_cell(image, index) ? image : NULL;
}

static __always_inline const struct image_cell *image_on(image_page_ref page, __u32 index)
{
	const struct image_cell *cell = image_cell(page, index);

	return cell ? cell : page;
}

static __always_inline const struct image_cell *image_head(image_ref image, __u32 place)
{
	return image + place;
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

/* Where the walk of a path stands. */
struct verdict_walk {
	const struct image_state *at;
	__u32 base; /* of at */
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

/* Nothing is refused nor told: the verdict is the rule's number, and nothing else. */
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
	walk->at = (const struct image_state *)cell;
	walk->base = walk->at->base;
}

static __always_inline void verdict_walk_begin(image_ref image, struct verdict_walk *walk, enum image_layout place)
{
	verdict_walk_enter(walk, image_head(image, place));
}

/* Does the policy restrict exec at all? If not, no path need be walked. */
static __always_inline _Bool verdict_exec_begin(image_ref image, struct verdict_walk *walk)
{
	verdict_walk_begin(image, walk, IMAGE_EXEC);
	return walk->at->rule != RULE_NONE;
}

static __always_inline __u32 verdict_fallback(__u32 fallback, unsigned char byte)
{
	return fallback & IMAGE_ONE_CELL ? fallback & ~IMAGE_ONE_CELL : fallback + byte;
}

/* One byte. False: the image is broken, and so the verdict is VERDICT_UNRESOLVED(RULE_EXEC). */
static __always_inline _Bool verdict_exec_step(image_ref image, struct verdict_walk *walk, unsigned char byte)
{
	const struct image_cell *cell = image_cell(image, walk->base + byte);

	if (unlikely(!cell || ((const struct image_state *)cell)->owner != walk->base)) {
		cell = image_cell(image, verdict_fallback(walk->at->fallback, byte));
		if (!cell)
			return 0;
	}
	verdict_walk_enter(walk, cell);
	return 1;
}

#ifdef __bpf__
/* The same where all that it may look at is in one page, else NULL: there is no look-up for which the registers would have to
 * be put away. */
static __always_inline const struct image_cell *verdict_exec_near(const struct image_page *page, __u64 number,
								  const struct verdict_walk *walk, unsigned char byte)
{
	__u32 at = walk->base + byte;
	const struct image_cell *cell = image_on(page, at);

	if (unlikely(at / IMAGE_PAGE != number))
		return 0;
	if (((const struct image_state *)cell)->owner == walk->base)
		return cell;
	at = verdict_fallback(walk->at->fallback, byte);
	return at / IMAGE_PAGE == number ? image_on(page, at) : 0;
}
#endif

static __always_inline struct verdict verdict_exec_end(image_ref image, const struct verdict_walk *walk)
{
	return verdict_of(image, walk->at->rule);
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
	verdict_walk_begin(image, walk, IMAGE_MOUNTS);
	return verdict_drift_asked(image);
}

static __always_inline _Bool verdict_mount_end(const struct verdict_walk *walk)
{
	return walk->at->rule != RULE_NONE && !(walk->at->rule & RULE_DENY);
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

/* 1 if a is less than b, by arithmetic: see verdict_hide(). */
static __always_inline __u64 verdict_less(__u64 a, __u64 b)
{
	__u64 less = (~a & b) | (~(a ^ b) & (a - b));

	verdict_hide(less);
	return less >> 63;
}

/* What a search has left. */
struct verdict_run {
	__u32 first, count; /* cells */
};

/* Keeps one half, whatever it compares, so that the verifier has one course to follow. half: count / 2; begin: of the upper
 * half; above: the number that is looked for + 1. */
static __always_inline void verdict_halve(struct verdict_run *run, __u32 half, __u64 begin, __u64 above)
{
	__u64 upper = begin - above;

	verdict_hide(upper);
	upper = (__s64)upper >> 63; /* all ones, or 0 */
	run->first += half & upper;
	run->count = (run->count + 1) / 2;
}

/* The interval that holds `number`, of count, the first of which is cell `first`; NULL if the image is broken. */
static __always_inline const struct image_interval *verdict_search(image_ref image, __u32 first, __u32 count,
								   __u32 number)
{
	struct verdict_run run = {first, count};

	for (int i = 0; i < VERDICT_HALVINGS && run.count > 1; i++) {
		const struct image_interval *cell = (const void *)image_cell(image, run.first + run.count / 2);

		if (!cell)
			return cell;
		verdict_halve(&run, run.count / 2, cell->begin, number + 1ull);
		loop_again(i);
	}
	return (const void *)image_cell(image, run.first);
}

/* Which part of a table's index is a number's. */
static __always_inline __u32 verdict_part(const struct image_table *table, __u32 number)
{
	__u32 at = number >> (table->parts & 31), last = table->parts >> IMAGE_PARTS;

	return table->index + (at < last ? at : last);
}

/* The interval of a table that holds `number`. */
static __always_inline const struct image_interval *verdict_find(image_ref image, const struct image_table *table,
								 __u32 number)
{
	struct image_part part = {.first = table->first, .count = table->count};

	if (table->index) {
		const struct image_part *found = (const void *)image_cell(image, verdict_part(table, number));

		if (!found)
			return (const void *)found;
		part = *found;
	}
	return verdict_search(image, part.first, part.count, number);
}

/* The same, of a table that is IMAGE_NEAR: there is one look-up. */
static __always_inline const struct image_interval *verdict_near(image_ref image, const struct image_table *table,
								 __u32 number)
{
	image_page_ref page = image_page(image, table->first);
	struct verdict_run run;

	if (!page)
		return (const void *)page;
	if (table->index) {
		const struct image_part *part = (const void *)image_on(page, verdict_part(table, number));

		run = (struct verdict_run){part->first, part->count};
	} else {
		run = (struct verdict_run){table->first, table->count};
	}
	run.count &= 2 * IMAGE_PAGE - 1; /* as it is; for the verifier */
	while (run.count > 1) {
		const struct image_interval *cell = (const void *)image_on(page, run.first + run.count / 2);

		verdict_halve(&run, run.count / 2, cell->begin, number + 1ull);
		loop_again(run.count);
	}
	return (const void *)image_on(page, run.first);
}

/* The same, of 128 bits: what the interval leads to. */
static __always_inline const struct image_interval *
verdict_find_address(image_ref image, const struct image_table *table, struct verdict_address address)
{
	__u32 first = table->first, count = table->count;

	for (int i = 0; i < VERDICT_HALVINGS && count > 1; i++) {
		__u32 half = count / 2;
		const struct image_address *cell = (const void *)image_cell(image, first + half);
		__u64 before;

		if (!cell)
			return (const void *)cell;
		before = verdict_less(address.high, cell->high) |
			 verdict_less(address.high - cell->high, verdict_less(address.low, cell->low));
		first += half & (before - 1);
		count -= half;
		loop_again(i);
	}
	return (const void *)image_cell(image, first + table->count);
}

/* The rule on a port, of what the interval of an address leads to; at is NULL if the image is broken. */
static __always_inline __u32 verdict_port(image_ref image, const struct image_interval *at, __u32 port)
{
	if (at && at->ports_count)
		at = verdict_search(image, at->ports_first, at->ports_count, port);
	return at ? at->rule : VERDICT_UNRESOLVED(RULE_CONNECT);
}

/* protocol: IMAGE_TCP or IMAGE_UDP. The rule on an address itself, which the kernel may make another of: see below. */
static __always_inline __u32 verdict_ipv4_rule(image_ref image, __u32 protocol, __u32 address, __u32 port)
{
	const struct image_table *table = (const void *)image_head(image, protocol);

	return table->count ? verdict_port(image, verdict_find(image, table, address), port) : RULE_NONE;
}

static __always_inline __u32 verdict_ipv6_rule(image_ref image, __u32 protocol, struct verdict_address address,
					       __u32 port)
{
	const struct image_table *table = (const void *)image_head(image, protocol + IMAGE_IPV6);

	return table->count ? verdict_port(image, verdict_find_address(image, table, address), port) : RULE_NONE;
}

static __always_inline __u32 verdict_connect_rule(image_ref image, __u32 protocol, struct verdict_address address,
						  __u32 port)
{
	return verdict_is_ipv4(address) ? verdict_ipv4_rule(image, protocol, address.low, port)
					: verdict_ipv6_rule(image, protocol, address, port);
}

/* protocol: IMAGE_TCP or IMAGE_UDP. The kernel makes a loopback address of the unspecified one, so that is
 * judged as both: it is allowed if both are. Of IPv6's it makes IPv4's if the socket is bound to an IPv4-mapped address,
 * which another thread can still do: so that is judged as all three. */
static __always_inline __u32 verdict_connect_number(image_ref image, __u32 protocol, struct verdict_address address,
						    __u16 port)
{
	_Bool four = verdict_is_ipv4(address);
	__u32 loopback, rule = verdict_connect_rule(image, protocol, address, port);
	if (!(rule & RULE_DENY) && !address.high && (four ? !(__u32)address.low : !address.low)) {
		address.low |= four ? 0x7f000001 : 1;
		loopback = verdict_connect_rule(image, protocol, address, port);
		if (!four && !(loopback & RULE_DENY))
			loopback = verdict_connect_rule(image, protocol, verdict_ipv4(0x7f000001), port);
		rule = loopback & RULE_DENY ? loopback : rule;
	}
	return rule;
}

static __always_inline struct verdict verdict_connect(image_ref image, enum image_layout protocol,
						      struct verdict_address address, __u16 port)
{
	return verdict_of(image, verdict_connect_number(image, protocol, address, port));
}

/* A short way: true if nothing is refused nor told, and that is found with one look-up. All else is to be asked in full. */
static __always_inline _Bool verdict_ipv4_silent(image_ref image, enum image_layout protocol, __u32 address,
						 __u16 port)
{
	const struct image_table *table = (const void *)image_head(image, protocol);
	const struct image_interval *at;

	verdict_hide(table); /* or it is reckoned anew for each of its fields */
	if (!(table->parts & IMAGE_NEAR))
		return !table->count;
	at = address ? verdict_near(image, table, address) : 0;
	return at && verdict_silent(verdict_flags(image), verdict_port(image, at, port));
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
	if (family != FAMILY_INET && family != FAMILY_INET6)
		return family == FAMILY_UNIX || family == FAMILY_NETLINK || family == FAMILY_ALG ||
				       family == FAMILY_KEY
			       ? SOCKET_LOCAL
			       : SOCKET_DOOR;
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

/* The tables that judge the addresses of a stream or a datagram socket. */
static __always_inline enum image_layout verdict_protocol(enum verdict_socket is)
{
	return is == SOCKET_STREAM ? IMAGE_TCP : IMAGE_UDP;
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
static __always_inline __u32 verdict_id_number(image_ref image, __u32 kind, __u32 id)
{
	const struct image_table *table = (const void *)image_head(image, kind);
	const struct image_interval *at;

	if (!table->count)
		return RULE_NONE;
	at = verdict_find(image, table, id);
	return at ? at->rule : VERDICT_UNRESOLVED(RULE_IDENTITY);
}

/* As verdict_ipv4_silent(). */
static __always_inline _Bool verdict_id_silent(image_ref image, enum image_layout kind, __u32 id)
{
	const struct image_table *table = (const void *)image_head(image, kind);
	const struct image_interval *at;

	if (!(table->parts & IMAGE_NEAR))
		return !table->count;
	at = verdict_near(image, table, id);
	return at && verdict_silent(verdict_flags(image), at->rule);
}

static __always_inline struct verdict verdict_id(image_ref image, enum image_layout kind, __u32 id)
{
	return verdict_of(image, verdict_id_number(image, kind, id));
}

/* On an exec that would gain an identity or file capabilities. */
static __always_inline struct verdict verdict_setid(image_ref image)
{
	return verdict_of(image, verdict_flags(image) & IMAGE_SETID_DENY
					 ? RULE_DENY | RULE(RULE_IDENTITY, RULE_SETID, 0)
					 : RULE_NONE);
}

#ifndef __bpf__
/* A state that denies and that no byte leaves. */
static const struct image_state verdict_broken = {
	.base = IMAGE_NO_BASE, .fallback = ~0u, .rule = VERDICT_UNRESOLVED(RULE_EXEC)};

/* As verdict_exec_step(); in a broken image the walk goes on, and ends in a verdict that denies. */
static inline void verdict_exec_byte(image_ref image, struct verdict_walk *walk, unsigned char byte)
{
	if (!verdict_exec_step(image, walk, byte))
		verdict_walk_enter(walk, (const struct image_cell *)&verdict_broken);
}

/* One component, last byte first, and the '/' in front of it. */
static inline void verdict_exec_name(image_ref image, struct verdict_walk *walk, const char *name, unsigned int len)
{
	while (len--)
		verdict_exec_byte(image, walk, name[len]);
	verdict_exec_byte(image, walk, '/');
}

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
