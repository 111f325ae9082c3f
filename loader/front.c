/* SPDX-License-Identifier: BSD-2-Clause */
#include "front.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
#define OWN_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OWN_ARCH AUDIT_ARCH_AARCH64
#endif

/* The low half: int and uid_t are 32 bits wide, and the kernel looks at no more of the register. */
#define ARG(n) (offsetof(struct seccomp_data, args) + (n) * sizeof(__u64))

#define FRONT_MAX BPF_MAXINSNS
#define SEARCH_MAX 1400 /* instructions for one kind of id: two kinds and libseccomp's own part have to fit */

struct code {
	struct sock_filter at[FRONT_MAX];
	unsigned int len;
	bool full;
};

static unsigned int emit(struct code *code, __u16 op, __u32 k, __u8 jt, __u8 jf)
{
	if (code->len == FRONT_MAX) {
		code->full = true;
		return 0;
	}
	code->at[code->len] = (struct sock_filter)BPF_JUMP(op, k, jt, jf);
	return code->len++;
}

static void load(struct code *code, size_t offset)
{
	emit(code, BPF_LD | BPF_W | BPF_ABS, offset, 0, 0);
}

static void give(struct code *code, __u32 action)
{
	emit(code, BPF_RET | BPF_K, action, 0, 0);
}

/* A jump whose way is not known yet, and where it is to go: here. */
static unsigned int jump(struct code *code)
{
	return emit(code, BPF_JMP | BPF_JA, 0, 0, 0);
}

static void land(struct code *code, unsigned int from)
{
	code->at[from].k = code->len - from - 1;
}

/* What follows is for the accumulator's being k; land() ends it. */
static unsigned int unless(struct code *code, __u32 k)
{
	emit(code, BPF_JMP | BPF_JEQ | BPF_K, k, 1, 0);
	return jump(code);
}

static void allow_if(struct code *code, __u32 k)
{
	emit(code, BPF_JMP | BPF_JEQ | BPF_K, k, 0, 1);
	give(code, SECCOMP_RET_ALLOW);
}

/* INET and INET6, of a type, with one of those protocols. */
static void allow_protocols(struct code *code, __u32 type, const __u32 *protocol, size_t count)
{
	unsigned int other;

	load(code, ARG(1));
	emit(code, BPF_ALU | BPF_AND | BPF_K, SOCKET_TYPE_MASK, 0, 0);
	other = unless(code, type);
	load(code, ARG(2));
	for (size_t i = 0; i < count; i++)
		allow_if(code, protocol[i]);
	give(code, SECCOMP_RET_USER_NOTIF);
	land(code, other);
}

/* The sockets that nearly all are. What is neither is asked about, and may still be none of verdict_socket()'s doors. */
static void sockets_emit(struct code *code)
{
	static const __u32 streams[] = {PROTOCOL_ANY, PROTOCOL_TCP};
	static const __u32 datagrams[] = {PROTOCOL_ANY, PROTOCOL_UDP};
	unsigned int other;

	load(code, offsetof(struct seccomp_data, nr));
	other = unless(code, SCMP_SYS(socket));
	load(code, ARG(0));
	allow_if(code, FAMILY_UNIX);
	allow_if(code, FAMILY_NETLINK);
	emit(code, BPF_JMP | BPF_JEQ | BPF_K, FAMILY_INET, 2, 0);
	emit(code, BPF_JMP | BPF_JEQ | BPF_K, FAMILY_INET6, 1, 0);
	give(code, SECCOMP_RET_USER_NOTIF);
	allow_protocols(code, TYPE_STREAM, streams, 2);
	allow_protocols(code, TYPE_DATAGRAM, datagrams, 2);
	give(code, SECCOMP_RET_USER_NOTIF);
	land(code, other);
}

static int join(const struct code *front, struct sock_fprog *program, struct fault *fault)
{
	struct sock_filter *all;

	if (front->full || front->len + program->len > BPF_MAXINSNS)
		return fault_set(fault, E2BIG, "the seccomp filter is too long: let the policy have fewer rules");
	all = malloc((front->len + program->len) * sizeof(*all));
	if (!all)
		return fault_set(fault, ENOMEM, "out of memory");
	memcpy(all, front->at, front->len * sizeof(*all));
	memcpy(all + front->len, program->filter, program->len * sizeof(*all));
	free(program->filter);
	program->filter = all;
	program->len += front->len;
	return 0;
}

int front_build(const struct front *front, struct sock_fprog *program, struct fault *fault)
{
	struct code *code = calloc(1, sizeof(*code));
	unsigned int foreign;
	int ret;

	if (!code)
		return fault_set(fault, ENOMEM, "out of memory");
	load(code, offsetof(struct seccomp_data, arch));
	foreign = unless(code, OWN_ARCH);
	if (front->sockets)
		sockets_emit(code);
	land(code, foreign);
	ret = join(code, program, fault);
	free(code);
	return ret;
}
