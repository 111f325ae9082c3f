/* SPDX-License-Identifier: BSD-2-Clause */
/* From which kind of socket: other transports, and other doors out of the container. */
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include <linux/vm_sockets.h> /* in headers of 6.1 it wants sys/socket.h before it */

#include "send.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

static void by_mptcp(const struct aim *aim)
{
	connect(socket_make(AF_INET, SOCK_STREAM, IPPROTO_MPTCP), AT(aim->in4));
}

static void by_mptcp6(const struct aim *aim)
{
	connect(socket_make(AF_INET6, SOCK_STREAM, IPPROTO_MPTCP), AT(aim->in6));
}

static void by_mptcp_fast(const struct aim *aim)
{
	int fd = socket_make(AF_INET, SOCK_STREAM, IPPROTO_MPTCP);

	need("MSG_FASTOPEN of MPTCP", sendto(fd, "x", 1, MSG_FASTOPEN, AT(aim->in4)));
}

static void by_udplite(const struct aim *aim)
{
	sendto(socket_make(AF_INET, SOCK_DGRAM, IPPROTO_UDPLITE), "x", 1, 0, AT(aim->in4));
}

static void by_udplite_connect(const struct aim *aim)
{
	int fd = socket_make(AF_INET6, SOCK_DGRAM, IPPROTO_UDPLITE);

	connect(fd, AT(aim->in6));
	send(fd, "x", 1, 0);
}

/* The effect is the answer: there is no port to arrive at. */
static void ping(const struct aim *aim, bool connected)
{
	struct icmphdr request = {.type = ICMP_ECHO};
	struct sockaddr_in to = aim->in4;
	struct pollfd poller = {.fd = socket_make(AF_INET, SOCK_DGRAM, IPPROTO_ICMP), .events = POLLIN};

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 2);
	if (connected && connect(poller.fd, AT(to)) == 0)
		send(poller.fd, &request, sizeof(request), 0);
	else if (!connected)
		sendto(poller.fd, &request, sizeof(request), 0, AT(to));
	if (poll(&poller, 1, 200) == 1 && recv(poller.fd, &request, sizeof(request), 0) > 0)
		watch_ask(aim->work, aim->forbidden ? ASK_ARRIVED_FORBIDDEN : ASK_ARRIVED_ALLOWED);
}

static void by_ping(const struct aim *aim)
{
	ping(aim, false);
}

static void by_connected_ping(const struct aim *aim)
{
	ping(aim, true);
}

static void by_sctp(const struct aim *aim)
{
	connect(socket_make(AF_INET, SOCK_STREAM, IPPROTO_SCTP), AT(aim->in4));
}

static void by_sctp_sendmsg(const struct aim *aim)
{
	sendmsg(socket_make(AF_INET, SOCK_SEQPACKET, IPPROTO_SCTP), message_to(AT(aim->in4)), 0);
	usleep(100000);
}

/* setsockopt takes the addresses. */
static void sctp_option(const struct aim *aim, int option)
{
	int fd = socket_make(AF_INET, SOCK_STREAM, IPPROTO_SCTP);

	setsockopt(fd, IPPROTO_SCTP, option, &aim->in4, sizeof(aim->in4));
	usleep(100000);
}

static void by_sctp_connectx(const struct aim *aim)
{
	sctp_option(aim, 110 /* SCTP_SOCKOPT_CONNECTX */);
}

static void by_sctp_connectx_old(const struct aim *aim)
{
	sctp_option(aim, 107 /* SCTP_SOCKOPT_CONNECTX_OLD */);
}

static void by_dccp(const struct aim *aim)
{
	int fd = socket_make(AF_INET, SOCK_DCCP, IPPROTO_DCCP), service = 0;

	setsockopt(fd, 269 /* SOL_DCCP */, 2 /* DCCP_SOCKOPT_SERVICE */, &service, sizeof(service));
	connect(fd, AT(aim->in4));
}

struct datagram4 {
	struct iphdr ip;
	struct udphdr udp;
	char byte;
} __attribute__((packed));

static void datagram4_make(const struct aim *aim, struct datagram4 *datagram)
{
	*datagram = (struct datagram4){
		.ip = {.version = 4,
		       .ihl = 5,
		       .ttl = 64,
		       .protocol = IPPROTO_UDP,
		       .tot_len = htons(sizeof(*datagram))},
		.udp = {.source = htons(4803), .dest = aim->in4.sin_port, .len = htons(9)},
	};
	datagram->ip.saddr = datagram->ip.daddr = aim->in4.sin_addr.s_addr;
}

/* The whole packet, header and all. */
static void by_raw(const struct aim *aim)
{
	int fd = socket_make(AF_INET, SOCK_RAW, IPPROTO_RAW);
	struct datagram4 datagram;

	datagram4_make(aim, &datagram);
	sendto(fd, &datagram, sizeof(datagram), 0, AT(aim->in4));
}

static void by_raw_udp(const struct aim *aim)
{
	struct sockaddr_in to = aim->in4;
	struct datagram4 datagram;
	int fd = socket_make(AF_INET, SOCK_RAW, IPPROTO_UDP);

	datagram4_make(aim, &datagram);
	to.sin_port = 0;
	connect(fd, AT(to));
	send(fd, &datagram.udp, sizeof(datagram) - sizeof(datagram.ip), 0);
}

struct datagram6 {
	struct ip6_hdr ip;
	struct udphdr udp;
	char byte;
} __attribute__((packed));

/* The checksum that IPv6 wants: from ::1 to ::1, over one byte. */
static void datagram6_make(const struct aim *aim, struct datagram6 *datagram)
{
	const in_port_t to = ntohs(aim->in6.sin6_port);
	unsigned int sum = 1 + 1 + 9 + IPPROTO_UDP + 4803 + to + 9 + ('x' << 8);

	*datagram = (struct datagram6){
		.udp = {.source = htons(4803), .dest = htons(to), .len = htons(9)},
		.byte = 'x',
	};
	datagram->ip.ip6_src = datagram->ip.ip6_dst = in6addr_loopback;
	datagram->ip.ip6_flow = htonl(6u << 28);
	datagram->ip.ip6_plen = htons(9);
	datagram->ip.ip6_nxt = IPPROTO_UDP;
	datagram->ip.ip6_hlim = 64;
	datagram->udp.check = htons(~((sum & 0xffff) + (sum >> 16)));
}

static void by_raw6(const struct aim *aim)
{
	struct sockaddr_in6 to = aim->in6;
	struct datagram6 datagram;
	int fd = socket_make(AF_INET6, SOCK_RAW, IPPROTO_UDP);

	datagram6_make(aim, &datagram);
	to.sin6_port = 0;
	sendto(fd, &datagram.udp, sizeof(datagram) - sizeof(datagram.ip), 0, AT(to));
}

/* Straight onto the wire. */
static void packet(const struct aim *aim, int type)
{
	struct sockaddr_ll to = {.sll_family = AF_PACKET,
				 .sll_protocol = htons(ETH_P_IPV6),
				 .sll_ifindex = if_nametoindex("lo"),
				 .sll_halen = 6};
	struct {
		struct ethhdr ether;
		struct datagram6 datagram;
	} __attribute__((packed)) frame = {.ether = {.h_proto = htons(ETH_P_IPV6)}};
	int fd = socket_make(AF_PACKET, type, htons(ETH_P_IPV6));

	datagram6_make(aim, &frame.datagram);
	if (type == SOCK_RAW)
		sendto(fd, &frame, sizeof(frame), 0, AT(to));
	else
		sendto(fd, &frame.datagram, sizeof(frame.datagram), 0, AT(to));
	usleep(10000);
}

static void by_packet(const struct aim *aim)
{
	packet(aim, SOCK_RAW);
}

static void by_cooked_packet(const struct aim *aim)
{
	packet(aim, SOCK_DGRAM);
}

static void by_old_packet(const struct aim *aim)
{
	struct sockaddr to = {.sa_family = AF_INET, .sa_data = "lo"};
	struct {
		struct ethhdr ether;
		struct datagram6 datagram;
	} __attribute__((packed)) frame = {.ether = {.h_proto = htons(ETH_P_IPV6)}};
	int fd = socket_make(AF_INET, SOCK_PACKET, htons(ETH_P_IPV6));

	datagram6_make(aim, &frame.datagram);
	sendto(fd, &frame, sizeof(frame), 0, &to, sizeof(to));
	usleep(10000);
}

static void by_vsock(const struct aim *aim)
{
	const struct sockaddr_vm vm = {
		.svm_family = AF_VSOCK, .svm_cid = 1 /* VMADDR_CID_LOCAL */, .svm_port = ntohs(aim->in4.sin_port)};

	need("vsock on loopback", connect(socket_make(AF_VSOCK, SOCK_STREAM, 0), AT(vm)));
}

/* That there is one is the effect: from there it goes past the kernel. */
static void by_xdp(const struct aim *aim)
{
	socket_make(44 /* AF_XDP */, SOCK_RAW, 0);
	watch_ask(aim->work, aim->forbidden ? ASK_ARRIVED_FORBIDDEN : ASK_ARRIVED_ALLOWED);
}

static const struct technique techniques[] = {
	{"MPTCP", by_mptcp, SAME, 0, 0},
	{"MPTCP, IPv6", by_mptcp6, SAME, 0, 0},
	{"MPTCP fast open", by_mptcp_fast, ANY, 0, 0},
	{"UDP-Lite", by_udplite, SAME, 0, 0},
	{"UDP-Lite, IPv6, connected", by_udplite_connect, SAME, 0, 0},
	{"ping socket", by_ping, NEVER, 0, 0},
	{"ping socket, connected", by_connected_ping, NEVER, 0, 0},
	{"SCTP", by_sctp, ANY, 0, 0},
	{"SCTP sendmsg", by_sctp_sendmsg, ANY, 0, 0},
	{"SCTP_SOCKOPT_CONNECTX", by_sctp_connectx, ANY, 0, 0},
	{"SCTP_SOCKOPT_CONNECTX_OLD", by_sctp_connectx_old, ANY, 0, 0},
	{"DCCP", by_dccp, ANY, 0, 0},
	{"raw socket, whole packet", by_raw, NEVER, 0, 0},
	{"raw socket, UDP", by_raw_udp, NEVER, 0, 0},
	{"raw socket, IPv6", by_raw6, NEVER, 0, 0},
	{"packet socket", by_packet, NEVER, 0, 0},
	{"packet socket, cooked", by_cooked_packet, NEVER, 0, 0},
	{"packet socket of the old kind", by_old_packet, NEVER, 0, 0},
	{"vsock", by_vsock, NEVER, 0, 0},
	{"XDP socket", by_xdp, NEVER, 0, 0},
};

const struct technique_list connect_sockets = TECHNIQUE_LIST(SECTION_CONNECT, techniques);
