/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which addresses a domain speaks to: from a socket and what a call names, to a verdict and its event.
 *
 * A name is the kernel's own copy: the caller can change it no more. What each protocol makes of it, and so what
 * it is judged as:
 *
 * - AF_UNSPEC given to connect() ends a connection. Given to a send, an IPv4 socket takes it for AF_INET
 *   (udp_sendmsg()); an IPv6 one ignores it, and sends to its peer (udpv6_sendmsg()).
 * - An IPv6 socket takes an AF_INET address (__ip6_datagram_connect(), udpv6_sendmsg()). An IPv4 socket refuses
 *   an AF_INET6 one, so it does not matter how that is judged.
 * - Without a name, a send goes where an earlier call said; that was judged, unless the socket came from outside.
 */
#ifndef MANTLET_BPF_CONNECT_H
#define MANTLET_BPF_CONNECT_H

#include <bpf/bpf_endian.h>

#include "report.h"

/* Lengths from which on the kernel takes an address: without sin_zero's end, or sin6_scope_id (RFC 2133). */
#define ADDRESS_INET 16
#define ADDRESS_INET6 24

/* What every address begins with. */
struct address_head {
	__u16 family;
	__be16 port;
	__be32 ipv4;
};

/* By plain loads, which cost a tenth of a call; no field of struct sockaddr is like these. */
static __always_inline void address_head(struct address_head *head, const struct sockaddr *address)
{
	__u64 rest = *(const __u64 *)((const char *)address + 2);

	head->family = *(const __u16 *)address;
	head->port = rest;
	head->ipv4 = rest >> 16;
}

struct socket_asked {
	int family, type, protocol;
	const void *name; /* NULL: none */
	int len;
	struct address_head head; /* of the name */
	_Bool sends;              /* else connects */
	_Bool routed;             /* by an option that leads elsewhere */
};

/* false: there is no socket any more. */
static __always_inline _Bool socket_gather(struct socket_asked *asked, struct socket *sock)
{
	struct sock *sk = sock->sk;

	if (!sk)
		return 0;
	asked->family = sk->__sk_common.skc_family;
	asked->type = sk->sk_type;
	asked->protocol = sk->sk_protocol;
	return 1;
}

#define CONTROL_MESSAGES 16 /* of one send, that are looked through; with more it is refused */

/* Does a control message lead elsewhere? They are the kernel's copy. */
static __attribute__((noinline)) _Bool message_routed(const struct msghdr *msg)
{
	const char *at = msg->msg_control;
	__u64 left = msg->msg_controllen;
	struct cmsghdr head;

	for (int i = 0; i < CONTROL_MESSAGES; i++) {
		__u64 step;

		if (left < sizeof(head) || bpf_probe_read_kernel(&head, sizeof(head), at) ||
		    head.cmsg_len < sizeof(head) || head.cmsg_len > left)
			return 0; /* the end; or the kernel refuses what is malformed */
		if (verdict_reroutes(head.cmsg_level, head.cmsg_type))
			return 1;
		step = (head.cmsg_len + 7) & ~7ull;
		if (step >= left)
			return 0;
		left -= step;
		at += step;
	}
	return 1;
}

struct peer {
	struct verdict_address address;
	__u16 port;
	__u16 end; /* PATH_WHOLE; PATH_GOING: nothing is named, or it was not asked; PATH_NO_ADDRESS */
};

static __always_inline __u16 peer_ipv6(struct peer *peer, const void *name, int len)
{
	__be64 address[2];

	if (len < ADDRESS_INET6 || bpf_probe_read_kernel(address, sizeof(address), name + 8))
		return PATH_NO_ADDRESS;
	peer->address = verdict_ipv6(bpf_be64_to_cpu(address[0]), bpf_be64_to_cpu(address[1]));
	return PATH_WHOLE;
}

static __always_inline __u16 peer_gather(struct peer *peer, const struct socket_asked *asked)
{
	struct address_head head = asked->head;

	if (asked->routed)
		return PATH_NO_ADDRESS;
	if (!asked->name)
		return PATH_GOING;
	if (asked->len < (int)sizeof(head.family))
		return PATH_NO_ADDRESS;
	if (head.family == FAMILY_UNSPEC && !(asked->sends && asked->family == FAMILY_INET))
		return PATH_GOING;
	peer->port = bpf_ntohs(head.port);
	if (head.family == FAMILY_INET6)
		return peer_ipv6(peer, asked->name, asked->len);
	if (asked->len < ADDRESS_INET || (head.family != FAMILY_INET && head.family != FAMILY_UNSPEC))
		return PATH_NO_ADDRESS;
	peer->address = verdict_ipv4(bpf_ntohl(head.ipv4));
	return PATH_WHOLE;
}

/* On what a call names, or, if no address rule can judge it, on its socket. */
static __always_inline void decide_peer(const struct domain *domain, enum verdict_socket is, const struct peer *peer,
					struct decision *d)
{
	struct image_view image;

	if (is != SOCKET_DOOR && peer->end == PATH_WHOLE) {
		decide_address(domain->policy, TABLE_PORT(verdict_protocol(is), peer->port), peer->address.high,
			       peer->address.low, d);
		return;
	}
	if (!decide_image(&domain->policy, RULE_CONNECT, &image, d))
		return;
	d->verdict = is == SOCKET_DOOR ? verdict_family(&image) : verdict_unreadable(&image);
	if (is != SOCKET_DOOR)
		d->end = peer->end;
}

/* Not inline, for its stack. */
static __attribute__((noinline)) int report_connect(const struct domain *domain, const struct decision *decision,
						    const struct socket_asked *asked, const struct peer *peer)
{
	struct report report = {.domain = domain, .decision = decision, .kind = EVENT_CONNECT};

	report.connect.family = asked->family;
	report.connect.type = asked->type;
	report.connect.protocol = asked->protocol;
	if (peer->end == PATH_WHOLE) {
		report.flags = EVENT_ADDRESS;
		report.connect.high = peer->address.high;
		report.connect.low = peer->address.low;
		report.connect.port = peer->port;
	}
	return report_send(&report);
}

/* 0 or -EACCES. */
static __always_inline int connect_judge(const struct domain *domain, const struct socket_asked *asked)
{
	enum verdict_socket is = verdict_socket(asked->family, asked->type, asked->protocol);
	struct decision d = {};
	struct peer peer = {};

	if (is == SOCKET_LOCAL)
		return 0;
	if (is != SOCKET_DOOR) {
		peer.end = peer_gather(&peer, asked);
		if (peer.end == PATH_GOING)
			return 0;
	}
	decide_peer(domain, is, &peer, &d);
	if (d.verdict.reported)
		report_connect(domain, &d, asked, &peer);
	return d.verdict.enforced ? -EACCES : 0;
}

/* Mostly a socket is given an IPv4 address, of which nothing is to be told: that is found out in a short way. */
static __always_inline _Bool connect_silent(const struct domain *domain, const struct sock *sk, __be16 port,
					    __be32 ipv4)
{
	enum verdict_socket is = verdict_socket(sk->__sk_common.skc_family, sk->sk_type, sk->sk_protocol);
	struct image_view image;

	return (is == SOCKET_STREAM || is == SOCKET_DATAGRAM) && domain_image(domain, &image) &&
	       verdict_ipv4_silent(&image, verdict_protocol(is), bpf_ntohl(ipv4), bpf_ntohs(port));
}

#endif
