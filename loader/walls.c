/* SPDX-License-Identifier: BSD-2-Clause */
#include "walls.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capability.h"

#define IOPRIO_WHO_PROCESS 1

/* linux/landlock.h of Debian 12 is older than what is asked for here. */
#define LANDLOCK_CREATE_RULESET_VERSION 1
#define LANDLOCK_ACCESS_FS_REFER (1ull << 13) /* ABI 2, 5.19 */
#define LANDLOCK_RULE_PATH_BENEATH 1
#define LANDLOCK_ABI_REFER 2

struct landlock_fs_attr {
	uint64_t handled_access_fs;
};

struct landlock_beneath_attr {
	uint64_t allowed_access;
	int32_t parent_fd;
} __attribute__((packed));

/* Of an int argument the kernel looks at half of the register. */
#define IS(n, value) SCMP_CMP(n, SCMP_CMP_MASKED_EQ, 0xffffffff, (scmp_datum_t)(uint32_t)(value))

struct rules {
	struct filter_rule *rule;
	size_t count;
};

static void refuse(struct rules *rules, int syscall, int error, struct scmp_arg_cmp a, struct scmp_arg_cmp b)
{
	rules->rule[rules->count++] = (struct filter_rule){
		.syscall = syscall,
		.action = SCMP_ACT_ERRNO(error),
		.args = 2,
		.arg = {a, b},
	};
}

static void refuse_signals(struct rules *rules, pid_t supervisor)
{
	static const int deadly[] = {SIGKILL, SIGSTOP};

	for (size_t i = 0; i < sizeof(deadly) / sizeof(*deadly); i++) {
		refuse(rules, SCMP_SYS(kill), EPERM, IS(0, supervisor), IS(1, deadly[i]));
		refuse(rules, SCMP_SYS(tkill), EPERM, IS(0, supervisor), IS(1, deadly[i]));
		refuse(rules, SCMP_SYS(tgkill), EPERM, IS(0, supervisor), IS(2, deadly[i]));
		refuse(rules, SCMP_SYS(rt_sigqueueinfo), EPERM, IS(0, supervisor), IS(1, deadly[i]));
		refuse(rules, SCMP_SYS(rt_tgsigqueueinfo), EPERM, IS(0, supervisor), IS(2, deadly[i]));
	}
	refuse(rules, SCMP_SYS(fcntl), EPERM, IS(1, F_SETOWN), IS(2, supervisor));
	/* Whom a descriptor means cannot be seen here. Programs that know this call do without it. */
	rules->rule[rules->count++] =
		(struct filter_rule){.syscall = SCMP_SYS(pidfd_send_signal), .action = SCMP_ACT_ERRNO(ENOSYS)};
}

size_t walls_rules(pid_t supervisor, struct filter_rule rules[WALLS_RULES_MAX])
{
	struct rules out = {.rule = rules};
	const struct scmp_arg_cmp it = IS(0, supervisor), always = SCMP_CMP(1, SCMP_CMP_GE, 0, 0);

	if (supervisor != 1)
		refuse_signals(&out, supervisor);
	refuse(&out, SCMP_SYS(prlimit64), EPERM, it, SCMP_CMP(2, SCMP_CMP_NE, 0, 0));
	refuse(&out, SCMP_SYS(sched_setaffinity), EPERM, it, always);
	refuse(&out, SCMP_SYS(sched_setscheduler), EPERM, it, always);
	refuse(&out, SCMP_SYS(sched_setparam), EPERM, it, always);
	refuse(&out, SCMP_SYS(sched_setattr), EPERM, it, always);
	refuse(&out, SCMP_SYS(setpriority), EPERM, IS(0, PRIO_PROCESS), IS(1, supervisor));
	refuse(&out, SCMP_SYS(ioprio_set), EPERM, IS(0, IOPRIO_WHO_PROCESS), IS(1, supervisor));
	return out.count;
}

/* In a user namespace of its own anybody may mount. */
static bool namespace_possible(void)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		_exit(unshare(CLONE_NEWUSER) == 0);
	return pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status);
}

bool walls_landlock_possible(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) >= LANDLOCK_ABI_REFER &&
	       !capability_permitted(CAP_SYS_ADMIN) && !namespace_possible();
}

/* Everything stays allowed that is handled, and only that to be in a Landlock domain at all is left. */
static int ruleset_make(void)
{
	struct landlock_fs_attr attr = {LANDLOCK_ACCESS_FS_REFER};
	struct landlock_beneath_attr all = {LANDLOCK_ACCESS_FS_REFER, open("/", O_PATH | O_DIRECTORY | O_CLOEXEC)};
	int ruleset = syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0), ret = 0;

	if (ruleset < 0 || all.parent_fd < 0 ||
	    syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &all, 0) < 0)
		ret = -errno;
	if (all.parent_fd >= 0)
		close(all.parent_fd);
	if (ret && ruleset >= 0)
		close(ruleset);
	return ret ? ret : ruleset;
}

int walls_landlock(void)
{
	int ruleset = ruleset_make(), ret = 0;

	if (ruleset < 0)
		return ruleset;
	if (syscall(SYS_landlock_restrict_self, ruleset, 0) < 0)
		ret = -errno;
	close(ruleset);
	return ret;
}
