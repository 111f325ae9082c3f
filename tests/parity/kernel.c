/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "parity/kernel.skel.h"
#include "policy/policy.h"

struct kernel {
	struct parity_bpf *bpf;
	struct ask_question *questions;
	struct ask_name *names;
};

static int say_failed(const char *what, int err)
{
	fprintf(stderr, "ask: the kernel refuses %s: %s\n", what, strerror(err));
	return -err;
}

static void *map_memory(const struct bpf_map *map)
{
	size_t value = (bpf_map__value_size(map) + 7) & ~(size_t)7;
	void *memory = mmap(NULL, value * bpf_map__max_entries(map), PROT_READ | PROT_WRITE, MAP_SHARED,
			    bpf_map__fd(map), 0);

	return memory == MAP_FAILED ? NULL : memory;
}

struct kernel *kernel_open(void)
{
	struct kernel *kernel = calloc(1, sizeof(*kernel));

	if (!kernel)
		return NULL;
	kernel->bpf = parity_bpf__open_and_load();
	if (kernel->bpf) {
		kernel->questions = map_memory(kernel->bpf->maps.questions);
		kernel->names = map_memory(kernel->bpf->maps.names);
	}
	if (kernel->questions && kernel->names)
		return kernel;
	say_failed("to load a BPF program of type syscall", errno);
	kernel_close(kernel);
	return NULL;
}

void kernel_close(struct kernel *kernel)
{
	if (kernel)
		parity_bpf__destroy(kernel->bpf);
	free(kernel);
}

struct ask_question *kernel_questions(const struct kernel *kernel)
{
	return kernel->questions;
}

struct ask_name *kernel_names(const struct kernel *kernel)
{
	return kernel->names;
}

static int image_map_fill(int map, const struct image_cell *image)
{
	size_t size = policy_image_size(image);
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, map, 0);

	if (memory == MAP_FAILED)
		return -errno;
	memcpy(memory, image, size);
	munmap(memory, size);
	return 0;
}

int kernel_policy(struct kernel *kernel, const struct image_cell *image)
{
	const size_t page = sizeof(struct image_page);
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_INNER_MAP | BPF_F_MMAPABLE);
	int map = bpf_map_create(BPF_MAP_TYPE_ARRAY, "image", sizeof(__u32), page,
				 (policy_image_size(image) + page - 1) / page, &options);
	__u32 slot = 0;
	int r;

	if (map < 0)
		return say_failed("a map for the policy image", errno);
	r = image_map_fill(map, image);
	if (!r && bpf_map_update_elem(bpf_map__fd(kernel->bpf->maps.policies), &slot, &map, BPF_ANY) < 0)
		r = -errno;
	close(map);
	return r ? say_failed("the policy image", -r) : 0;
}

int kernel_ask(const struct kernel *kernel, unsigned int count, unsigned int times)
{
	struct ask_run run = {.count = count, .times = times};
	LIBBPF_OPTS(bpf_test_run_opts, options, .ctx_in = &run, .ctx_size_in = sizeof(run));

	if (bpf_prog_test_run_opts(bpf_program__fd(kernel->bpf->progs.ask), &options) < 0)
		return say_failed("to run a BPF program of type syscall", errno);
	if (options.retval != times)
		return say_failed("some of the questions: the program ended early", EIO);
	return 0;
}
