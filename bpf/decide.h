/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From a request to a verdict: the walks of gather.h fed to the automaton of policy/verdict.h. */
#ifndef MANTLET_BPF_DECIDE_H
#define MANTLET_BPF_DECIDE_H

#include "gather.h"
#include "policy/verdict.h"

struct decision {
	struct verdict verdict;
	__u32 generation;
	__u32 flags; /* enum image_flags */
	__u32 end;   /* enum path_end */
};

static __always_inline _Bool policy_image(const __u32 *policy, image_ref image)
{
	return image_open(image, bpf_map_lookup_elem(&policies, policy));
}

/* The image of a domain; false: it has none. */
static __always_inline _Bool domain_image(const struct domain *domain, image_ref image)
{
	return policy_image(&domain->policy, image);
}

/* The image of a policy, its flags and generation; false, and the verdict: there is none. */
static __always_inline _Bool decide_image(const __u32 *policy, __u32 section, image_ref image, struct decision *d)
{
	if (!policy_image(policy, image)) {
		d->end = PATH_NO_POLICY;
		d->verdict.rule = VERDICT_UNRESOLVED(section);
		d->verdict.denied = d->verdict.enforced = d->verdict.reported = 1;
		return 0;
	}
	d->flags = verdict_flags(image);
	d->generation = image_head(image, IMAGE_FLAGS)->w[IMAGE_GENERATION];
	d->end = PATH_WHOLE;
	return 1;
}

/* Asks the table IMAGE_UID or IMAGE_GID. */
VERIFIED_ONCE int decide_id(__u32 policy, __u32 table, __u32 id, struct decision *d)
{
	struct image_view image;

	if (d && decide_image(&policy, table == IMAGE_UID ? RULE_UID : RULE_GID, &image, d))
		d->verdict = verdict_by(d->flags, verdict_id_number(&image, table, id));
	return 0;
}

/* Asks the table IMAGE_TCP or IMAGE_UDP. */
VERIFIED_ONCE int decide_address(__u32 policy, __u32 table_port, __u64 high, __u64 low, struct decision *d)
{
	struct verdict_address address = {high, low};
	struct image_view image;

	if (d && decide_image(&policy, RULE_CONNECT, &image, d))
		d->verdict = verdict_by(
			d->flags, verdict_connect_number(&image, table_port & 0xffff, address, table_port >> 16));
	return 0;
}

#define TABLE_PORT(table, port) ((table) | (__u32)(port) << 16)

/* ctx of decide_short(), and what decide_long() begins with. */
struct decide_walk {
	struct path_walk path;
	struct verdict_walk verdict;
	struct image_view image;
	struct dentry *dentry; /* as path.dentry, of a type that the verifier knows */
};

/* One byte whose cells are in another page. Not inline: see decide_bytes(). */
static __attribute__((noinline)) long decide_far(struct decide_walk *walk, __u32 byte)
{
	struct image_view image = walk->image;
	struct verdict_walk verdict = walk->verdict;

	if (!verdict_exec_step(&image, &verdict, byte))
		return 0;
	walk->image.page = image.page;
	walk->image.number = image.number;
	walk->verdict.at = verdict.at;
	walk->verdict.base = verdict.base;
	return 1;
}

/* A byte of a word that holds more, at its top. */
#define DECIDE_BYTE                                                                                                  \
	if (!word)                                                                                                   \
		goto read;                                                                                           \
	cell = verdict_exec_near(page, number, &verdict, word >> 56);                                                \
	if (unlikely(!cell)) {                                                                                       \
		walk->verdict.at = verdict.at;                                                                       \
		walk->verdict.base = verdict.base;                                                                   \
		if (!decide_far(walk, word >> 56))                                                                   \
			return 0;                                                                                    \
		page = walk->image.page;                                                                             \
		number = walk->image.number;                                                                         \
		cell = (const struct image_cell *)walk->verdict.at;                                                  \
	}                                                                                                            \
	verdict_walk_enter(&verdict, cell);                                                                          \
	word <<= 8;

/* The bytes of a part of a name, the last one at the top; 0: the image is broken. No name has a NUL in it. What is in
 * registers is put away only where a look-up is in the way. Written out, since a loop's counter would take a register. */
static __always_inline long decide_bytes(struct decide_walk *walk, __u64 word)
{
	const struct image_page *page = walk->image.page;
	__u64 number = walk->image.number;
	struct verdict_walk verdict = walk->verdict;
	const struct image_cell *cell;

	DECIDE_BYTE DECIDE_BYTE DECIDE_BYTE DECIDE_BYTE;
	DECIDE_BYTE DECIDE_BYTE DECIDE_BYTE DECIDE_BYTE;
read:
	walk->verdict.at = verdict.at;
	walk->verdict.base = verdict.base;
	return 1;
}

static __attribute__((noinline)) long decide_word(struct decide_walk *walk, __u64 word)
{
	return decide_bytes(walk, word);
}

/*
 * One component with a short name; 1: it was the mount's last, or there is something else, and decide_step() goes on.
 * What is known of `len` and of the automaton's state is the same in each round: from 6.7 on, the verifier follows
 * whatever is not.
 */
static long decide_short(__u32 i, void *ctx)
{
	struct decide_walk *walk = ctx;
	struct verdict_walk begun = walk->verdict;
	struct dentry *dentry = walk->dentry;
	struct path_short name;
	__u64 word = '/';

	if (!path_short_begin(dentry, &name))
		return 1;
	if (name.len < 8) {
		word = (name.words[0] << 8 | word) << (56 - 8 * name.len);
	} else {
#pragma unroll
		for (int k = PATH_WORDS - 1; k >= 0; k--)
			if (!decide_word(walk, path_short_word(&name, k)))
				goto back;
		word <<= 56;
	}
	if (decide_bytes(walk, word) && path_short_end(dentry, &name)) {
		walk->dentry = name.parent;
		return name.parent == walk->path.top;
	}
back:
	walk->verdict.at = begun.at;
	walk->verdict.base = begun.base;
	return 1;
}

/*
 * ctx of decide_step().
 *
 * Before 6.7 the verifier follows a callback of bpf_loop once, from the state in which the loop begins, and
 * removes what that state does not reach. So nothing that decide_step() branches on may begin as a constant:
 * `left` begins as a 0 that the verifier has not seen. And it stands where no register can be spilled whole, in
 * the second half of eight bytes, so that the verifier does not follow each value that it can have.
 */
struct decide_long {
	struct decide_walk *walk;
	__u32 pad, left;           /* bytes of name that the automaton has not read */
	char name[8 + EVENT_NAME]; /* a '/', and the component */
};

#define DECIDE_NAME 7 /* where the '/' stands: the component is aligned */

_Static_assert(__builtin_offsetof(struct decide_long, left) % 8 == 4, "see above");

/* One byte, or, when a component is read, one step up. Not a loop in a loop: what the verifier has to follow
 * would be multiplied, and a kernel without bpf_loop would be left with a handful of components. */
/* Not inline, for loop_again(). */
static __attribute__((noinline)) long decide_step(__u32 i, void *ctx)
{
	struct decide_long *rest = ctx;
	struct decide_walk *walk = rest->walk;
	struct image_view image = image_afresh(&walk->image);
	const char *byte = rest->name + DECIDE_NAME;
	int len;

	if (rest->left) {
		rest->left--;
		/* in this order: the verifier forgets whose stack it is when a pointer is added to a number (6.18) */
		asm("%0 += %1" : "+r"(byte) : "r"((__u64)rest->left & 0xff));
		return !verdict_exec_step(&image, &walk->verdict, *byte);
	}
	len = path_step(&walk->path, rest->name + DECIDE_NAME + 1);
	if (walk->path.end)
		return 1;
	if (len)
		rest->left = len + 1;
	return 0;
}

/* The rest of a path, whatever it is. Not inline: it takes much of the stack, and is seldom called. */
static __attribute__((noinline)) int decide_rest(struct decide_walk *walk, __u32 zero)
{
	struct decide_long rest = {.walk = walk, .left = zero};

	rest.name[DECIDE_NAME] = '/';
	path_walk_each(decide_step, &rest, PATH_STEPS_PLAIN);
	return walk->path.end;
}

/* Feeds the whole path to the automaton, or tells why there is none. */
static __always_inline __u32 decide_path(struct decide_walk *walk, const struct path *path,
					 const struct domain *domain)
{
	struct dentry *dentry = path->dentry;

	if (path_deleted(dentry, 1))
		return PATH_DELETED;
	path_begin(&walk->path, path->mnt, dentry, domain);
	if (HAS_LOOP) {
		walk->dentry = walk->path.dentry;
		if (walk->dentry != walk->path.top)
			bpf_loop(PATH_STEPS, decide_short, walk, 0);
		walk->path.dentry = walk->dentry;
		if (path_at_root(&walk->path))
			return PATH_WHOLE;
	}
	return decide_rest(walk, domain->zero);
}

/* Not inline: its stack is given back before the report takes its own. */
static __attribute__((noinline)) int decide_exec(const struct domain *domain, const struct path *path,
						 struct decision *d)
{
	struct decide_walk walk;
	__u32 rule;

	if (!decide_image(&domain->policy, RULE_EXEC, &walk.image, d))
		return 0;
	if (verdict_exec_begin(&walk.image, &walk.verdict))
		d->end = decide_path(&walk, path, domain);
	rule = d->end == PATH_WHOLE ? walk.verdict.at->rule : VERDICT_UNRESOLVED(RULE_EXEC);
	d->verdict.rule = rule;
	if (unlikely(!verdict_silent(d->flags, rule)))
		d->verdict = verdict_by(d->flags, rule);
	return 0;
}

/* A script that was judged, where its interpreter may read another. */
static __always_inline void decide_script(struct linux_binprm *bprm, struct decision *d)
{
	if (d->verdict.denied || d->verdict.rule == RULE_NONE || !exec_swappable(bprm))
		return;
	d->end = PATH_SWAPPABLE;
	d->verdict = verdict_by(d->flags, VERDICT_UNRESOLVED(RULE_EXEC));
}

#endif
