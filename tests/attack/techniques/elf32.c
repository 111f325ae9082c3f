/* SPDX-License-Identifier: BSD-2-Clause */
#include "elf32.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "technique.h"

/*
 * The file: headers, code, and from DATA on what the code uses. It is mapped as one segment at BASE, so that the code
 * of i386 knows where the data lies; that of arm finds it by its own place.
 */
#define BASE 0x08048000u
#define CODE 84
#define DATA 180

#if defined(__x86_64__)

#define MACHINE 3 /* EM_386 */
#define FLAGS 0
#define AT_DATA ((BASE + DATA) & 255), ((BASE + DATA) >> 8 & 255), ((BASE + DATA) >> 16 & 255), ((BASE + DATA) >> 24)
#define NUMBER(n) ((n)&255), ((n) >> 8), 0, 0

/* clang-format off */
static const unsigned char execute[] = {
	0x8b, 0x0c, 0x24,             /* mov ecx, [esp] */
	0x8d, 0x54, 0x8c, 0x08,       /* lea edx, [esp + ecx * 4 + 8] */
	0x8d, 0x4c, 0x24, 0x04,       /* lea ecx, [esp + 4] */
	0xbb, AT_DATA,                /* mov ebx, path */
	0xb8, NUMBER(11), 0xcd, 0x80, /* execve */
	0xb8, NUMBER(1), 0xcd, 0x80,  /* exit */
};

static const unsigned char become[] = {
	0x8b, 0x1d, AT_DATA,           /* mov ebx, [uid] */
	0xb8, NUMBER(213), 0xcd, 0x80, /* setuid32 */
	0xb8, NUMBER(29), 0xcd, 0x80,  /* pause */
};

static const unsigned char send_it[] = {
	0xbb, NUMBER(2), 0xb9, NUMBER(2), 0x31, 0xd2, /* mov ebx, AF_INET; mov ecx, SOCK_DGRAM; xor edx, edx */
	0xb8, NUMBER(359), 0xcd, 0x80,                /* socket */
	0x89, 0xc3, 0xb9, AT_DATA, 0xba, NUMBER(1),   /* mov ebx, eax; mov ecx, data; mov edx, 1 */
	0x31, 0xf6, 0xbf, AT_DATA, 0xbd, NUMBER(16),  /* xor esi, esi; mov edi, data; mov ebp, 16 */
	0xb8, NUMBER(369), 0xcd, 0x80,                /* sendto */
	0xb8, NUMBER(1), 0xcd, 0x80,                  /* exit */
};
/* clang-format on */

#else

#define MACHINE 40                                                                /* EM_ARM */
#define FLAGS 0x05000000                                                          /* of EABI 5 */
#define TO_DATA(reg, at) (0xe28f0000 | (reg) << 12 | (DATA - CODE - 4 * (at)-8))  /* add reg, pc, #… */
#define CALL(n) 0xe3000000 | ((n) >> 12) << 16 | 7 << 12 | ((n)&4095), 0xef000000 /* movw r7, n; svc 0 */
#define SMALL(reg, n) (0xe3a00000 | (reg) << 12 | (n))                            /* mov reg, n */

static const unsigned int execute[] = {
	0xe59d3000,    0xe28d1004, /* ldr r3, [sp]; add r1, sp, 4 */
	0xe0812103,    0xe2822004, /* add r2, r1, r3, lsl 2; add r2, r2, 4 */
	TO_DATA(0, 4), CALL(11),   CALL(1),
};

static const unsigned int become[] = {
	TO_DATA(0, 0), 0xe5900000, CALL(213), CALL(29), /* ldr r0, [r0] */
};

static const unsigned int send_it[] = {
	SMALL(0, 2), SMALL(1, 2), SMALL(2, 0),   CALL(281),                              /* socket */
	SMALL(2, 1), SMALL(3, 0), TO_DATA(1, 7), TO_DATA(4, 8), SMALL(5, 16), CALL(290), /* sendto */
	CALL(1),
};

#endif

_Static_assert(sizeof(execute) <= DATA - CODE && sizeof(become) <= DATA - CODE && sizeof(send_it) <= DATA - CODE,
	       "room");

static void elf32_write(const char *file, const void *code, size_t size, const void *data, size_t data_size)
{
	unsigned char image[4096] = {0x7f, 'E', 'L', 'F', 1, 1, 1};
	const unsigned int header[] = {2 | MACHINE << 16, 1, BASE + CODE, 52, 0, FLAGS, 0x00200034, 1, 0};
	const unsigned int segment[] = {1, 0, BASE, BASE, sizeof(image), sizeof(image), 5, 4096};
	int fd;

	need("32-bit program: the data", data_size <= sizeof(image) - DATA ? 0 : -1);
	memcpy(image + 16, header, sizeof(header));
	memcpy(image + 52, segment, sizeof(segment));
	memcpy(image + CODE, code, size);
	memcpy(image + DATA, data, data_size);
	unlink(file);
	fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	need(file, fd);
	need(file, write(fd, image, sizeof(image)));
	close(fd);
}

void elf32_execute(const char *file, const char *path)
{
	elf32_write(file, execute, sizeof(execute), path, strlen(path) + 1);
}

void elf32_setuid(const char *file, uid_t uid)
{
	elf32_write(file, become, sizeof(become), &uid, sizeof(uid));
}

void elf32_send(const char *file, const struct sockaddr_in *to)
{
	elf32_write(file, send_it, sizeof(send_it), to, sizeof(*to));
}
