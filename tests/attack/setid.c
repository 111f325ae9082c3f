/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * setid drop PROGRAM [ARG...]   becomes nobody, without a capability, and executes it
 * setid who                     prints "EUID EGID", and "+" if it has a capability
 */
#include <grp.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NOBODY 65534

static int who(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {0};

	if (syscall(SYS_capget, &header, data))
		return 1;
	return printf("%d %d%s\n", geteuid(), getegid(), data[0].permitted || data[1].permitted ? " +" : "") < 0;
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "who"))
		return who();
	if (argc < 3 || strcmp(argv[1], "drop"))
		return 2;
	if (setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) || setresuid(NOBODY, NOBODY, NOBODY))
		return 3;
	execv(argv[2], argv + 2);
	perror(argv[2]);
	return 126;
}
