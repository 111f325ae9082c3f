/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Programs that do nothing; tests/bench/floor.c puts them on one hook after the other. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

SEC("lsm/bprm_check_security")
int empty_lsm(void *ctx)
{
	(void)ctx;
	return 0;
}

SEC("tp_btf/task_newtask")
int empty_tp_btf(void *ctx)
{
	(void)ctx;
	return 0;
}
