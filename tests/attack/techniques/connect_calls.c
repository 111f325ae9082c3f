/* SPDX-License-Identifier: BSD-2-Clause */
/* By which call an address is named, and in which form. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <netinet/tcp.h>

#include "send.h"

#ifndef TCP_FASTOPEN_CONNECT
#define TCP_FASTOPEN_CONNECT 30
#endif

int socket_make(int family, int type, int protocol)
{
	int fd = socket(family, type | SOCK_CLOEXEC, protocol);

	need("socket", fd);
	return fd;
}

struct msghdr *message_to(const void *address, socklen_t len)
{
	static char byte = 'x';
	static struct iovec iov = {.iov_base = &byte, .iov_len = 1};
	static struct sockaddr_storage name;
	static struct msghdr msg;

	memcpy(&name, address, len);
	msg = (struct msghdr){.msg_name = &name, .msg_namelen = len, .msg_iov = &iov, .msg_iovlen = 1};
	return &msg;
}

static int tcp(void)
{
	return socket_make(AF_INET, SOCK_STREAM, 0);
}

static int tcp6(void)
{
	return socket_make(AF_INET6, SOCK_STREAM, 0);
}

static int udp(void)
{
	return socket_make(AF_INET, SOCK_DGRAM, 0);
}

static int udp6(void)
{
	return socket_make(AF_INET6, SOCK_DGRAM, 0);
}

static void by_connect(const struct aim *aim)
{
	connect(tcp(), AT(aim->in4));
}

static void by_address(const struct aim *aim)
{
	connect(tcp(), AT(aim->address));
}

static void by_connect6(const struct aim *aim)
{
	connect(tcp6(), AT(aim->in6));
}

static void by_mapped(const struct aim *aim)
{
	connect(tcp6(), AT(aim->mapped));
}

static void by_any(const struct aim *aim)
{
	struct sockaddr_in in4 = aim->in4;

	in4.sin_addr.s_addr = INADDR_ANY;
	connect(tcp(), AT(in4));
}

static void by_any6(const struct aim *aim)
{
	struct sockaddr_in6 in6 = aim->in6;

	in6.sin6_addr = in6addr_any;
	connect(tcp6(), AT(in6));
}

static void by_mapped_any(const struct aim *aim)
{
	struct sockaddr_in6 in6 = aim->mapped;

	memset(in6.sin6_addr.s6_addr + 12, 0, 4);
	connect(tcp6(), AT(in6));
}

/* Without the scope: RFC 2133 had none. */
static void by_short6(const struct aim *aim)
{
	connect(tcp6(), generic(&aim->in6), 24);
}

static void by_long(const struct aim *aim)
{
	char address[128] = {0};

	memcpy(address, &aim->in4, sizeof(aim->in4));
	connect(tcp(), generic(address), sizeof(address));
}

static void by_nonblocking(const struct aim *aim)
{
	struct pollfd poller = {.fd = socket_make(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), .events = POLLOUT};

	connect(poller.fd, AT(aim->in4));
	poll(&poller, 1, 1000);
}

/* The address of AF_UNSPEC means the socket's own family to TCP before 6.?, and a disconnect to all. */
static void by_reconnect(const struct aim *aim)
{
	struct sockaddr_in good = aim->in4;
	struct sockaddr none = {.sa_family = AF_UNSPEC};
	int fd = tcp();

	good.sin_port = htons(PORT_ALLOWED);
	connect(fd, AT(good));
	need("disconnect", connect(fd, AT(none)));
	if (!aim->forbidden)
		watch_ask(aim->work, ASK_CLEAR);
	connect(fd, AT(aim->in4));
}

static void by_bound(const struct aim *aim)
{
	struct sockaddr_in own = aim->in4;
	int fd = tcp();

	own.sin_port = 0;
	need("bind", bind(fd, AT(own)));
	connect(fd, AT(aim->in4));
}

static void by_fast_sendto(const struct aim *aim)
{
	sendto(tcp(), "x", 1, MSG_FASTOPEN, AT(aim->in4));
}

static void by_fast_sendto6(const struct aim *aim)
{
	sendto(tcp6(), "x", 1, MSG_FASTOPEN | MSG_NOSIGNAL, AT(aim->in6));
}

static void by_fast_mapped(const struct aim *aim)
{
	sendto(tcp6(), "x", 1, MSG_FASTOPEN, AT(aim->mapped));
}

static void by_fast_sendmsg(const struct aim *aim)
{
	sendmsg(tcp(), message_to(AT(aim->in4)), MSG_FASTOPEN);
}

static void by_fast_sendmmsg(const struct aim *aim)
{
	struct mmsghdr messages = {.msg_hdr = *message_to(AT(aim->in4))};

	sendmmsg(tcp(), &messages, 1, MSG_FASTOPEN);
}

static void by_fast_connect(const struct aim *aim)
{
	int fd = tcp(), on = 1;

	need("TCP_FASTOPEN_CONNECT", setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &on, sizeof(on)));
	connect(fd, AT(aim->in4));
	if (write(fd, "x", 1) < 0)
		return;
}

/* The flag is 32 bits wide; what is above it is not the kernel's to see. */
static void by_fast_wide(const struct aim *aim)
{
	syscall(SYS_sendto, tcp(), "x", 1, MSG_FASTOPEN | 1UL << 40, &aim->in4, sizeof(aim->in4));
}

static void by_sendto(const struct aim *aim)
{
	sendto(udp(), "x", 1, 0, AT(aim->in4));
}

static void by_sendto_address(const struct aim *aim)
{
	sendto(udp(), "x", 1, 0, AT(aim->address));
}

static void by_sendto6(const struct aim *aim)
{
	sendto(udp6(), "x", 1, 0, AT(aim->in6));
}

static void by_sendto_mapped(const struct aim *aim)
{
	sendto(udp6(), "x", 1, 0, AT(aim->mapped));
}

/* An IPv4 address at an IPv6 socket. */
static void by_sendto_other_family(const struct aim *aim)
{
	sendto(udp6(), "x", 1, 0, AT(aim->in4));
}

static void by_connect_other_family(const struct aim *aim)
{
	int fd = udp6();

	connect(fd, AT(aim->in4));
	send(fd, "x", 1, 0);
}

/* To a socket of AF_INET it is an address like another. */
static void by_sendto_unspec(const struct aim *aim)
{
	struct sockaddr_in in4 = aim->in4;

	in4.sin_family = AF_UNSPEC;
	sendto(udp(), "x", 1, 0, AT(in4));
}

static void by_sendto_any(const struct aim *aim)
{
	struct sockaddr_in in4 = aim->in4;

	in4.sin_addr.s_addr = INADDR_ANY;
	sendto(udp(), "x", 1, 0, AT(in4));
}

static void by_sendto_any6(const struct aim *aim)
{
	struct sockaddr_in6 in6 = aim->in6;

	in6.sin6_addr = in6addr_any;
	sendto(udp6(), "x", 1, 0, AT(in6));
}

static void by_sendmsg(const struct aim *aim)
{
	sendmsg(udp(), message_to(AT(aim->in4)), 0);
}

static void by_sendmsg6(const struct aim *aim)
{
	sendmsg(udp6(), message_to(AT(aim->in6)), 0);
}

static void by_sendmsg_mapped(const struct aim *aim)
{
	sendmsg(udp6(), message_to(AT(aim->mapped)), 0);
}

static void by_sendmsg_unspec(const struct aim *aim)
{
	struct sockaddr_in in4 = aim->in4;

	in4.sin_family = AF_UNSPEC;
	sendmsg(udp(), message_to(AT(in4)), 0);
}

/* The first of two is always allowed. */
static void by_sendmmsg(const struct aim *aim)
{
	struct sockaddr_in good = aim->in4;
	struct mmsghdr messages[2];

	good.sin_port = htons(PORT_ALLOWED);
	messages[1] = messages[0] = (struct mmsghdr){.msg_hdr = *message_to(AT(aim->in4))};
	messages[0].msg_hdr.msg_name = &good;
	sendmmsg(udp(), messages, 2, 0);
}

static void by_connected_udp(const struct aim *aim)
{
	int fd = udp();

	connect(fd, AT(aim->in4));
	send(fd, "x", 1, 0);
}

static void by_reconnected_udp(const struct aim *aim)
{
	struct sockaddr_in good = aim->in4;
	int fd = udp();

	good.sin_port = htons(PORT_ALLOWED);
	connect(fd, AT(good));
	connect(fd, AT(aim->in4));
	if (aim->forbidden)
		send(fd, "x", 1, 0);
	else
		send(fd, "y", 1, 0);
}

/* It is connected to an allowed one, and the message names another. */
static void by_sendto_while_connected(const struct aim *aim)
{
	struct sockaddr_in good = aim->in4;
	int fd = udp();

	good.sin_port = htons(PORT_ALLOWED);
	need("connect", connect(fd, AT(good)));
	sendto(fd, "x", 1, 0, AT(aim->in4));
}

/* The first part of a datagram goes nowhere until the second comes. */
static void by_more(const struct aim *aim)
{
	int fd = udp();

	sendto(fd, "x", 1, MSG_MORE, AT(aim->in4));
	send(fd, "x", 1, 0);
}

/* An IPv6 socket that is made one of IPv4. */
static void by_addrform(const struct aim *aim)
{
	struct sockaddr_in6 good = aim->mapped;
	int fd = udp6(), family = AF_INET;

	good.sin6_port = htons(PORT_ALLOWED);
	need("connect", connect(fd, AT(good)));
	need("IPV6_ADDRFORM", setsockopt(fd, IPPROTO_IPV6, IPV6_ADDRFORM, &family, sizeof(family)));
	sendto(fd, "x", 1, 0, AT(aim->in4));
}

/* Before it goes where its address says it goes to another: 127.0.0.9 for what is forbidden. */
static void source_route(const struct aim *aim, unsigned char option[8])
{
	const unsigned char loose[8] = {1, 131, 7, 4, 127, 0, 0, aim->forbidden ? 9 : 1};

	need_not("nobody can see it", watch_ask(aim->work, ASK_SNIFFER) < 0);
	memcpy(option, loose, sizeof(loose));
}

static void by_source_route(const struct aim *aim)
{
	struct sockaddr_in good = aim->in4;
	unsigned char option[8];
	int fd = udp();

	good.sin_port = htons(PORT_ALLOWED);
	source_route(aim, option);
	need("IP_OPTIONS", setsockopt(fd, IPPROTO_IP, IP_OPTIONS, option, sizeof(option)));
	sendto(fd, "x", 1, 0, AT(good));
}

static void by_connected_source_route(const struct aim *aim)
{
	struct sockaddr_in good = aim->in4;
	unsigned char option[8];
	int fd = socket_make(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	good.sin_port = htons(PORT_ALLOWED);
	source_route(aim, option);
	need("IP_OPTIONS", setsockopt(fd, IPPROTO_IP, IP_OPTIONS, option, sizeof(option)));
	connect(fd, AT(good));
}

static void by_message_source_route(const struct aim *aim)
{
	struct sockaddr_in good = aim->in4;
	char control[CMSG_SPACE(8)] = {0};
	struct msghdr *msg;
	struct cmsghdr *cmsg;

	good.sin_port = htons(PORT_ALLOWED);
	msg = message_to(AT(good));
	msg->msg_control = control;
	msg->msg_controllen = sizeof(control);
	cmsg = CMSG_FIRSTHDR(msg);
	cmsg->cmsg_level = IPPROTO_IP;
	cmsg->cmsg_type = IP_RETOPTS;
	cmsg->cmsg_len = CMSG_LEN(8);
	source_route(aim, CMSG_DATA(cmsg));
	need("IP_RETOPTS", sendmsg(udp(), msg, 0));
}

static const struct technique techniques[] = {
	{"connect", by_connect, SAME, 0, 0},
	{"connect to another address", by_address, SAME, 0, 0},
	{"connect, IPv6", by_connect6, SAME, 0, 0},
	{"connect, IPv4-mapped IPv6", by_mapped, SAME, 0, 0},
	{"connect to 0.0.0.0", by_any, ANY, 0, 0},
	{"connect to ::", by_any6, ANY, 0, 0},
	{"connect to ::ffff:0.0.0.0", by_mapped_any, ANY, 0, 0},
	{"connect, IPv6 address of 24 bytes", by_short6, ANY, 0, 0},
	{"connect, address of 128 bytes", by_long, SAME, 0, 0},
	{"connect, not blocking", by_nonblocking, SAME, 0, 0},
	{"connect after a disconnect (AF_UNSPEC)", by_reconnect, SAME, 0, 0},
	{"connect of a bound socket", by_bound, SAME, 0, 0},
	{"sendto MSG_FASTOPEN", by_fast_sendto, ANY, 0, 0},
	{"sendto MSG_FASTOPEN, IPv6", by_fast_sendto6, ANY, 0, 0},
	{"sendto MSG_FASTOPEN, IPv4-mapped", by_fast_mapped, ANY, 0, 0},
	{"sendto MSG_FASTOPEN with a 64-bit flag", by_fast_wide, ANY, 0, 0},
	{"sendmsg MSG_FASTOPEN", by_fast_sendmsg, ANY, 0, 0},
	{"sendmmsg MSG_FASTOPEN", by_fast_sendmmsg, ANY, 0, 0},
	{"TCP_FASTOPEN_CONNECT and write", by_fast_connect, SAME, 0, 0},
	{"sendto, UDP", by_sendto, SAME, 0, 0},
	{"sendto another address, UDP", by_sendto_address, SAME, 0, 0},
	{"sendto, UDP, IPv6", by_sendto6, SAME, 0, 0},
	{"sendto, UDP, IPv4-mapped", by_sendto_mapped, SAME, 0, 0},
	{"sendto, an IPv4 address at an IPv6 socket", by_sendto_other_family, ANY, 0, 0},
	{"connect, an IPv4 address at an IPv6 socket", by_connect_other_family, ANY, 0, 0},
	{"sendto, AF_UNSPEC at an IPv4 socket", by_sendto_unspec, SAME, 0, 0},
	{"sendto 0.0.0.0, UDP", by_sendto_any, ANY, 0, 0},
	{"sendto ::, UDP", by_sendto_any6, ANY, 0, 0},
	{"sendmsg, UDP", by_sendmsg, SAME, 0, 0},
	{"sendmsg, UDP, IPv6", by_sendmsg6, SAME, 0, 0},
	{"sendmsg, UDP, IPv4-mapped", by_sendmsg_mapped, SAME, 0, 0},
	{"sendmsg, AF_UNSPEC at an IPv4 socket", by_sendmsg_unspec, SAME, 0, 0},
	{"sendmmsg, the second message", by_sendmmsg, SAME, 0, 0},
	{"connect and send, UDP", by_connected_udp, SAME, 0, 0},
	{"connect twice, UDP", by_reconnected_udp, SAME, 0, 0},
	{"sendto from a socket connected elsewhere", by_sendto_while_connected, SAME, 0, 0},
	{"sendto MSG_MORE, and the rest without a name", by_more, SAME, 0, 0},
	{"sendto after IPV6_ADDRFORM", by_addrform, SAME, 0, 0},
	{"sendto with a source route (IP_OPTIONS)", by_source_route, ANY, 0, 0},
	{"connect with a source route", by_connected_source_route, ANY, 0, 0},
	{"sendmsg with a source route of its own (IP_RETOPTS)", by_message_source_route, ANY, 0, 0},
};

const struct technique_list connect_calls = TECHNIQUE_LIST(SECTION_CONNECT, techniques);
