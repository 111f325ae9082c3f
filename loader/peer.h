/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which address a call names on which socket, and the verdict on it. What bpf/connect.h does in the kernel, from
 * the supervisor's own copies: a descriptor of the socket, and the address's bytes.
 */
#ifndef MANTLET_PEER_H
#define MANTLET_PEER_H

#include <arpa/inet.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "audit.h"
#include "family.h"
#include "policy/verdict.h"

struct peer_socket {
	int family, type, protocol; /* as in socket(2) */
	enum verdict_socket is;
	bool idle; /* it is known that it is not connected */
};

/* 0; -ENOTSOCK and the like: what the call itself would fail with. */
int peer_socket(int fd, struct peer_socket *out);

struct peer {
	bool asked;   /* else the call names nobody: it disconnects, or goes where an earlier call said */
	bool unread;  /* too short, or of a family that the socket has not */
	bool address; /* there is one: ip and port */
	struct verdict_address ip;
	uint16_t port;
};

/* name: a copy, len bytes long. sends: else connects. */
void peer_read(const struct peer_socket *socket, const struct sockaddr_storage *name, socklen_t len, bool sends,
	       struct peer *out);

struct verdict peer_judge(image_ref image, const struct peer_socket *socket, const struct peer *peer);

/* What a record says of it; borrowed by the record. */
struct peer_text {
	char address[INET6_ADDRSTRLEN], protocol[FAMILY_NAME_MAX];
};

void peer_record(const struct peer_socket *socket, const struct peer *peer, struct peer_text *text,
		 struct audit_record *record);

#endif
