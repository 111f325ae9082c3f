/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * without listener|actions|seccomp|pidfd CMD [ARG...]
 *
 * Runs CMD as on a kernel (gVisor, an old one) or under a profile where seccomp has no listeners, knows no user
 * notification, or is not there at all; or that forbids to copy descriptors.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define FAIL(error) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (error))
#define ALLOW BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define UNLESS(test, value, skip) BPF_JUMP(BPF_JMP | (test) | BPF_K, value, 0, skip)

int main(int argc, char **argv)
{
	struct sock_filter listener[] = {
		LOAD(nr),      UNLESS(BPF_JEQ, SYS_seccomp, 3),
		LOAD(args[1]), UNLESS(BPF_JSET, SECCOMP_FILTER_FLAG_NEW_LISTENER, 1),
		FAIL(EINVAL),  ALLOW,
	};
	struct sock_filter actions[] = {
		LOAD(nr),         UNLESS(BPF_JEQ, SYS_seccomp, 3),
		LOAD(args[0]),    UNLESS(BPF_JEQ, SECCOMP_GET_ACTION_AVAIL, 1),
		FAIL(EOPNOTSUPP), ALLOW,
	};
	struct sock_filter all[] = {LOAD(nr), UNLESS(BPF_JEQ, SYS_seccomp, 1), FAIL(ENOSYS), ALLOW};
	struct sock_fprog program = {sizeof(listener) / sizeof(*listener), listener};

	if (argc < 3)
		return 2;
	if (!strcmp(argv[1], "actions"))
		program.filter = actions;
	all[1].k = strcmp(argv[1], "pidfd") ? SYS_seccomp : SYS_pidfd_getfd;
	if (!strcmp(argv[1], "seccomp") || !strcmp(argv[1], "pidfd"))
		program = (struct sock_fprog){sizeof(all) / sizeof(*all), all};
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program)) {
		perror("seccomp");
		return 3;
	}
	execvp(argv[2], argv + 2);
	perror(argv[2]);
	return 126;
}
