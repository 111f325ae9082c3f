/* SPDX-License-Identifier: BSD-2-Clause */
#include "filter.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

static int rules_add(scmp_filter_ctx ctx, const struct filter_rule *rules, size_t count)
{
	/* An own ABI only: every other one is a second door to each guarded call. libseccomp takes x32's
	 * numbers for a foreign architecture, too. */
	int ret = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(ENOSYS));

	for (size_t i = 0; ret == 0 && i < count; i++)
		ret = seccomp_rule_add_array(ctx, rules[i].action, rules[i].syscall, rules[i].args, rules[i].arg);
	return ret;
}

static int program_read(int fd, struct sock_fprog *program)
{
	struct stat st;
	struct sock_filter *code;

	if (fstat(fd, &st) < 0)
		return -errno;
	code = malloc(st.st_size);
	if (!code)
		return -ENOMEM;
	if (pread(fd, code, st.st_size, 0) != st.st_size) {
		free(code);
		return -EIO;
	}
	program->filter = code;
	program->len = st.st_size / sizeof(*code);
	return 0;
}

/* libseccomp can load a filter itself, but not with the flags that we need. */
static int program_export(scmp_filter_ctx ctx, struct sock_fprog *program)
{
	int fd = memfd_create("filter", MFD_CLOEXEC), ret;

	if (fd < 0)
		return -errno;
	ret = seccomp_export_bpf(ctx, fd);
	if (ret == 0)
		ret = program_read(fd, program);
	close(fd);
	return ret;
}

int filter_build(const struct filter_rule *rules, size_t count, struct sock_fprog *program, struct fault *fault)
{
	uint32_t notify = SECCOMP_RET_USER_NOTIF;
	scmp_filter_ctx ctx;
	int ret;

	if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &notify) < 0)
		return fault_set(fault, ENOTSUP,
				 "this kernel has no seccomp user notification (%s): mode seccomp needs Linux 5.10",
				 strerror(errno));
	ctx = seccomp_init(SCMP_ACT_ALLOW);
	if (!ctx)
		return fault_set(fault, ENOMEM, "cannot build the seccomp filter: out of memory");
	ret = rules_add(ctx, rules, count);
	if (ret == 0)
		ret = program_export(ctx, program);
	seccomp_release(ctx);
	if (ret)
		return fault_set(fault, -ret, "cannot build the seccomp filter: %s", strerror(-ret));
	return 0;
}

int filter_install(const struct sock_fprog *program, bool killable, bool *wait_killable, struct fault *fault)
{
	/* SPEC_ALLOW: before 5.16 any filter slows all of the application down by speculation controls that
	 * sandboxes of foreign code want. This one is no such sandbox. */
	const unsigned int flags = SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_SPEC_ALLOW;
	int fd = -1;

	if (killable)
		fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV,
			     program);
	*wait_killable = fd >= 0;
	if (!killable || (fd < 0 && errno == EINVAL))
		fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, program);
	if (fd >= 0)
		return fd;
	if (errno == EBUSY)
		return fault_set(fault, EBUSY,
				 "another seccomp supervisor already watches this container: "
				 "run only one, outermost");
	if (errno == EINVAL || errno == ENOSYS)
		return fault_set(fault, errno,
				 "no supervisor can listen to system calls here (%s): mode seccomp needs Linux 5.10, "
				 "and a sandbox that has seccomp listeners: gVisor has none",
				 strerror(errno));
	return fault_set(fault, errno, "cannot install the seccomp filter: %s; allow seccomp() in the profile",
			 strerror(errno));
}
