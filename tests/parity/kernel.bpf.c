/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * policy/verdict.h in the kernel, where it can be run at will: a program of type syscall hooks nothing and is
 * run by BPF_PROG_RUN. A path goes through bpf_loop() byte by byte; the page that was looked at last is remembered, as in
 * decide_short() of bpf/decide.h.
 */
#include <linux/bpf.h>
#include <linux/types.h>

#include <bpf/bpf_helpers.h>

#include "ask.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* as in bpf/maps.h */
struct image_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_INNER_MAP | BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct image_page));
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, __u32);
	__array(values, struct image_map);
} policies SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, ASK_QUESTIONS);
	__type(key, __u32);
	__type(value, struct ask_question);
} questions SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, ASK_NAMES);
	__type(key, __u32);
	__type(value, struct ask_name);
} names SEC(".maps");

struct path_walk {
	struct image_view image;
	struct verdict_walk verdict;
	__u32 name, names; /* the next one, and how many are left */
	__u32 left;        /* bytes of the name before it that were not read, and the '/' */
	__u32 broken;
};

static long walk_byte(__u32 i, void *ctx)
{
	struct path_walk *walk = ctx;
	__u32 left = walk->left, at = left ? walk->name - 1 : walk->name;
	const struct ask_name *name = bpf_map_lookup_elem(&names, &at);

	if (!name || (!left && !walk->names))
		return 1;
	if (!left) {
		walk->name++;
		walk->names--;
		walk->left = name->len + 1;
		return 0;
	}
	walk->left = --left;
	if (verdict_exec_step(&walk->image, &walk->verdict, left ? name->text[(left - 1) & ASK_NAME_MAX] : '/'))
		return 0;
	walk->broken = 1;
	return 1;
}

static __always_inline struct verdict ask_path(image_ref image, const struct ask_question *question)
{
	struct path_walk walk = {.image = *image, .name = question->first_name, .names = question->names};

	if (verdict_exec_begin(&walk.image, &walk.verdict))
		bpf_loop(question->names * (ASK_NAME_MAX + 2) + 1, walk_byte, &walk, 0);
	return walk.broken ? verdict_of(image, VERDICT_UNRESOLVED(RULE_EXEC))
			   : verdict_exec_end(image, &walk.verdict);
}

struct asking {
	struct image_view image;
	__u32 count;
};

static long ask_one(__u32 i, void *ctx)
{
	struct asking *asking = ctx;
	__u32 at = i % asking->count;
	struct ask_question *question = bpf_map_lookup_elem(&questions, &at);

	if (!question)
		return 1;
	question->answer = question->kind == IMAGE_EXEC ? ask_path(&asking->image, question)
							: ask_number(&asking->image, question);
	return 0;
}

/* Returns how many answers were given; negative: there is no image. */
SEC("syscall")
int ask(struct ask_run *run)
{
	struct asking asking = {.count = run->count};
	__u32 slot = 0;

	if (!image_open(&asking.image, bpf_map_lookup_elem(&policies, &slot)))
		return -1;
	return bpf_loop(run->times, ask_one, &asking, 0);
}
