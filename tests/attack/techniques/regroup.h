/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A process whose first thread is within a long setgroups() while another of its threads executes: that one takes the
 * first one's number, and whoever followed the first one may take the new program for it.
 */
#ifndef MANTLET_TESTS_REGROUP_H
#define MANTLET_TESTS_REGROUP_H

#include <sys/types.h>

/* Such a process; execute(arg) is the other thread's. */
pid_t regroup_start(void (*execute)(void *arg), void *arg);

#endif
