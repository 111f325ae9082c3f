/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The watch: lives outside of the domain and listens where the techniques try to get to. It answers one-byte questions
 * on the FIFO WORK/ask by a long on WORK/answer. On loopback what was sent has arrived when the call returns, so that
 * an answer is final.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/vm_sockets.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "technique.h"
#include "victim.h"

enum { ENDPOINTS = 64 };

struct endpoint {
	int fd;
	bool stream, allowed;
};

struct watch {
	struct endpoint endpoints[ENDPOINTS];
	size_t count;
	long arrived[2]; /* [allowed] */
	int ask, answer, hand, sniffer;
	pid_t victim;
};

static void endpoint_add(struct watch *watch, int fd, const void *address, socklen_t len, bool stream, bool allowed)
{
	const int on = 1;

	if (fd < 0 || watch->count == ENDPOINTS)
		return;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (stream)
		setsockopt(fd, IPPROTO_TCP, 23 /* TCP_FASTOPEN */, &(int){16}, sizeof(int));
	if (bind(fd, address, len) || (stream && listen(fd, 64))) {
		close(fd);
		return;
	}
	watch->endpoints[watch->count++] = (struct endpoint){fd, stream, allowed};
}

static const struct {
	int type, protocol;
} transports[] = {
	{SOCK_STREAM, IPPROTO_TCP},  {SOCK_DGRAM, IPPROTO_UDP}, {SOCK_DGRAM, IPPROTO_UDPLITE},
	{SOCK_STREAM, IPPROTO_SCTP}, {SOCK_DCCP, IPPROTO_DCCP},
};

static void listen_at(struct watch *watch, const void *address, socklen_t len, bool allowed)
{
	for (size_t i = 0; i < sizeof(transports) / sizeof(transports[0]); i++) {
		int type = transports[i].type, family = ((const struct sockaddr *)address)->sa_family;

		endpoint_add(watch, socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, transports[i].protocol),
			     address, len, type != SOCK_DGRAM, allowed);
	}
}

static void listen_everywhere(struct watch *watch)
{
	const struct sockaddr_vm vm = {.svm_family = AF_VSOCK, .svm_cid = VMADDR_CID_ANY, .svm_port = PORT_FORBIDDEN};

	for (int allowed = 0; allowed < 2; allowed++) {
		const in_port_t port = htons(allowed ? PORT_ALLOWED : PORT_FORBIDDEN);
		struct sockaddr_in in4 = {.sin_family = AF_INET, .sin_port = port};
		struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = port, .sin6_addr = in6addr_loopback};

		in4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		listen_at(watch, &in4, sizeof(in4), allowed);
		listen_at(watch, &in6, sizeof(in6), allowed);
		if (!allowed)
			continue;
		in4.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1);
		listen_at(watch, &in4, sizeof(in4), false);
	}
	endpoint_add(watch, socket(AF_VSOCK, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), &vm, sizeof(vm), true,
		     false);
}

static bool arrival_take(const struct endpoint *endpoint)
{
	char byte[2048];
	int fd;

	if (!endpoint->stream)
		return recv(endpoint->fd, byte, sizeof(byte), 0) >= 0;
	fd = accept4(endpoint->fd, NULL, NULL, SOCK_CLOEXEC);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* A packet of IPv4 on its way to SNIFFED. */
static bool packet_take(int sniffer, long *arrived)
{
	struct iphdr header;
	ssize_t got = recv(sniffer, &header, sizeof(header), 0);

	if (got == sizeof(header) && header.version == 4 && ntohl(header.daddr) == SNIFFED)
		++*arrived;
	return got >= 0;
}

static void arrivals_take(struct watch *watch)
{
	for (size_t i = 0; i < watch->count; i++)
		while (arrival_take(&watch->endpoints[i]))
			watch->arrived[watch->endpoints[i].allowed]++;
	while (watch->sniffer >= 0 && packet_take(watch->sniffer, &watch->arrived[0]))
		;
}

/* A socket that was made outside of the domain. */
static long socket_hand(struct watch *watch)
{
	int to = accept4(watch->hand, NULL, NULL, SOCK_CLOEXEC), fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char byte = 0, control[CMSG_SPACE(sizeof(int))] = {0};
	struct iovec iov = {.iov_base = &byte, .iov_len = 1};
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	if (to < 0 || fd < 0 || sendmsg(to, &msg, MSG_NOSIGNAL) != 1)
		return -1;
	close(to);
	close(fd);
	return 0;
}

char victim_order[PATH_MAX + 8] __attribute__((aligned(8)));

/* Orders are complete when their first byte is there, or a moment later. */
__attribute__((noreturn)) static void victim_live(void)
{
	char *const args[] = {victim_order, NULL};

	while (!*(volatile char *)victim_order)
		usleep(10000);
	usleep(20000);
	execve(victim_order, args, environ);
	_exit(1);
}

static pid_t victim_start(struct watch *watch)
{
	if (watch->victim > 0)
		kill(watch->victim, SIGKILL);
	watch->victim = fork();
	if (watch->victim == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		victim_live();
	}
	return watch->victim;
}

static long question_answer(struct watch *watch, enum question question)
{
	arrivals_take(watch);
	switch (question) {
	case ASK_CLEAR:
		watch->arrived[0] = watch->arrived[1] = 0;
		return 0;
	case ASK_ALLOWED:
		return watch->arrived[1];
	case ASK_FORBIDDEN:
		return watch->arrived[0];
	case ASK_ARRIVED_ALLOWED:
		return ++watch->arrived[1];
	case ASK_ARRIVED_FORBIDDEN:
		return ++watch->arrived[0];
	case ASK_SNIFFER:
		return watch->sniffer < 0 ? -1 : 0;
	case ASK_SOCKET:
		return socket_hand(watch);
	case ASK_VICTIM:
		return victim_start(watch);
	}
	return -1;
}

static int fifo_open(const char *work, const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", work, name);
	unlink(path);
	if (mkfifo(path, 0666) || chmod(path, 0666))
		return -1;
	return open(path, O_RDWR | O_CLOEXEC);
}

static int hand_open(const char *work)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/hand", work);
	unlink(address.sun_path);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) || listen(fd, 8) || chmod(address.sun_path, 0777))
		return -1;
	return fd;
}

/* A new network namespace's is down. */
static void loopback_up(void)
{
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	ioctl(fd, SIOCSIFFLAGS, &request);
	close(fd);
}

int watch_main(const char *work)
{
	struct watch watch = {
		.ask = fifo_open(work, "ask"), .answer = fifo_open(work, "answer"), .hand = hand_open(work)};
	char byte;

	setenv("EFFECT_DIR", work, 1); /* for what the victim executes */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGCHLD, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	loopback_up();
	listen_everywhere(&watch);
	watch.sniffer = socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, htons(ETH_P_IP));
	if (watch.ask < 0 || watch.answer < 0 || watch.hand < 0) {
		perror("techniques watch");
		return 1;
	}
	while (read(watch.ask, &byte, 1) == 1) {
		long answer = question_answer(&watch, byte);

		if (write(watch.answer, &answer, sizeof(answer)) != sizeof(answer))
			return 1;
	}
	return 0;
}
