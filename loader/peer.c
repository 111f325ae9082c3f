/* SPDX-License-Identifier: BSD-2-Clause */
#include "peer.h"

#include <endian.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#define ADDRESS_INET6 24 /* from this length on the kernel takes one: without sin6_scope_id (RFC 2133) */

static int option(int fd, int name, int *value)
{
	socklen_t size = sizeof(*value);

	return getsockopt(fd, SOL_SOCKET, name, value, &size) < 0 ? -errno : 0;
}

/* What nearly all are takes one call. What has a TCP socket inside and says so (MPTCP, SMC) is judged as one, too; a raw
 * socket of that protocol is none. */
static bool is_tcp(int fd, struct peer_socket *out)
{
	uint8_t state; /* the first byte of struct tcp_info */
	socklen_t size = sizeof(state);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &state, &size) < 0 || size != sizeof(state))
		return false;
	out->type = SOCK_STREAM;
	out->protocol = IPPROTO_TCP;
	out->idle = state == TCP_CLOSE;
	return true;
}

int peer_socket(int fd, struct peer_socket *out)
{
	int ret = option(fd, SO_DOMAIN, &out->family);
	bool tcp = !ret && (out->family == AF_INET || out->family == AF_INET6) && is_tcp(fd, out);

	if (!ret && !tcp)
		ret = option(fd, SO_PROTOCOL, &out->protocol);
	if (!ret && !tcp)
		ret = option(fd, SO_TYPE, &out->type);
	if (!ret)
		out->is = verdict_socket(out->family, out->type, out->protocol);
	return ret;
}

static void read_ipv4(const struct sockaddr_storage *name, socklen_t len, struct peer *out)
{
	const struct sockaddr_in *in = (const void *)name;

	out->address = len >= sizeof(*in);
	out->ip = verdict_ipv4(ntohl(in->sin_addr.s_addr));
	out->port = ntohs(in->sin_port);
}

static void read_ipv6(const struct sockaddr_storage *name, socklen_t len, struct peer *out)
{
	const struct sockaddr_in6 *in = (const void *)name;
	uint64_t half[2];

	memcpy(half, &in->sin6_addr, sizeof(half));
	out->address = len >= ADDRESS_INET6;
	out->ip = verdict_ipv6(be64toh(half[0]), be64toh(half[1]));
	out->port = ntohs(in->sin6_port);
}

/* bpf/connect.h says what the kernel makes of each. */
void peer_read(const struct peer_socket *socket, const struct sockaddr_storage *name, socklen_t len, bool sends,
	       struct peer *out)
{
	const sa_family_t family = name->ss_family;

	*out = (struct peer){.asked = socket->is != SOCKET_LOCAL};
	if (!out->asked || socket->is == SOCKET_DOOR)
		return;
	if (len >= sizeof(family) && family == AF_UNSPEC && !(sends && socket->family == AF_INET))
		out->asked = false;
	else if (len >= sizeof(family) && family == AF_INET6)
		read_ipv6(name, len, out);
	else if (len >= sizeof(family) && (family == AF_INET || family == AF_UNSPEC))
		read_ipv4(name, len, out);
	out->unread = out->asked && !out->address;
}

struct verdict peer_judge(image_ref image, const struct peer_socket *socket, const struct peer *peer)
{
	if (!peer->asked)
		return verdict_of(image, RULE_NONE);
	if (socket->is == SOCKET_DOOR)
		return verdict_family(image);
	if (peer->address)
		return verdict_connect(image, verdict_protocol(socket->is), peer->ip, peer->port);
	return verdict_of(image, VERDICT_UNRESOLVED(RULE_CONNECT));
}

void peer_record(const struct peer_socket *socket, const struct peer *peer, struct peer_text *text,
		 struct audit_record *record)
{
	const uint64_t address[2] = {htobe64(peer->ip.high), htobe64(peer->ip.low)};

	record->event = AUDIT_CONNECT;
	record->protocol = family_name(socket->family, socket->type, socket->protocol, text->protocol);
	if (!peer->address)
		return;
	record->port = peer->port;
	record->address =
		verdict_is_ipv4(peer->ip)
			? inet_ntop(AF_INET, (const char *)address + 12, text->address, sizeof(text->address))
			: inet_ntop(AF_INET6, address, text->address, sizeof(text->address));
}
