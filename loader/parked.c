/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls that wait, and answers that found nobody. A signal takes a task out of its notification: with SA_RESTART it
 * asks the very same again, else it sees EINTR and may do so by itself. Its call on our copy went on meanwhile, as
 * the kernel's would have. Nobody is told of the signal, so a parked call whose task went away stays until it is
 * ready, the task asks again, or the next sweep.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "supervisor.h"

#define TICK_NS 10000000L /* what epoll cannot tell is tried again that often */
#define SWEEP_TICKS 100
#define LOST_NS 1000000000ull

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

static bool asks_again(const struct seccomp_notif *notif, pid_t tid, const struct seccomp_data *data)
{
	return (pid_t)notif->pid == tid && !memcmp(&notif->data, data, sizeof(*data));
}

/* The memory of what was answered in vain. */
static void lost_put(struct net *net, const struct seccomp_notif *notif, long result)
{
	net->lost[net->lost_next++ % NET_LOST] =
		(struct net_lost){.tid = notif->pid, .data = notif->data, .result = result, .time = now()};
}

static bool lost_take(struct guard *guard, const struct seccomp_notif *notif)
{
	for (size_t i = 0; i < NET_LOST; i++) {
		struct net_lost *lost = &guard->net->lost[i];

		if (lost->tid != (pid_t)notif->pid)
			continue;
		lost->tid = 0;
		if (memcmp(&notif->data, &lost->data, sizeof(lost->data)) || now() - lost->time > LOST_NS)
			continue;
		notif_answer(guard, notif, lost->result);
		return true;
	}
	return false;
}

void net_answer(struct guard *guard, const struct seccomp_notif *notif, long result)
{
	if (!notif_answer(guard, notif, result))
		lost_put(guard->net, notif, result);
}

static bool lingers(int fd)
{
	struct linger linger = {0};
	socklen_t size = sizeof(linger);

	return getsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, &size) == 0 && linger.l_onoff && linger.l_linger;
}

/* If its owner closed the socket meanwhile, the last copy is ours, and closing that would wait for the peer (SO_LINGER).
 * Who ends does not wait: so the last one to have it is a child that ends when we have closed ours. */
static void close_lingering(int fd)
{
	int ends[2];
	char none;

	if (pipe2(ends, O_CLOEXEC) == 0) {
		if (fork() == 0) {
			close(ends[1]);
			_exit(read(ends[0], &none, 1) != 0);
		}
		close(fd);
		close(ends[0]);
		close(ends[1]);
	} else {
		close(fd);
	}
}

void net_release(struct net_call *call)
{
	if (call->fd >= 0 && call->socket.is == SOCKET_STREAM && lingers(call->fd))
		close_lingering(call->fd);
	else if (call->fd >= 0)
		close(call->fd);
	call->fd = -1;
	if (call->send)
		send_release(call->send);
}

void net_free(struct net_call *call)
{
	net_release(call);
	if (call->send)
		send_free(call->send);
	free(call);
}

static void ticker_set(struct net *net, bool on)
{
	struct itimerspec each = {.it_interval.tv_nsec = on ? TICK_NS : 0, .it_value.tv_nsec = on ? TICK_NS : 0};

	if (net->ticking != on)
		timerfd_settime(net->ticker, 0, &each, NULL);
	net->ticking = on;
}

static void deadline_set(struct net_call *call)
{
	struct timeval timeout;
	socklen_t size = sizeof(timeout);

	if (getsockopt(call->fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, &size) == 0 &&
	    (timeout.tv_sec || timeout.tv_usec))
		call->deadline = now() + timeout.tv_sec * 1000000000ull + timeout.tv_usec * 1000ull;
}

void net_park(struct guard *guard, struct net_call *call)
{
	struct net *net = guard->net;
	struct epoll_event event = {.events = EPOLLOUT | EPOLLET, .data.ptr = call};

	deadline_set(call);
	epoll_ctl(net->epoll, EPOLL_CTL_ADD, call->fd, &event);
	call->next = net->parked;
	net->parked = call;
	ticker_set(net, true);
}

static void unpark(struct net *net, struct net_call *call)
{
	struct net_call **at = &net->parked;

	while (*at != call)
		at = &(*at)->next;
	*at = call->next;
	epoll_ctl(net->epoll, EPOLL_CTL_DEL, call->fd, NULL);
	if (!net->parked)
		ticker_set(net, false);
}

static void finish(struct guard *guard, struct net_call *call, long result)
{
	unpark(guard->net, call);
	net_release(call);
	if (call->send)
		send_over(guard, call, result);
	else
		net_answer(guard, &call->notif, result);
	net_free(call);
}

/* What a send that was cut short has done, or nothing. */
static long so_far(const struct net_call *call, long otherwise)
{
	return call->send && call->send->done ? (long)call->send->done : otherwise;
}

/* When to go on? Not of a queue that fills at the other end, nor of a datagram's room. */
static bool epoll_tells(const struct net_call *call)
{
	return call->socket.is == SOCKET_STREAM || (call->send && call->socket.type == SOCK_STREAM);
}

/* Its task went away. It may be back in a moment: a wait with SO_SNDTIMEO is then over, and is not restarted, whatever
 * the signal's action says: signal(7). */
static void let_drop(struct guard *guard, struct net_call *call)
{
	unpark(guard->net, call);
	if (call->deadline)
		lost_put(guard->net, &call->notif, -EINTR);
	net_free(call);
}

static void attempt_again(struct guard *guard, struct net_call *call)
{
	struct epoll_event event = {.events = EPOLLOUT | EPOLLET, .data.ptr = call};
	long result;

	/* nobody waits: its error is for whoever asks the socket next */
	if (!notif_valid(guard, &call->notif) && !so_far(call, 0)) {
		let_drop(guard, call);
		return;
	}
	if (!notif_valid(guard, &call->notif))
		return;
	result = call->attempt(guard, call);
	if (result != NET_WAIT)
		finish(guard, call, result);
	else if (call->deadline && now() >= call->deadline)
		finish(guard, call,
		       so_far(call, !call->send && call->socket.is != SOCKET_LOCAL ? -EINPROGRESS : -EAGAIN));
	else if (epoll_tells(call)) /* it may have room still: that is no edge */
		epoll_ctl(guard->net->epoll, EPOLL_CTL_MOD, call->fd, &event);
}

static void tick(struct guard *guard)
{
	struct net_call *call = guard->net->parked, *next;
	uint64_t ticks = 0;
	bool sweep;

	if (read(guard->net->ticker, &ticks, sizeof(ticks)) != sizeof(ticks))
		return;
	guard->net->ticks += ticks;
	sweep = guard->net->ticks >= SWEEP_TICKS;
	if (sweep)
		guard->net->ticks = 0;
	for (; call; call = next) {
		next = call->next;
		if (sweep && !notif_valid(guard, &call->notif))
			let_drop(guard, call);
		else if (call->deadline || !epoll_tells(call))
			attempt_again(guard, call);
	}
}

void net_ready(struct guard *guard)
{
	struct epoll_event event;

	/* one at a time: what it does may take the next one's call away */
	if (epoll_wait(guard->net->epoll, &event, 1, 0) <= 0)
		return;
	if (event.data.ptr == guard->net)
		tick(guard);
	else
		attempt_again(guard, event.data.ptr);
}

bool net_resumed(struct guard *guard, const struct seccomp_notif *notif)
{
	struct net_call *call = guard->net->parked;
	bool answered = false;
	long done;

	while (call && call->notif.pid != notif->pid)
		call = call->next;
	if (!call)
		return lost_take(guard, notif);
	unpark(guard->net, call);
	done = so_far(call, call->deadline ? -EINTR : 0);
	if (asks_again(notif, call->notif.pid, &call->notif.data) && done) {
		notif_answer(guard, notif, done);
		answered = true;
	}
	net_free(call);
	return answered;
}
