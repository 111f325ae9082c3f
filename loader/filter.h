/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The seccomp filter: built in the parent, where failing is cheap, and installed in the child as its last
 * act.
 */
#ifndef MANTLET_FILTER_H
#define MANTLET_FILTER_H

#include <linux/filter.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fault.h"

#define FILTER_ARGS 2

/* One rule: what becomes of a system call whose arguments compare so. */
struct filter_rule {
	int syscall;
	uint32_t action; /* SCMP_ACT_NOTIFY, SCMP_ACT_ERRNO(e) */
	unsigned int args;
	struct scmp_arg_cmp arg[FILTER_ARGS];
};

/* System calls that no rule names are allowed; those of another table than this machine's own (i386, x32,
 * 32-bit arm) do not exist. program->filter is freed with free(). */
int filter_build(const struct filter_rule *rules, size_t count, struct sock_fprog *program, struct fault *fault);

/* Puts the calling task under the filter. Returns the listener. killable: let a notification that was received be
 * taken back by no signal, where the kernel can (5.19); *wait_killable: it is so. */
int filter_install(const struct sock_fprog *program, bool killable, bool *wait_killable, struct fault *fault);

#endif
