/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * connect() and sends that may name an address, done by the supervisor in the task's stead. What was judged lies in
 * memory, and behind a descriptor number, that others can change until the kernel has read both: so it is our copy
 * of the address that is judged and used, on our copy of the descriptor, and the kernel never reads the task's.
 *
 * But where the thread is the only one to have its table of descriptors, what a number stands for cannot be changed
 * while the thread waits for us; and a local socket reaches nothing but what is local, whatever the address. Then it
 * is the kernel that goes on, and the peer sees who really calls. Else we call in the name of the task, with its ids
 * and from its directory; only the process that the peer sees is ours.
 *
 * A call that has to wait is parked, not waited for: connect() on a blocking socket is begun as on one that does not
 * block, goes on by itself, and epoll tells when it is over. The task waits in its notification, which a signal ends
 * as it would end the call. It then asks again, or not: parked.c.
 */
#ifndef MANTLET_NET_H
#define MANTLET_NET_H

#include <limits.h>
#include <linux/seccomp.h>
#include <sys/uio.h>
#include <sys/un.h>

#include "creds.h"
#include "peer.h"

struct guard;

#define NET_WAIT LONG_MIN /* not over: park it */
#define NET_PIDFDS 8
#define NET_LOST 64 /* results that nobody waited for any more */

/* What a send has beside its socket and name. */
struct net_send {
	bool named, fastopen;
	int flags;
	struct iovec *iov; /* in the task */
	size_t iov_count, total, done;
	char *control; /* a copy, with our descriptors in place of the task's */
	size_t control_len;
	int *passed; /* those */
	size_t passed_count;
	uint64_t length_at; /* sendmmsg: where the task wants to read how much was sent; else 0 */
};

struct net_call {
	struct net_call *next;
	struct seccomp_notif notif;
	int fd, flags; /* a copy; F_GETFL */
	struct peer_socket socket;
	bool blocks;
	struct sockaddr_storage name;
	socklen_t name_len;
	struct net_send *send;                              /* NULL: a connect */
	long (*attempt)(struct guard *, struct net_call *); /* a result, -errno, or NET_WAIT if it blocks */
	uint64_t deadline;                                  /* of SO_SNDTIMEO, CLOCK_MONOTONIC in ns; 0: none */
};

struct net_lost {
	pid_t tid;
	struct seccomp_data data;
	long result;
	uint64_t time;
};

struct net_pidfd {
	pid_t tid, of; /* of: whose descriptors it leads to */
	int fd;
};

struct net {
	int epoll, ticker, cwd;
	bool shared; /* some processes have a table of descriptors in common */
	bool ticking;
	uint64_t ticks;                      /* since the last sweep */
	struct net_pidfd pidfds[NET_PIDFDS]; /* of those that asked last */
	unsigned int pidfd_next;
	struct creds own;
	struct net_call *parked;
	struct net_lost lost[NET_LOST];
	unsigned int lost_next;
};

/* Can descriptors of others be copied here? -errno, and what to do. */
int net_possible(struct fault *fault);

/* In the parent, before and after the fork. */
int net_open(struct net **out, struct fault *fault);
int net_adopt(struct net *net);
void net_close(struct net *net);

/* The calls. */
void net_connect_asked(struct guard *guard, const struct seccomp_notif *notif);
void net_send_asked(struct guard *guard, const struct seccomp_notif *notif);
void net_socket_asked(struct guard *guard, const struct seccomp_notif *notif);
void net_clone_asked(struct guard *guard, const struct seccomp_notif *notif);

/* Goes on with a parked call that is ready. */
void net_ready(struct guard *guard);

/* -- between net.c, send.c and parked.c -- */

/* Copies the socket, and the flags that say whether it blocks. -errno: as the call's own; *seen false: we may not. */
int net_take(struct guard *guard, const struct seccomp_notif *notif, struct net_call *call, bool *seen);
int net_copy(struct net *net, const struct task *task, int number);
int net_name(const struct task *task, uint64_t address, uint64_t len, struct net_call *call);
void net_unseen(struct guard *guard, const struct seccomp_notif *notif);

/* Can nobody else change what the task's descriptors stand for? */
bool net_fixed(const struct guard *guard, const struct task *task);

/* Judges, reports. True: it is to be refused. */
bool net_denied(struct guard *guard, const struct net_call *call, const struct peer *peer);

long net_connect_attempt(struct guard *guard, struct net_call *call);

/* It waits from here on. Takes the call, which was malloc()ed. */
void net_park(struct guard *guard, struct net_call *call);
void net_answer(struct guard *guard, const struct seccomp_notif *notif, long result);
void net_free(struct net_call *call);
void send_free(struct net_send *send);

/* Closes our copies. Before the answer: what its caller closes next is to be closed then, and not when we get to it, at
 * once and by the caller's own hand. */
void net_release(struct net_call *call);
void send_release(struct net_send *send);

/* Answers a send. */
void send_over(struct guard *guard, struct net_call *call, long result);

/* The task asks what it asked before a signal took it out: the answer is there, or was given. */
bool net_resumed(struct guard *guard, const struct seccomp_notif *notif);

/* Around a call on a local socket: the supervisor is who the task is, and where it is. */
struct net_guise {
	struct creds creds;
	bool rooted, moved;
};

int net_enter(struct guard *guard, const struct net_call *call, struct net_guise *guise);
void net_leave(struct guard *guard, struct net_guise *guise);

/* Around a send with control messages on any other: what they ask for may take a capability (a mark, IPv6's options), so
 * the supervisor has no more than the task has. lent borrows; creds_leave() ends it. */
int net_lend(struct guard *guard, const struct net_call *call, struct creds *lent);

#endif
