/* SPDX-License-Identifier: BSD-2-Clause */
#include "front.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sched.h>
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
#define SEARCH_END 3600 /* where a search has to end: what follows, and libseccomp's part, have to fit behind it */
#define NEAR 200

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
	if (!code->full)
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

/* A system call that takes ids of one kind as its first arguments. */
struct taker {
	int nr;
	unsigned int ids;
};

static const struct taker takers[] = {
	{SCMP_SYS(setuid), 1}, {SCMP_SYS(setreuid), 2}, {SCMP_SYS(setresuid), 3}, {SCMP_SYS(setfsuid), 1},
	{SCMP_SYS(setgid), 1}, {SCMP_SYS(setregid), 2}, {SCMP_SYS(setresgid), 3}, {SCMP_SYS(setfsgid), 1},
};

#define TAKERS_EACH (sizeof(takers) / sizeof(takers[0]) / 2)
#define KEEP ((__u32)-1) /* an id that is to stay as it is */

/* The one id that the call takes, all others being it or KEEP, is put into the accumulator; calls with two
 * different ones are asked about. M[0] is that id so far. */
static void one_id(struct code *code, unsigned int ids)
{
	unsigned int known[2];

	load(code, ARG(0));
	emit(code, BPF_ST, 0, 0, 0);
	for (unsigned int i = 1; i < ids; i++) {
		load(code, ARG(i));
		known[0] = unless(code, KEEP);
		emit(code, BPF_LD | BPF_MEM, 0, 0, 0);
		known[1] = jump(code);
		land(code, known[0]);
		/* not KEEP: equal to the one so far, or that is KEEP */
		emit(code, BPF_MISC | BPF_TAX, 0, 0, 0);
		emit(code, BPF_LD | BPF_MEM, 0, 0, 0);
		emit(code, BPF_JMP | BPF_JEQ | BPF_X, 0, 2, 0);
		emit(code, BPF_JMP | BPF_JEQ | BPF_K, KEEP, 1, 0);
		give(code, SECCOMP_RET_USER_NOTIF);
		emit(code, BPF_MISC | BPF_TXA, 0, 0, 0);
		emit(code, BPF_ST, 0, 0, 0);
		land(code, known[1]);
	}
}

static bool fine(image_ref image, __u32 rule)
{
	return !verdict_of(image, rule).reported;
}

/* A table's intervals, those that lie side by side and come to the same being one. */
struct spans {
	__u32 *begin;
	bool *fine;
	size_t count;
};

static int spans_of(struct spans *spans, image_ref image, const struct image_table *table)
{
	const struct image_interval *first = (const void *)image_cell(image, table->first);

	if (!first || !image_cell(image, table->first + table->count - 1))
		return -EINVAL;
	*spans = (struct spans){.begin = calloc(table->count, sizeof(__u32)), .fine = calloc(table->count, 1)};
	if (!spans->begin || !spans->fine)
		return -ENOMEM;
	for (__u32 i = 0; i < table->count; i++) {
		bool is_fine = fine(image, first[i].rule);

		if (spans->count && spans->fine[spans->count - 1] == is_fine)
			continue;
		spans->begin[spans->count] = first[i].begin;
		spans->fine[spans->count++] = is_fine;
	}
	return 0;
}

/* A search by halves of so many spans that every jump in it fits into 8 bits: one instruction for each border. `ends`
 * is where both of its ends follow, first the one that allows. */
static void search_near(struct code *code, const struct spans *spans, size_t low, size_t high, unsigned int ends)
{
	size_t middle = low + (high - low) / 2;
	unsigned int at = emit(code, BPF_JMP | BPF_JGE | BPF_K, spans->begin[middle], 0, 0);

	if (code->full)
		return;
	if (middle - low == 1)
		code->at[at].jf = ends + !spans->fine[low] - at - 1;
	else
		search_near(code, spans, low, middle, ends);
	code->at[at].jt = (high - middle == 1 ? ends + !spans->fine[middle] : code->len) - at - 1;
	if (high - middle > 1)
		search_near(code, spans, middle, high, ends);
}

static void search(struct code *code, const struct spans *spans, size_t low, size_t high)
{
	size_t middle = low + (high - low) / 2;
	unsigned int right;

	if (high - low == 1) {
		give(code, spans->fine[low] ? SECCOMP_RET_ALLOW : SECCOMP_RET_USER_NOTIF);
		return;
	}
	if (high - low <= NEAR) {
		search_near(code, spans, low, high, code->len + high - low - 1);
		give(code, SECCOMP_RET_ALLOW);
		give(code, SECCOMP_RET_USER_NOTIF);
		return;
	}
	emit(code, BPF_JMP | BPF_JGE | BPF_K, spans->begin[middle], 0, 1);
	right = jump(code);
	search(code, spans, low, middle);
	land(code, right);
	search(code, spans, middle, high);
}

static void search_whole(struct code *code, image_ref image, const struct image_table *table)
{
	struct spans spans = {0};

	/* too many for the filter: all are asked about */
	if (spans_of(&spans, image, table) || code->len + spans.count + spans.count / 16 > SEARCH_END)
		give(code, SECCOMP_RET_USER_NOTIF);
	else
		search(code, &spans, 0, spans.count);
	free(spans.begin);
	free(spans.fine);
}

/* Every call takes its id to the same search, which is behind all of them. */
static void identity_emit(struct code *code, image_ref image, enum image_layout kind)
{
	const struct image_table *table = (const void *)image_cell(image, kind);
	const struct taker *mine = takers + (kind == IMAGE_UID ? 0 : TAKERS_EACH);
	unsigned int found[TAKERS_EACH], other, past;

	if (!table || !table->count)
		return;
	for (size_t i = 0; i < TAKERS_EACH; i++) {
		load(code, offsetof(struct seccomp_data, nr));
		other = unless(code, mine[i].nr);
		one_id(code, mine[i].ids);
		emit(code, BPF_LD | BPF_MEM, 0, 0, 0);
		found[i] = jump(code);
		land(code, other);
	}
	past = jump(code);
	for (size_t i = 0; i < TAKERS_EACH; i++)
		land(code, found[i]);
	search_whole(code, image, table);
	land(code, past);
	if (kind != IMAGE_GID)
		return;
	load(code, offsetof(struct seccomp_data, nr));
	other = unless(code, SCMP_SYS(setgroups));
	load(code, ARG(0));
	allow_if(code, 0);
	give(code, SECCOMP_RET_USER_NOTIF);
	land(code, other);
}

static void refuse_emit(struct code *code, int nr, int error)
{
	unsigned int other;

	load(code, offsetof(struct seccomp_data, nr));
	other = unless(code, nr);
	give(code, SECCOMP_RET_ERRNO | error);
	land(code, other);
}

/* Ids of a user namespace that the application made are not the container's. */
static void namespaces_emit(struct code *code)
{
	static const struct taker calls[] = {
		{SCMP_SYS(unshare), 0}, {SCMP_SYS(clone), 0}, {SCMP_SYS(setns), 1}}; /* ids: which argument */

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		unsigned int other;

		load(code, offsetof(struct seccomp_data, nr));
		other = unless(code, calls[i].nr);
		load(code, ARG(calls[i].ids));
		if (calls[i].nr == SCMP_SYS(setns)) /* 0: of whatever kind the descriptor is */
			emit(code, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0);
		emit(code, BPF_JMP | BPF_JSET | BPF_K, CLONE_NEWUSER, 0, 1);
		give(code, SECCOMP_RET_ERRNO | EPERM);
		land(code, other);
	}
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
	/* Its flags are behind a pointer. C libraries then take clone(), whose flags are not. */
	if (front->sockets || front->identity)
		refuse_emit(code, SCMP_SYS(clone3), ENOSYS);
	if (front->identity) {
		namespaces_emit(code);
		identity_emit(code, front->image, IMAGE_UID);
		identity_emit(code, front->image, IMAGE_GID);
	}
	land(code, foreign);
	ret = join(code, program, fault);
	free(code);
	return ret;
}
