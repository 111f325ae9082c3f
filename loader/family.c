/* SPDX-License-Identifier: BSD-2-Clause */
#include "family.h"

#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

#include "policy/verdict.h"

static const char *const names[] = {
	[AF_UNIX] = "unix",       [AF_NETLINK] = "netlink", [AF_PACKET] = "packet", [AF_RDS] = "rds",
	[AF_PPPOX] = "pppox",     [AF_LLC] = "llc",         [AF_CAN] = "can",       [AF_TIPC] = "tipc",
	[AF_RXRPC] = "rxrpc",     [AF_ALG] = "alg",         [AF_VSOCK] = "vsock",   [AF_KCM] = "kcm",
	[AF_QIPCRTR] = "qipcrtr", [AF_SMC] = "smc",         [AF_XDP] = "xdp",       [AF_BLUETOOTH] = "bluetooth",
};

static const char *inet_name(int family, int type, int protocol)
{
	switch (verdict_socket(family, type, protocol)) {
	case SOCKET_STREAM:
		return "tcp";
	case SOCKET_DATAGRAM:
		return "udp";
	default:
		return protocol == IPPROTO_SCTP ? "sctp" : "raw";
	}
}

const char *family_name(int family, int type, int protocol, char buf[FAMILY_NAME_MAX])
{
	const char *name = NULL;

	type &= SOCKET_TYPE_MASK;
	if (family == AF_INET && type == SOCK_PACKET)
		family = AF_PACKET;
	if (family == AF_INET || family == AF_INET6)
		name = inet_name(family, type, protocol);
	else if (family >= 0 && (size_t)family < sizeof(names) / sizeof(*names))
		name = names[family];
	if (name)
		snprintf(buf, FAMILY_NAME_MAX, "%s", name);
	else
		snprintf(buf, FAMILY_NAME_MAX, "family %d", family);
	return buf;
}
