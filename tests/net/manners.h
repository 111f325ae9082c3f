/* SPDX-License-Identifier: BSD-2-Clause */
/* What the parts of `manners` share. Each manner prints what it saw, in words that are the same in every run. */
#ifndef MANTLET_TESTS_MANNERS_H
#define MANTLET_TESTS_MANNERS_H

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PORT 4901           /* somebody listens, TCP and UDP */
#define PORT_NOBODY 4902    /* nobody does */
#define NOWHERE "10.99.0.2" /* what is sent there is never answered */

struct manner {
	const char *name;
	void (*run)(void);
};

extern const struct manner net_manners[], local_manners[];

/* "name: text" */
__attribute__((format(printf, 1, 2))) void saw(const char *format, ...);

/* "0", or the errno's name. */
const char *outcome(long result);

struct sockaddr_in inet(const char *address, int port);
int tcp(int flags);
int udp(void);

/* Accepts and returns the connection that comes from `from`. */
int accepted(int from);

/* The sockets of PORT. */
extern int listener, receiver;

/* Is every process that acts to have a second thread? After a fork it needs a new one. */
extern bool many;
void be_many(void);

/* Milliseconds on a clock. */
long clock_ms(void);

/* A handler that counts, on SIGALRM, after so many milliseconds. */
extern volatile int alarms;
void alarm_in(int ms, int sa_flags);

#endif
