/* SPDX-License-Identifier: BSD-2-Clause */
#include "ring.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "technique.h"

enum { SYS_SETUP = 425, SYS_ENTER = 426, ENTER_GETEVENTS = 1, ENTER_WAKEUP = 2 };

struct ring_offsets {
	uint32_t head, tail, mask, entries, flags, dropped, array, pad;
	uint64_t pad2;
};

struct completion_offsets {
	uint32_t head, tail, mask, entries, overflow, entries_at, flags, pad;
	uint64_t pad2;
};

struct ring_params {
	uint32_t entries, completions, flags, cpu, idle, features, wq_fd, pad[3];
	struct ring_offsets submit;
	struct completion_offsets complete;
};

struct completion {
	uint64_t user_data;
	int32_t result;
	uint32_t flags;
};

static void *ring_map(int fd, size_t size, off_t offset)
{
	void *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, offset);

	need("io_uring mmap", map == MAP_FAILED ? -1 : 0);
	return map;
}

/* Waits until there is one, for two seconds at most. */
static long completion_wait(char *ring, const struct completion_offsets *offsets)
{
	volatile uint32_t *tail = (volatile uint32_t *)(ring + offsets->tail);
	const struct completion *completion = (const struct completion *)(ring + offsets->entries_at);

	for (int i = 0; i < 400 && *tail == 0; i++)
		usleep(5000);
	if (*tail == 0) {
		errno = ETIMEDOUT;
		return -1;
	}
	if (completion->result >= 0)
		return completion->result;
	errno = -completion->result;
	return -1;
}

long ring_do(const struct ring_entry *entry, unsigned int ring_flags)
{
	struct ring_params params = {.flags = ring_flags, .idle = 1000};
	int fd = syscall(SYS_SETUP, 4, &params);
	struct ring_entry *entries;
	char *submit, *complete;

	need("io_uring", fd);
	submit = ring_map(fd, 4096, 0); /* each has a page, and a kernel may refuse to map more */
	complete = ring_map(fd, 4096, 0x8000000);
	entries = ring_map(fd, 4096, 0x10000000);
	memcpy(&entries[0], entry, sizeof(*entry));
	*(uint32_t *)(submit + params.submit.array) = 0;
	__atomic_store_n((uint32_t *)(submit + params.submit.tail), 1, __ATOMIC_RELEASE);
	syscall(SYS_ENTER, fd, 1, 0, ring_flags ? ENTER_WAKEUP : 0, NULL, 0);
	return completion_wait(complete, &params.complete);
}
