/* SPDX-License-Identifier: BSD-2-Clause */
/* From an event of the kernel's ring buffer to a record of the audit. */
#ifndef MANTLET_LOADER_EVENT_H
#define MANTLET_LOADER_EVENT_H

#include <stdbool.h>
#include <stddef.h>

#include "audit.h"
#include "bpf/event.h"
#include "family.h"

/* What an event holds, as strings; records borrow them. */
struct event_texts {
	char path[EVENT_TEXT_LARGE + EVENT_NAME + 8];
	char exe[EVENT_TEXT_LARGE + EVENT_NAME + 8];
	char address[48];
	char protocol[FAMILY_NAME_MAX];
};

/* Is this an event, whole and of this version? */
bool event_check(const void *data, size_t size);

/* A checked event as a record. realtime: CLOCK_REALTIME minus CLOCK_MONOTONIC, in ns. */
void event_record(const struct event *event, int64_t realtime, struct event_texts *texts,
		  struct audit_record *record);

#endif
