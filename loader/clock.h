/* SPDX-License-Identifier: BSD-2-Clause */
/* Clocks: the kernel's events bear the one, the audit and files the other. */
#ifndef MANTLET_CLOCK_H
#define MANTLET_CLOCK_H

#include <stdint.h>

/* CLOCK_MONOTONIC. */
uint64_t clock_ms(void);

/* CLOCK_REALTIME is CLOCK_MONOTONIC and so many ns, exactly, until somebody sets it. */
int64_t clock_offset(void);

/* CLOCK_REALTIME_COARSE in ns, with which files are stamped. */
uint64_t clock_of_files(void);

/* A descriptor that is readable when CLOCK_REALTIME was set; clock_was_set() reads it. -errno on failure. */
int clock_watch(void);
_Bool clock_was_set(int fd);

#endif
