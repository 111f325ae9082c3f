/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Questions to a policy image, as tests/parity asks them of the kernel and of userspace: the line between
 * kernel.bpf.c and kernel.c.
 *
 *   policies    slot 0 -> the image under test, an array map as bpf/maps.h declares it
 *   questions   struct ask_question: questions, and room for their answers
 *   names       struct ask_name: the components of all paths of the questions
 *
 * One run of the program ask() answers the first `count` questions; one after the other, and from the first
 * again, until it has given `times` answers. times == count answers each once; more is for the clock.
 */
#ifndef MANTLET_TESTS_PARITY_ASK_H
#define MANTLET_TESTS_PARITY_ASK_H

#include "policy/verdict.h"

#define ASK_QUESTIONS 2048
#define ASK_NAMES 16384
#define ASK_PATH_MAX 4096
#define ASK_NAME_MAX 255 /* verdict_exec_name()'s bound, which is the kernel's own */

struct ask_name {
	char text[ASK_NAME_MAX + 1];
	__u32 len;
	__u32 reserved;
};

struct ask_question {
	__u32 kind;   /* enum image_layout: IMAGE_EXEC, IMAGE_TCP, IMAGE_UDP, IMAGE_UID, IMAGE_GID; 0: nothing */
	__u32 number; /* a port or an id */
	struct verdict_address address;
	__u32 first_name, names; /* of a path: last component first */
	struct verdict answer;
	_Bool short_way; /* asked, too: it may not be silent on what the long one tells */
};

struct ask_run {
	__u32 count, times;
};

/* If the short way and the long one differ, the answer is a rule which there is not. */
static __always_inline struct verdict ask_address(image_ref image, const struct ask_question *question)
{
	struct verdict_address address = question->address;
	__u32 protocol = question->kind;
	__u16 port = question->number;
	struct verdict verdict = verdict_connect(image, protocol, address, port);

	if (question->short_way && verdict.reported && verdict_is_ipv4(address) &&
	    verdict_ipv4_silent(image, protocol, address.low, port))
		verdict.rule = ~0u;
	return verdict;
}

/* Whatever is not a path. */
static __always_inline struct verdict ask_number(image_ref image, const struct ask_question *question)
{
	struct verdict none = {0};

	switch (question->kind) {
	case IMAGE_TCP:
	case IMAGE_UDP:
		return ask_address(image, question);
	case IMAGE_UID:
	case IMAGE_GID:
		return verdict_id(image, question->kind, question->number);
	default:
		return none;
	}
}

#endif
