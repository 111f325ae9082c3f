/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The part of the filter that libseccomp cannot write: comparisons of one argument with many values. It stands in
 * front of libseccomp's program, allows or asks about the calls that it knows, and leaves all others to it.
 */
#ifndef MANTLET_FRONT_H
#define MANTLET_FRONT_H

#include <linux/filter.h>
#include <stdbool.h>

#include "fault.h"
#include "policy/verdict.h"

struct front {
	image_ref image;
	bool sockets;  /* ask about socket() of what verdict_socket() calls a door */
	bool identity; /* ask about ids that the policy does not allow to everybody */
};

/* Puts itself before the program, whose filter is replaced. */
int front_build(const struct front *front, struct sock_fprog *program, struct fault *fault);

#endif
