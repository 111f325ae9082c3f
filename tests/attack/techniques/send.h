/* SPDX-License-Identifier: BSD-2-Clause */
/* Sockets and messages, as most techniques of the section connect need them. */
#ifndef MANTLET_TESTS_SEND_H
#define MANTLET_TESTS_SEND_H

#include <sys/socket.h>

#include "technique.h"

/* A socket of that kind, which has to be there. */
int socket_make(int family, int type, int protocol);

static inline const struct sockaddr *generic(const void *address)
{
	return address;
}

#define AT(address) generic(&(address)), sizeof(address)

/* A message of one byte to that address, from memory that stays. */
struct msghdr *message_to(const void *address, socklen_t len);

#endif
