/* SPDX-License-Identifier: BSD-2-Clause */
/* 32-bit programs of this machine's kind (i386, arm), written by hand: what they do goes by another table of calls. */
#ifndef MANTLET_TESTS_ELF32_H
#define MANTLET_TESTS_ELF32_H

#include <netinet/in.h>
#include <sys/types.h>

/* Executes that path, with its own arguments and environment. */
void elf32_execute(const char *file, const char *path);

/* Becomes that uid, and waits. */
void elf32_setuid(const char *file, uid_t uid);

/* Sends a datagram there. */
void elf32_send(const char *file, const struct sockaddr_in *to);

#endif
