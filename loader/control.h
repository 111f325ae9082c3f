/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What other commands ask of a running daemon: a socket for root, a line with a request of a closed table, and the
 * answer. A client that does not read is dropped, and never waited for.
 *
 *   reload   reads the policies again; the answer tells what became of each, its last line is "ok" or "failed"
 *   events   the audit's records, from now on, until the client goes
 *   stop     the daemon ends (what it enforces goes on); the answer is "ok"
 */
#ifndef MANTLET_CONTROL_H
#define MANTLET_CONTROL_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

#include "fault.h"
#include "lock.h"

#define CONTROL_SOCKET RUN_DIRECTORY "/control"
#define CONTROL_CLIENTS 16

struct control_request {
	const char *name;
	void (*answer)(void *ctx, char **text); /* *text: the answer, to be freed; NULL for a client that stays */
};

struct control_client {
	int fd; /* -1: none */
	bool stays;
	char line[16]; /* its request so far */
	size_t len;
	char *out; /* what it has not taken yet */
	size_t used;
	size_t skipped; /* records that found no room in it */
};

struct control {
	int fd;
	const struct control_request *requests; /* ends with one that has no name */
	void *ctx;
	struct control_client client[CONTROL_CLIENTS];
};

int control_open(struct control *control, const struct control_request *requests, void *ctx, struct fault *fault);
void control_close(struct control *control);

/* What to poll for, and what to do about it. */
#define CONTROL_POLLS (1 + CONTROL_CLIENTS)
void control_polls(const struct control *control, struct pollfd polls[CONTROL_POLLS]);
void control_dispatch(struct control *control, const struct pollfd polls[CONTROL_POLLS]);

/* To all clients that stay. */
void control_tell(void *control, const char *text, size_t len);

/* The client's side: a connected socket to which the request was written. */
int control_ask(const char *request, struct fault *fault);

#endif
