/* SPDX-License-Identifier: BSD-2-Clause */
#include "object.h"

#include <errno.h>
#include <stdlib.h>

#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "mantlet.skel.h"

/* The last helper that the new build needs. */
static bool has_loop(const struct btf *btf)
{
	int id = btf__find_by_name_kind(btf, "bpf_func_id", BTF_KIND_ENUM);
	const struct btf_type *helpers = id > 0 ? btf__type_by_id(btf, id) : NULL;

	for (int i = 0; helpers && i < btf_vlen(helpers); i++)
		if (btf_enum(helpers)[i].val == BPF_FUNC_loop)
			return true;
	return !helpers;
}

struct object_kernel object_kernel(void)
{
	struct object_kernel kernel = {.setgroups = true};
	struct btf *btf = btf__load_vmlinux_btf();

	if (btf) {
		kernel.old = !has_loop(btf);
		kernel.setgroups = btf__find_by_name_kind(btf, "bpf_lsm_task_fix_setgroups", BTF_KIND_FUNC) > 0;
		kernel.strays = kernel.old && btf__find_by_name_kind(btf, "io_ring_ctx", BTF_KIND_STRUCT) > 0 &&
				btf__find_by_name_kind(btf, "create_io_thread", BTF_KIND_FUNC) < 0;
	}
	btf__free(btf);
	return kernel;
}

#ifdef __aarch64__
/* There, the kernel can call LSM programs since 6.4. */
static struct mantlet_bpf *open_old(void)
{
	errno = OBJECT_UNCALLED;
	return NULL;
}
#else
/* Both builds have the same programs and maps for what is outside, so the skeleton of the one fits the other. */
static struct mantlet_bpf *open_old(void)
{
	struct mantlet_bpf *bpf = calloc(1, sizeof(*bpf));
	int r;

	if (!bpf)
		return NULL;
	r = mantlet_bpf__create_skeleton(bpf);
	if (!r) {
		bpf->skeleton->data = (void *)old_bpf__elf_bytes(&bpf->skeleton->data_sz);
		r = bpf_object__open_skeleton(bpf->skeleton, NULL);
	}
	if (!r)
		return bpf;
	mantlet_bpf__destroy(bpf);
	errno = -r;
	return NULL;
}
#endif

struct mantlet_bpf *object_open(void)
{
	struct object_kernel kernel = object_kernel();
	struct mantlet_bpf *bpf;

	if (kernel.strays) {
		errno = OBJECT_STRAYS;
		return NULL;
	}
	bpf = kernel.old ? open_old() : mantlet_bpf__open();
	if (bpf && !kernel.setgroups)
		bpf_program__set_autoload(bpf->progs.groups_check, false);
	return bpf;
}
