/* SPDX-License-Identifier: BSD-2-Clause */
/* What the audit calls a kind of socket. */
#ifndef MANTLET_FAMILY_H
#define MANTLET_FAMILY_H

#define FAMILY_NAME_MAX 24

/* "tcp" or "udp" where rules for these judge its addresses (verdict_socket()), else what it is: "raw", "packet", "vsock",
 * "family 45". Returns buf. */
const char *family_name(int family, int type, int protocol, char buf[FAMILY_NAME_MAX]);

#endif
