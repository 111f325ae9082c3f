/* SPDX-License-Identifier: BSD-2-Clause */
/* One operation of an io_uring, without its library. */
#ifndef MANTLET_TESTS_RING_H
#define MANTLET_TESTS_RING_H

#include <stdint.h>

enum { RING_SENDMSG = 9, RING_CONNECT = 16, RING_SEND = 26, RING_SEND_ZC = 47 };
enum { RING_ASYNC = 1 << 4 };  /* of an entry */
enum { RING_SQPOLL = 1 << 1 }; /* of the ring */

/* As the kernel has it, by the names that connect and send give its fields. */
struct ring_entry {
	uint8_t opcode, flags;
	uint16_t priority;
	int32_t fd;
	uint64_t offset; /* connect: the address's length; send: an address */
	uint64_t address;
	uint32_t len;
	uint32_t operation_flags;
	uint64_t user_data;
	uint16_t buffer, personality;
	uint16_t address_len, pad;
	uint64_t pads[2];
};

/* The result of the operation, once it is done; negative with errno set. The ring has to be there. */
long ring_do(const struct ring_entry *entry, unsigned int ring_flags);

#endif
